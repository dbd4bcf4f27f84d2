"""From a stored body to rows: nothing lost, nothing doubled, in whatever order it comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from inbox import ingest
from inbox.db import engine, transaction
from inbox.ingest import apply as applying
from inbox.ingest import facts
from inbox.ingest import parked as parked_facts
from inbox.models import (
    Contact,
    FormerText,
    Message,
    MessageDoor,
    ParkedFact,
    RawEvent,
    SetAside,
    Table,
    Thread,
)
from inbox.states import MessageState, RawEventState
from inbox.values import Author, AuthorKey, Gone, MessageGone, MessageKind, MessageSeen, NotUnderstood

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def messages() -> list[Message]:
    with transaction() as session:
        return list(session.scalars(select(Message).order_by(Message.sent_at, Message.id)))


def test_the_same_hook_body_is_kept_once(city: SimpleNamespace) -> None:
    with transaction() as session:
        assert ingest.store_raw_event(session, "hook:meta", b"{}") is not None
        assert ingest.store_raw_event(session, "hook:meta", b"{}") is None


def test_a_polled_page_that_comes_back_as_it_was_is_kept_again(city: SimpleNamespace) -> None:
    with transaction() as session:
        assert ingest.store_raw_event(session, "poll:x:mentions", b"A") is not None
        assert ingest.store_raw_event(session, "poll:x:mentions", b"A") is not None


def test_one_body_a_hundred_times_at_once_is_one_message_one_contact_one_thread(
    city: SimpleNamespace, seen: Seen
) -> None:
    fact = seen("sa", platform="whatsapp")
    with transaction() as session:
        for number in range(100):
            ingest.store_raw_event(session, "hook:meta", f"copy {number}".encode())

    def work(_: int) -> None:
        with transaction() as session:
            claimed = ingest.claim_raw_events(session, limit=5)
        for event_id in claimed:
            with transaction() as session:
                ingest.apply_raw_event(session, event_id, lambda *_: (fact,))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1
        assert session.scalar(select(func.count()).select_from(Contact)) == 1
        assert session.scalar(select(func.count()).select_from(Thread)) == 1
        assert session.scalar(select(func.count()).where(RawEvent.state != RawEventState.APPLIED)) == 0


def test_what_one_person_writes_in_one_breath_is_one_group(seen: Seen, arrive: Arrive) -> None:
    words = [seen(word, platform="whatsapp") for word in ("sa", "abi", "bizim sokak")]
    arrive(*words)
    later = seen("hâlâ duruyor", platform="whatsapp", sent_at=words[-1].sent_at + timedelta(minutes=11))
    arrive(later)
    groups = [message.group_id for message in messages()]
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_groups_do_not_depend_on_the_order_of_arrival(seen: Seen, arrive: Arrive) -> None:
    first = seen("bir", platform="whatsapp")
    chain = [first] + [
        replace(first, external_id=f"c{n}", text=str(n), sent_at=first.sent_at + timedelta(minutes=8 * n))
        for n in (1, 2, 3)
    ]
    for fact in (chain[3], chain[0], chain[2], chain[1]):
        arrive(fact)
    assert {message.group_id for message in messages()} == {messages()[0].id}


def test_a_post_that_names_two_of_our_accounts_is_one_message_with_two_doors(
    seen: Seen, arrive: Arrive
) -> None:
    mention = seen("@belediye @baskan yol bozuk", kind=MessageKind.MENTION)
    arrive(mention)
    arrive(replace(mention, account="2"))
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1
        assert session.scalar(select(func.count()).select_from(MessageDoor)) == 2


def test_two_keys_of_one_citizen_are_one_contact(seen: Seen, arrive: Arrive) -> None:
    both = Author(keys=(AuthorKey("bsuid", "TR.1"), AuthorKey("phone", "905000000001")), name="Ali Kaya")
    arrive(seen(platform="whatsapp", author=both))
    arrive(seen(platform="whatsapp", author=Author(keys=(AuthorKey("phone", "905000000001"),))))
    arrive(seen(platform="whatsapp", author=Author(keys=(AuthorKey("bsuid", "TR.1"),))))
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Contact)) == 1


def test_a_comment_without_author_is_kept_and_stands_alone(seen: Seen, arrive: Arrive) -> None:
    arrive(seen("kim olduğum gizli", who=None, platform="facebook"))
    arrive(seen("benimki de", who=None, platform="facebook"))
    assert len({message.thread_id for message in messages()}) == 2


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """What the facts left, told without ids and moments of arrival."""
    with engine().connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(query))]
            for name, query in {
                "message": """SELECT m.external_id, m.text, m.state, m.sent_at, m.edited_at, m.deleted_at,
                    m.hidden_at IS NULL,
                    g.external_id, c.name FROM message m LEFT JOIN message g ON g.id = m.group_id
                    LEFT JOIN contact c ON c.id = m.author_id ORDER BY 1""",
                "former": """SELECT m.external_id, f.text FROM former_text f
                    JOIN message m ON m.id = f.message_id
                    ORDER BY 1, 2""",
                "parked": "SELECT external_id FROM parked_fact ORDER BY 1",
            }.items()
        }


def test_facts_shuffled_or_twice_leave_the_same_rows(
    database: None, city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    original = seen("cukur var", platform="facebook")
    edited = replace(
        original,
        text="çukur var, acele edin",
        sent_at=original.sent_at + timedelta(minutes=1),
        observed_at=original.observed_at + timedelta(minutes=1),
        edited_at=original.observed_at + timedelta(minutes=1),
    )
    gone = MessageGone(
        "facebook", "3", original.external_id, Gone.DELETED, edited.observed_at + timedelta(minutes=2)
    )
    hidden = MessageGone("facebook", "3", original.external_id, Gone.HIDDEN, edited.observed_at)
    shown = MessageGone(
        "facebook", "3", original.external_id, Gone.UNHIDDEN, edited.observed_at + timedelta(seconds=30)
    )
    outcomes = []
    for order in list(permutations((original, edited, gone, hidden, shown)))[::7]:
        for fact in (*order, order[0]):
            arrive(fact)
        outcomes.append(rows())
        with engine().begin() as connection:
            connection.execute(
                text("TRUNCATE message, former_text, parked_fact, contact, thread, raw_event, reply CASCADE")
            )
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert outcomes[0]["former"] == [(original.external_id, "cukur var")]
    assert outcomes[0]["parked"] == []


def test_a_message_first_told_by_its_edit_stands_where_it_was_said(seen: Seen, arrive: Arrive) -> None:
    said = seen("bizim sokakta", platform="whatsapp")
    after = seen("lamba yanmıyor", platform="whatsapp")
    corrected = said.sent_at + timedelta(minutes=3)
    edit = replace(said, text="bizim caddede", sent_at=corrected, observed_at=corrected, edited_at=corrected)
    arrive(edit, after)
    assert [message.text for message in in_order()] == ["lamba yanmıyor", "bizim caddede"]

    arrive(said)

    assert [message.text for message in in_order()] == ["bizim caddede", "lamba yanmıyor"]
    assert in_order()[0].edited_at == corrected
    with transaction() as session:
        heard = session.scalars(select(Thread)).one().last_citizen_at
    assert heard == after.sent_at, "a correction opens no window"


def in_order() -> list[Message]:
    """The messages by the platform's clock."""
    return sorted(messages(), key=lambda message: (message.sent_at, message.id))


