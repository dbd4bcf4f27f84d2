"""Fills an installation with past messages: authors, threads, raw bodies, channels, history and replies.

A few set-based SQL statements write the rows that the product would have written. Foreign keys are not
checked, and all but the unique indexes are created at the end, followed by ANALYZE.
"""

from __future__ import annotations

from bench.installation import Installation

OPEN = 200
"""The number of messages waiting at the desk. It does not depend on the number stored."""
_STEP = 250_000

_WORDS = (
    "ARRAY['mahallesinde yol çöktü araçlar geçemiyor', 'çöpler üç gündür alınmadı koku dayanılmaz',"
    " 'parktaki salıncak kırık çocuklar düşüyor', 'sokak lambası iki haftadır yanmıyor',"
    " 'kaldırım işgali var masalar yolu kapatıyor', 'teşekkürler park çok güzel olmuş',"
    " 'evlilik başvurusu için hangi belgeler gerekli', 'otobüs seferi istiyoruz çocuklar okula yürüyor',"
    " 'su birikintisi göl gibi oldu', 'başıboş köpekler için ekip yönlendirir misiniz']"
)
_PLACES = (
    "ARRAY['Zafer','Pınar','Fatih','Mevlana','Yenikent','İncirtepe','Saadetdere','Talatpaşa','Örnek','Namık']"
)
# Gives the same result as inbox.language.turkish.fold for these words.
_FOLD = "lower(translate(%s, 'çÇğĞıİöÖşŞüÜ', 'ccggiioossuu'))"

_FILL = """
CREATE TEMP TABLE lot AS
SELECT n, nextval(pg_get_serial_sequence('message', 'id')) AS message_id,
       1 + n %% 7 AS channel_no, (n - 1) / 2 AS citizen,
       moment - make_interval(secs => (total - n) * 15) AS at,
       (places)[1 + n %% 10] || ' ' || (words)[1 + (n / 7) %% 10] || ' no ' || n AS text
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
     (SELECT now() - interval '2 days' AS moment, %(total)s::bigint AS total,
             {words} AS words, {places} AS places) AS given;
ALTER TABLE lot ADD COLUMN channel_id bigint, ADD COLUMN platform text;
UPDATE lot SET channel_id = channel.id, platform = channel.platform
FROM (SELECT id, platform, row_number() OVER (ORDER BY id) AS no FROM channel) AS channel
WHERE channel.no = channel_no;

INSERT INTO raw_event (source, body, digest, received_at, state, attempts, applied_at, counts)
SELECT CASE platform WHEN 'x' THEN 'hook:x' ELSE 'hook:meta' END,
       convert_to('{{"object":"page","entry":[{{"id":"' || n || '","text":"' || text || '",'
                  || repeat('"field":"feed",', 20) || '"end":1}}]}}', 'UTF8'),
       sha256(convert_to('past-' || n, 'UTF8')), at, 'APPLIED', 1, at, '{{"messages": 1}}'
FROM lot ORDER BY n;

INSERT INTO contact (platform, name, handle, phone, named_at, person_id, first_seen_at)
SELECT DISTINCT ON (platform, citizen) platform, 'Ayşe Yılmaz ' || citizen, 'past' || citizen,
    NULL, at, NULL, at
FROM lot ORDER BY platform, citizen, n;
INSERT INTO contact_key (contact_id, scope, value, rank)
SELECT id, 'past-' || platform, handle, 0 FROM contact
WHERE id > %(contact)s;
INSERT INTO thread (channel_id, key, conversation, contact_id, last_citizen_at)
SELECT DISTINCT ON (lot.channel_id, contact.id)
       lot.channel_id, 'past-' || (citizen %% 5000) || '|' || contact.id, 'past-' || (citizen %% 5000),
       contact.id, at
FROM lot JOIN contact ON contact.platform = lot.platform AND contact.handle = 'past' || citizen
WHERE contact.id > %(contact)s
ORDER BY lot.channel_id, contact.id, n DESC;

INSERT INTO message (id, group_id, platform, external_id, channel_id, thread_id, author_id, kind, is_ours,
    text, search_text, conversation, sent_at, received_at, observed_at, text_since, state, version, intent,
    urgency, changed_after_conversion)
SELECT message_id, message_id, lot.platform, 'past-' || n, lot.channel_id, thread.id, contact.id, 'comment',
    false, text, {fold},
    thread.conversation, at, at, at, at,
    CASE WHEN n > %(total)s - {open} THEN 'NEW' WHEN n %% 10 < 3 THEN 'DISMISSED' ELSE 'ANSWERED' END,
    2, 'request', 'normal', false
FROM lot
JOIN contact ON contact.platform = lot.platform AND contact.handle = 'past' || citizen
    AND contact.id > %(contact)s
JOIN thread ON thread.channel_id = lot.channel_id AND thread.contact_id = contact.id
ORDER BY n;
INSERT INTO message_door (message_id, channel_id) SELECT id, channel_id FROM message WHERE id > %(message)s;
INSERT INTO history_entry (at, kind, by, message_id, channel_id, to_state, version, details)
SELECT received_at, 'message.opened', 'ingest', id, channel_id, 'NEW', 1, '{{}}'
FROM message WHERE id > %(message)s ORDER BY id;
INSERT INTO history_entry (at, kind, by, message_id, channel_id, from_state, to_state, version, details)
SELECT received_at + interval '1 hour', 'message.moved', 'bench', id, channel_id, 'NEW', state, 2, '{{}}'
FROM message WHERE id > %(message)s AND state <> 'NEW' ORDER BY id;
INSERT INTO reply (platform, channel_id, thread_id, message_id, kind, state, version, text, choices,
    in_private, created_at, approved_at, attempts, looks, external_id, sent_at)
SELECT platform, channel_id, thread_id, id, 'answer', 'SENT', 4, 'Ekibimiz ilgilendi.', '[]', false,
    received_at, received_at, 1, 0, 'past-reply-' || id, received_at
FROM message WHERE id > %(message)s AND state = 'ANSWERED' ORDER BY id;
DROP TABLE lot;
"""


