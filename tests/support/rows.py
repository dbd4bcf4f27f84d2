"""What stands in the tables after facts were applied, to be compared with what other ways leave."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from inbox.db import engine

ROWS = {
    "messages": """SELECT m.platform, m.external_id, m.text, m.state, m.kind, m.is_ours, m.edited_at,
            m.deleted_at, m.hidden_at IS NULL, m.parent_external_id, leader.external_id,
            m.sent_at, m.search_text, m.intent, m.urgency, c.name, c.handle, c.phone
        FROM message m LEFT JOIN message leader ON leader.id = m.group_id
        LEFT JOIN contact c ON c.id = m.author_id ORDER BY 1, 2""",
    "doors": """SELECT m.external_id, c.key FROM message_door d JOIN message m ON m.id = d.message_id
        JOIN channel c ON c.id = d.channel_id ORDER BY 1, 2""",
    "former texts": """SELECT m.external_id, f.text FROM former_text f
        JOIN message m ON m.id = f.message_id
        ORDER BY 1, 2""",
    "attachments": """SELECT m.external_id, a.position, a.kind FROM attachment a
        JOIN message m ON m.id = a.message_id
        ORDER BY 1, 2""",
    "contacts": "SELECT scope, value FROM contact_key ORDER BY 1, 2",
    "threads": """SELECT c.key, t.conversation, count(*), max(t.last_citizen_at)
        FROM thread t JOIN channel c ON c.id = t.channel_id
        GROUP BY 1, 2 ORDER BY 1, 2""",
    "parked": "SELECT DISTINCT external_id, fact ->> 'status' FROM parked_fact ORDER BY 1, 2",
}


def rows() -> dict[str, list[Any]]:
    """What stands in the tables, told without ids."""
    with engine().connect() as connection:
        return {name: [tuple(row) for row in connection.execute(text(query))] for name, query in ROWS.items()}


def forget() -> None:
    """Everything but the channels."""
    with engine().begin() as connection:
        connection.execute(
            text("TRUNCATE message, former_text, parked_fact, contact, thread, raw_event, reply CASCADE")
        )
