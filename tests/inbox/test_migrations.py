"""What a change of the schema makes of the rows that are there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text

from inbox import db
from inbox.channels import comparison_runs
from inbox.db import transaction
from inbox.models import ChannelCursor
from inbox.settings import settings

AT = datetime(2026, 11, 30, 2, 15, tzinfo=UTC)


@pytest.fixture
def before_reconcile_run(city: SimpleNamespace) -> Iterator[None]:
    """A city on the schema that kept a comparison's run in a cursor; on today's again at the end."""
    db.downgrade(settings().database_url, "20261126_message_author")
    yield
    db.upgrade(settings().database_url)


def put_cursor(key: str, edge: str, cursor: str | None) -> None:
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO channel_cursor (channel_id, edge, cursor, updated_at)"
                " SELECT id, :edge, :cursor, :at FROM channel WHERE key = :key"
            ),
            {"key": key, "edge": edge, "cursor": cursor, "at": AT},
        )


def kept_runs() -> dict[str, tuple[Any, ...]]:
    with transaction() as session:
        return {
            key: (run.due_at, run.leased_until, run.tries, run.ended_at, run.differences, run.failure)
            for key, run in comparison_runs.runs(session).items()
        }


RUNS = {
    "fb-belediye": (None, None, 0, AT, 3, None),
    "wa": (None, None, 0, None, 0, None),
    "x-baskan": (None, None, 0, None, 0, None),
    "x-belediye": (AT, AT, 2, None, 0, "rate_limit"),
}


@pytest.mark.usefixtures("before_reconcile_run")
def test_how_comparisons_stand_moves_from_cursors_to_its_table_and_back() -> None:
    at = "2026-11-30T02:15:00Z"
    waiting = f'{{"due":"{at}","leased_until":"{at}","tries":2,"failure":"rate_limit"}}'
    put_cursor("x-belediye", "reconcile", waiting)
    put_cursor("fb-belediye", "reconcile", f'{{"ended":"{at}","differences":3}}')
    put_cursor("wa", "reconcile", None)
    put_cursor("x-baskan", "reconcile", "[of another version]")
    put_cursor("x-belediye", "mentions", "17")

    for _ in range(2):
        db.upgrade(settings().database_url)
        assert kept_runs() == RUNS
        with transaction() as session:
            left = session.execute(select(ChannelCursor.edge, ChannelCursor.cursor)).all()
        assert [tuple(row) for row in left] == [("mentions", "17")]
        db.downgrade(settings().database_url, "20261126_message_author")
