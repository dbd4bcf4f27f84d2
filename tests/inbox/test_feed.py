"""The live feed loses no entry, whatever the order in which transactions end."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from inbox import feed, history
from inbox.db import engine, transaction
from inbox.errors import CursorExpired, InvalidInput
from inbox.feed import Cursor


def happen(kind: str) -> None:
    with transaction() as session:
        history.record(session, kind, by="test")


def read(after: Cursor, limit: int = 500) -> tuple[list[str], Cursor]:
    with transaction() as session:
        entries, cursor = feed.changes(session, after, limit)
        return [entry.kind for entry in entries], cursor


def now_cursor() -> Cursor:
    with transaction() as session:
        return feed.now_cursor(session)


def test_entries_come_once_and_in_order_however_small_the_pages(database: None) -> None:
    happen("before")
    cursor = now_cursor()
    for kind in ("one", "two", "three"):
        happen(kind)
    told = []
    for _ in range(4):
        page, cursor = read(cursor, limit=1)
        told += page
    assert told == ["one", "two", "three"]


def test_who_began_first_and_ended_last_is_not_lost(database: None) -> None:
    cursor = now_cursor()
    slow = Session(engine())
    try:
        history.record(slow, "slow", by="test")
        slow.flush()
        happen("quick")
        told, cursor = read(cursor)
        assert told == [], "what ends while an older transaction is open waits for it"
        slow.commit()
    finally:
        slow.close()
    told, _ = read(cursor)
    assert told == ["slow", "quick"]


def test_a_cursor_of_before_a_restore_starts_again(database: None) -> None:
    cursor = now_cursor()
    with transaction() as session:
        feed.raise_epoch(session)
    with pytest.raises(CursorExpired):
        read(cursor)
    assert read(now_cursor())[0] == []


def test_a_cursor_comes_back_from_its_text() -> None:
    assert Cursor.parse(str(Cursor(2, 7_000_000_000, 41))) == Cursor(2, 7_000_000_000, 41)


@pytest.mark.parametrize(
    "text", ["", "1.2", "1.2.3.4", "1.2.x", "1.-2.3", "1.²0.3", f"1.{'9' * 20}.3", "1.2.3; DROP TABLE x"]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Cursor.parse(text)
