"""Lists: newest first, a page at a time, in a number of statements that does not grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from inbox import clock, db

PAGED = ["/messages", "/requests", "/replies"]
WHOLE = ["/units", "/categories", "/neighbourhoods", "/reasons", "/channels"]


@contextmanager
def _counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def count(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(db.engine(), "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(db.engine(), "before_cursor_execute", count)


def _page_through(caller: Any, path: str, limit: int) -> list[Any]:
    items: list[Any] = []
    after: dict[str, str] = {}
    while True:
        page = caller.get(path, limit=limit, **after).json
        items += page["items"]
        if page["next"] is None:
            return items
        after = {"after": page["next"]}


def test_messages_come_newest_first_and_pages_neither_skip_nor_repeat(small: Any, say: Any) -> None:
    said = [say() for _ in range(7)]

    listed = [one["id"] for one in _page_through(small.chief, "/messages", 3)]

    assert listed == said[::-1]


def test_requests_and_replies_page_the_same_way(small: Any, convert: Any) -> None:
    numbers = [convert(acknowledge=True) for _ in range(5)]

    requests = _page_through(small.chief, "/requests", 2)
    replies = _page_through(small.chief, "/replies", 2)

    assert [one["number"] for one in requests] == numbers[::-1]
    assert [one["request"] for one in replies] == numbers[::-1]


@pytest.mark.parametrize("path", WHOLE)
def test_short_lists_page_the_same_way(small: Any, path: str) -> None:
    whole = small.chief.get(path).json

    assert whole["items"]
    assert whole["next"] is None
    assert _page_through(small.chief, path, 1) == whole["items"]


def test_units_are_named_in_three_languages_and_in_turkish_order(small: Any) -> None:
    units = small.chief.get("/units").json["items"]

    assert [one["names"]["tr"] for one in units] == ["Fen İşleri", "İSKİ", "Temizlik İşleri"]
    assert set(units[0]["names"]) == {"tr", "en", "ar"}


def test_messages_are_found_by_state_channel_words_and_urgency(small: Any, say: Any) -> None:
    pothole, water = say("Çukur var"), say("Su yok", channel="x-belediye")
    small.chief.post(f"/messages/{pothole}/dismiss", {"reason": "spam"})

    def found(**filters: str) -> list[int]:
        return [one["id"] for one in small.chief.get("/messages", **filters).json["items"]]

    assert found(state="DISMISSED") == [pothole]
    assert found(channel="x-belediye") == [water]
    assert found(q="cukur") == [pothole]
    assert found(urgency="normal") == [water, pothole]
    assert found(urgency="siren") == []


def test_overdue_requests_are_found_and_marked(small: Any, convert: Any) -> None:
    number = convert()
    assert small.chief.get("/requests", overdue="true").json["items"] == []

    clock.shift_by(90 * 86_400)

    overdue = small.chief.get("/requests", overdue="true").json["items"]
    assert [(one["number"], one["overdue"]) for one in overdue] == [(number, True)]


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("/messages", {"state": "OPEN"}, "NEW"),
        ("/messages", {"urgency": "high"}, "siren"),
        ("/requests", {"state": "NEW"}, "WITH_UNIT"),
        ("/requests", {"unit": "nowhere"}, "roads"),
        ("/replies", {"state": "GONE"}, "UNCERTAIN"),
        ("/reasons", {"use": "fun"}, "dismiss"),
    ],
)
def test_an_unknown_filter_value_is_refused_with_those_there_are(
    small: Any, path: str, query: dict[str, str], named: str
) -> None:
    answer = small.chief.get(path, **query)

    assert answer.status_code == 422
    assert named in answer.json["existing"]


@pytest.mark.parametrize("path", PAGED + WHOLE + ["/events"])
@pytest.mark.parametrize("query", [{"limit": "201"}, {"limit": "0"}, {"limit": "many"}, {"after": "%%"}])
def test_a_limit_or_place_out_of_range_is_refused(small: Any, path: str, query: dict[str, str]) -> None:
    answer = small.chief.get(path, **query)

    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.json["field"] == next(iter(query))


@pytest.mark.parametrize("path", [*PAGED, "/events"])
def test_an_unknown_or_repeated_filter_is_refused_by_name(small: Any, path: str) -> None:
    unknown = small.chief.get(path, stat="NEW")
    repeated = small.chief.client.get(
        f"/api/v1{path}?limit=1&limit=2", headers={"Authorization": f"Bearer {small.chief.token}"}
    )

    assert (unknown.status_code, unknown.json["field"]) == (422, "stat")
    assert (repeated.status_code, repeated.json["field"]) == (422, "limit")


def test_a_list_of_fifty_takes_as_many_statements_as_a_list_of_two(small: Any, convert: Any) -> None:
    paths = [*PAGED, "/events"]
    for _ in range(2):
        convert(acknowledge=True)
    taken_by_two = {path: _statements(small, path, 2) for path in paths}
    for _ in range(48):
        convert(acknowledge=True)

    taken_by_fifty = {path: _statements(small, path, 50) for path in paths}

    assert taken_by_fifty == taken_by_two
    assert max(taken_by_fifty.values()) <= 16


def _statements(small: Any, path: str, count: int) -> int:
    with _counted() as statements:
        items = small.chief.get(path, limit=50).json["items"]
    assert len(items) >= count
    return len(statements)