def test_an_older_observation_never_overwrites_a_younger(seen: Seen, arrive: Arrive) -> None:
    young = seen("yeni hâli", observed_at=seen().sent_at + timedelta(hours=1))
    arrive(young)
    arrive(replace(young, text="eski hâli", observed_at=young.observed_at - timedelta(minutes=5)))
    assert messages()[0].text == "yeni hâli"


def test_a_fact_that_fails_is_set_aside_and_its_siblings_stand(seen: Seen, arrive: Arrive) -> None:
    broken = replace(seen("bozuk"), external_id="x", kind="no such kind")  # type: ignore[arg-type]
    event_id = arrive(seen("bir"), broken, seen("iki"), NotUnderstood("x", "1", "field:likes"))
    assert [message.text for message in messages()] == ["bir", "iki"]
    with transaction() as session:
        aside = {row.position: row.kind for row in session.scalars(select(SetAside))}
        event = session.get_one(RawEvent, event_id)
        assert aside == {1: "failed", 3: "unsupported"}
        assert event.counts == {"messages": 2, "set_aside": 1, "unsupported": 1}


@pytest.mark.parametrize("mistake", [AttributeError, IndexError, ZeroDivisionError, RecursionError])
def test_whatever_mistake_of_ours_a_fact_meets_its_siblings_stand(
    seen: Seen, arrive: Arrive, monkeypatch: pytest.MonkeyPatch, mistake: type[Exception]
) -> None:
    whole = facts.message_seen

    def broken(session: Any, fact: MessageSeen, *more: Any) -> str:
        if fact.text == "iki":
            raise mistake
        return whole(session, fact, *more)

    monkeypatch.setattr(facts, "message_seen", broken)
    arrive(seen("bir"), seen("iki"), seen("üç"))

    assert [message.text for message in messages()] == ["bir", "üç"]
    with transaction() as session:
        assert session.scalars(select(SetAside.position)).all() == [1]