_PUT_OFF = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
JOIN pg_class ON pg_class.oid = indrelid
WHERE NOT indisunique AND relnamespace = 'public'::regnamespace
  AND relname IN ('raw_event', 'contact', 'contact_key', 'thread', 'message', 'message_door', 'history_entry',
                  'reply')
"""


def fill(installation: Installation, total: int) -> None:
    """Store `total` messages in an empty installation."""
    statements = _FILL.format(words=_WORDS, places=_PLACES, open=OPEN, fold=_FOLD % "text")
    with installation.connect(as_superuser=True) as connection:
        connection.execute("SET transaction_timeout = 0")
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("SET work_mem = '256MB'")
        connection.execute("SET enable_nestloop = off")  # there are no statistics for these rows yet
        put_off = connection.execute(_PUT_OFF).fetchall()
        for name, _ in put_off:
            connection.execute(f"DROP INDEX {name}")
        for first in range(1, total + 1, _STEP):
            marks = connection.execute(
                "SELECT (SELECT coalesce(max(id), 0) FROM contact),"
                " (SELECT coalesce(max(id), 0) FROM message)"
            ).fetchone()
            values = {
                "first": first,
                "last": min(total, first + _STEP - 1),
                "total": total,
                "contact": marks[0] if marks else 0,
                "message": marks[1] if marks else 0,
            }
            with connection.transaction():
                for statement in statements.split(";\n"):
                    used = {name: value for name, value in values.items() if f"%({name})s" in statement}
                    # psycopg turns `%%` into `%` only if there are parameters.
                    connection.execute(statement if used else statement.replace("%%", "%"), used or None)
        for _, definition in put_off:
            connection.execute(definition)
        connection.execute("VACUUM (ANALYZE)")
