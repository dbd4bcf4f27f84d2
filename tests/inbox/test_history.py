"""Every change of state is written down, and what is written down stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text

from inbox.db import engine, transaction
from inbox.models import HistoryEntry
from inbox.values import MessageSeen, Sent
from tests.support.steps import approve, claim, end, respond

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def test_every_change_of_state_has_its_history_entry(request_number: int) -> None:
    respond(request_number)
    approve(request_number)
    end(claim()[0], Sent("answer-1"))
    with transaction() as session:
        missing = session.execute(
            text(
                """SELECT 'message', id FROM message m WHERE state IS NOT NULL AND version !=
                   (SELECT count(*) FROM history_entry WHERE message_id = m.id AND kind IN ('message.opened', 'message.moved'))
                   UNION ALL SELECT 'reply', id FROM reply r WHERE version !=
                   (SELECT count(*) FROM history_entry WHERE reply_id = r.id AND kind IN ('reply.opened', 'reply.moved', 'reply.edited'))
                   UNION ALL SELECT 'request', id FROM tracked_request t WHERE version !=
                   (SELECT count(*) FROM history_entry WHERE request_id = t.id AND kind IN ('request.opened', 'request.moved'))"""  # noqa: E501
            )
        ).all()
        assert missing == []
        assert (session.scalar(select(func.count()).select_from(HistoryEntry)) or 0) > 5


def test_the_database_refuses_to_change_history(seen: Seen, arrive: Arrive) -> None:
    arrive(seen())
    for statement in ("UPDATE history_entry SET kind = 'x'", "DELETE FROM history_entry"):
        with engine().connect() as connection, pytest.raises(Exception, match="append-only"):
            connection.execute(text(statement))