def test_a_body_so_large_that_it_outlives_six_workers_is_applied_whole(
    seen: Seen, city: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "FACTS_AT_ONCE", 2)
    said = tuple(seen(f"söz {number}", who=f"v{number}") for number in range(6 * applying.FACTS_AT_ONCE))
    with transaction() as session:
        event_id = ingest.store_raw_event(session, "hook:meta", b"very large") or 0
    for _ in range(7):
        with transaction() as session:
            ingest.claim_raw_events(session, limit=5)
        with transaction() as session:
            ingest.apply_raw_event(session, event_id, lambda *_: said)
        with transaction() as session:  # the worker died: nobody reports, the lease runs out
            session.get_one(RawEvent, event_id).claimed_until = None

    with transaction() as session:
        assert session.get_one(RawEvent, event_id).state is RawEventState.APPLIED
    assert len(messages()) == len(said)


def test_a_message_for_an_account_we_do_not_know_is_set_aside(seen: Seen, arrive: Arrive) -> None:
    arrive(seen(account="77777"), seen("tanıdık"))
    assert [message.text for message in messages()] == ["tanıdık"]
    with transaction() as session:
        assert session.scalars(select(SetAside.kind)).all() == ["unknown_account"]


def test_nul_and_lone_surrogates_do_not_stop_a_message(seen: Seen, arrive: Arrive) -> None:
    arrive(seen("yol\0 bozuk \ud83d"))
    assert messages()[0].text == "yol bozuk \ufffd"


def test_a_body_that_kills_its_workers_is_set_aside_after_five_tries(city: SimpleNamespace) -> None:
    with transaction() as session:
        event_id = ingest.store_raw_event(session, "hook:meta", b"poison")
    for _ in range(ingest.MAX_ATTEMPTS):
        with transaction() as session:
            assert ingest.claim_raw_events(session, limit=5) == [event_id]
        with transaction() as session:  # the worker died: nobody reports, the lease runs out
            session.get_one(RawEvent, event_id).claimed_until = None
    with transaction() as session:
        assert ingest.claim_raw_events(session, limit=5) == []
        assert session.get_one(RawEvent, event_id).state is RawEventState.SET_ASIDE
        assert ingest.replay(session, [event_id or 0]) == 1
        assert ingest.claim_raw_events(session, limit=5) == [event_id]


