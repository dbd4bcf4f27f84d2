"""The inbox's views read their first page off an index: nothing of them may grow with what is stored."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from inbox import db, queries

DONE = ("all", "waiting", "answered", "converted", "dismissed")


@pytest.mark.parametrize("view", DONE)
@pytest.mark.parametrize("after", [None, "0-zz"])
def test_what_is_done_is_ordered_by_its_key_alone(session: Session, view: str, after: str | None) -> None:
    """Any other order sorts all that the view holds before it shows fifty: 200 ms of 200,000 stored."""
    statements: list[str] = []

    def see(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(db.engine(), "before_cursor_execute", see)
    try:
        queries.inbox(session, view=view, after=after)
    finally:
        event.remove(db.engine(), "before_cursor_execute", see)
    (statement,) = statements
    assert "ORDER BY message.id DESC" in statement