def test_words_of_ours_open_no_work(seen: Seen, arrive: Arrive) -> None:
    arrive(
        seen("Yeni parkımız açıldı", kind=MessageKind.POST, from_us=True, author=None, external_id="post-1")
    )
    arrive(seen("ne güzel"))
    arrive(seen("Teşekkür ederiz", from_us=True, author=None, parent_external_id="m2"))
    states = {message.text: message.state for message in messages()}
    assert states == {"Yeni parkımız açıldı": None, "ne güzel": MessageState.NEW, "Teşekkür ederiz": None}


def test_the_database_refuses_to_change_history(seen: Seen, arrive: Arrive) -> None:
    arrive(seen())
    for statement in ("UPDATE history_entry SET kind = 'x'", "DELETE FROM history_entry"):
        with engine().connect() as connection, pytest.raises(Exception, match="append-only"):
            connection.execute(text(statement))


def test_a_parked_deletion_is_applied_when_its_message_comes(seen: Seen, arrive: Arrive) -> None:
    comment = seen(platform="facebook")
    arrive(MessageGone("facebook", "3", comment.external_id, Gone.DELETED, comment.sent_at))
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(ParkedFact)) == 1
    arrive(comment)
    assert messages()[0].deleted_at == comment.sent_at
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(ParkedFact)) == 0
        assert session.scalar(select(func.count()).select_from(FormerText)) == 0


def test_a_deletion_parked_while_its_message_is_being_stored_is_applied_by_the_sweep(
    seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("başka bir söz", platform="facebook"))
    comment = seen(platform="facebook")
    stored = threading.Event()
    parked = threading.Event()

    def store() -> None:
        with transaction() as session:
            event_id = ingest.store_raw_event(session, "hook:meta", b"the comment")
            ingest.claim_raw_events(session, limit=1)
        with transaction() as session:
            ingest.apply_raw_event(session, event_id or 0, lambda *_: (comment,))
            stored.set()
            assert parked.wait(10), "this transaction is still open when the deletion is parked"

    with ThreadPoolExecutor(1) as pool:
        storing = pool.submit(store)
        assert stored.wait(10)
        arrive(MessageGone("facebook", "3", comment.external_id, Gone.DELETED, comment.sent_at))
        parked.set()
        storing.result()
    assert messages()[-1].deleted_at is None

    with transaction() as session:
        assert parked_facts.overlooked(session, limit=10) == 1

    assert messages()[-1].deleted_at == comment.sent_at
    with transaction() as session:
        assert parked_facts.overlooked(session, limit=10) == 0


def test_a_fact_that_met_a_deadlock_is_tried_again_and_not_set_aside(seen: Seen, arrive: Arrive) -> None:
    first, second = seen("bir"), seen("iki")
    arrive(first)
    arrive(second)
    later = first.observed_at + timedelta(minutes=5)
    edits = tuple(replace(one, text=f"{one.text}, düzeltildi", observed_at=later) for one in (first, second))
    with transaction() as session:
        event_id = ingest.store_raw_event(session, "poll:x:mentions", b"both, edited") or 0
        ingest.claim_raw_events(session, limit=1)

    def apply() -> None:
        with transaction() as session:
            ingest.apply_raw_event(session, event_id, lambda *_: edits)

    locked = text("SELECT id FROM message WHERE external_id = :id FOR UPDATE")
    with ThreadPoolExecutor(1) as pool, transaction() as session:
        session.execute(locked, {"id": second.external_id})
        applying = pool.submit(apply)
        time.sleep(0.5)  # it has the first by now, and waits for the second
        session.execute(locked, {"id": first.external_id})
        with pytest.raises(OperationalError, match="deadlock"):
            applying.result()
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(SetAside)) == 0

    apply()

    assert {message.text for message in messages()} == {"bir, düzeltildi", "iki, düzeltildi"}


@pytest.fixture
def failing_updates(city: SimpleNamespace) -> Iterator[Callable[[int], None]]:
    """The database refuses the next so many updates of a message, as where another writer was first."""
    made = [
        "CREATE SEQUENCE refused_updates",
        "CREATE FUNCTION refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('refused_updates') <= TG_ARGV[0]::int THEN"
        " RAISE EXCEPTION 'somebody was first' USING ERRCODE = 'unique_violation'; END IF;"
        " RETURN NEW; END $$",
    ]

    def refuse(times: int) -> None:
        with transaction() as session:
            for statement in (
                *made,
                "CREATE TRIGGER refused BEFORE UPDATE OF text, deleted_at ON message"
                f" FOR EACH ROW EXECUTE FUNCTION refuse_update('{times}')",
            ):
                session.execute(text(statement))

    yield refuse
    with transaction() as session:
        session.execute(text("DROP TRIGGER IF EXISTS refused ON message"))
        session.execute(
            text("DROP FUNCTION IF EXISTS refuse_update; DROP SEQUENCE IF EXISTS refused_updates")
        )


def test_an_edit_that_loses_a_race_is_tried_again_and_not_dropped(
    seen: Seen, arrive: Arrive, failing_updates: Callable[[int], None]
) -> None:
    said = seen("Yol bozuk")
    arrive(said)
    failing_updates(1)

    arrive(replace(said, text="Yol çok bozuk", observed_at=said.observed_at + timedelta(minutes=1)))

    assert [message.text for message in messages()] == ["Yol çok bozuk"]
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(SetAside)) == 0


def test_a_parked_fact_that_fails_harms_not_its_message_and_is_tried_again(
    seen: Seen, arrive: Arrive, failing_updates: Callable[[int], None]
) -> None:
    comment = seen(platform="facebook")
    arrive(MessageGone("facebook", "3", comment.external_id, Gone.DELETED, comment.sent_at))
    failing_updates(1)

    arrive(comment)

    assert [message.deleted_at for message in messages()] == [None]
    with transaction() as session:
        parked_facts.overlooked(session, limit=10)
    assert [message.deleted_at for message in messages()] == [comment.sent_at]
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(ParkedFact)) == 0
        assert session.scalar(select(func.count()).select_from(SetAside)) == 0


def test_a_parked_fact_that_always_fails_is_set_aside_alone_and_can_be_read_again(
    seen: Seen, arrive: Arrive, failing_updates: Callable[[int], None]
) -> None:
    comment = seen(platform="facebook")
    gone = MessageGone("facebook", "3", comment.external_id, Gone.DELETED, comment.sent_at)
    event_id = arrive(seen("İlk gelen", platform="facebook"), gone)
    failing_updates(parked_facts.MAX_TRIES)
    arrive(comment)

    for _ in range(parked_facts.MAX_TRIES):
        with transaction() as session:
            parked_facts.overlooked(session, limit=10)

    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(ParkedFact)) == 0
        (kept,) = session.scalars(select(SetAside)).all()
        assert (kept.raw_event_id, kept.position, kept.kind) == (event_id, 1, "failed")
        assert kept.channel_id is not None
        ingest.replay(session, [event_id])
    with transaction() as session:
        ingest.claim_raw_events(session, limit=1)
        ingest.apply_raw_event(session, event_id, lambda *_: (gone,))
    assert [message.deleted_at for message in messages() if message.text == comment.text] == [comment.sent_at]


def test_every_table_is_emptied_between_tests() -> None:
    assert {"message", "reply", "history_entry"} <= {table.name for table in Table.metadata.sorted_tables}


def test_one_account_of_ours_naming_another_opens_no_work(seen: Seen, arrive: Arrive) -> None:
    ours = Author(keys=(AuthorKey("x", "2"),), name="Başkan")
    arrive(seen("@belediye ekibimize teşekkürler", kind=MessageKind.MENTION, author=ours))
    assert [(message.is_ours, message.state) for message in messages()] == [(True, None)]


def test_unsupported_without_words_never_wipes_words_we_know(seen: Seen, arrive: Arrive) -> None:
    said = seen("yol bozuk", platform="whatsapp")
    arrive(said)
    arrive(
        replace(
            said, kind=MessageKind.UNSUPPORTED, text="", observed_at=said.observed_at + timedelta(minutes=1)
        )
    )
    assert [message.text for message in messages()] == ["yol bozuk"]
