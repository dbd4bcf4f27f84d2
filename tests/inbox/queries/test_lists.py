"""Lists come newest first and page by key: nothing twice, nothing left out, whatever arrives meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from inbox import clock, queries
from inbox.db import transaction
from inbox.errors import InvalidInput, UnknownKey
from inbox.queries import lists
from inbox.values import MessageSeen
from tests.support.steps import respond

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def found(**asked: object) -> list[str]:
    with transaction() as session:
        return [message.text for message in queries.messages(session, **asked).items]  # type: ignore[arg-type]


@given(st.integers(1, 2**63 - 1))
def test_the_place_of_an_id_is_that_id_again(id: int) -> None:
    assert lists.after_id(lists.opaque(id)) == id


@pytest.mark.parametrize("after", ["", "!", "0", "-1", "1_0_", "z" * 40, "\0"])
def test_what_is_no_place_in_a_list_is_refused(session: Session, after: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        queries.messages(session, after=after)
    assert refusal.value.field == "after"


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_holds_between_one_and_two_hundred(session: Session, limit: int) -> None:
    with pytest.raises(InvalidInput) as refusal:
        queries.messages(session, limit=limit)
    assert refusal.value.field == "limit"


def test_pages_hold_every_row_once_although_more_arrive_meanwhile(seen: Seen, arrive: Arrive) -> None:
    for number in range(5):
        arrive(seen(f"söz {number}", who=f"v{number}"))
    told: list[str] = []
    after, first = None, True
    while after is not None or first:
        with transaction() as session:
            page = queries.messages(session, limit=2, after=after)
        told += [message.text for message in page.items]
        after, first = page.next, False
        arrive(seen("yeni", who="yeni"))
    assert told == [f"söz {number}" for number in (4, 3, 2, 1, 0)]


def test_words_are_found_however_they_are_spelled_and_all_of_them_count(seen: Seen, arrive: Arrive) -> None:
    arrive(seen("Çöp toplanmıyor", who="a"))
    arrive(seen("Çöp kovası 100% dolu_", who="b"))
    assert found(q="COP TOPLANMIYOR") == ["Çöp toplanmıyor"]
    assert found(q="çöp") == ["Çöp kovası 100% dolu_", "Çöp toplanmıyor"]
    assert found(q="çöp yok") == []
    assert found(q="100%") == ["Çöp kovası 100% dolu_"]
    assert found(q="%") == found(q="_") == ["Çöp kovası 100% dolu_"], "no wildcards"
    assert len(found(q="   ")) == 2


def test_a_number_finds_the_messages_of_its_request(request_number: int) -> None:
    assert found(q=str(request_number)) == ["Zafer'de yol bozuk"]
    assert found(q=str(request_number + 1)) == []
    assert found(q="9" * 30) == []


def test_a_list_is_narrowed_by_state_channel_and_urgency(seen: Seen, arrive: Arrive) -> None:
    arrive(seen("x'ten"))
    arrive(seen("facebook'tan", platform="facebook"))
    assert found(channel="fb-belediye") == ["facebook'tan"]
    assert found(state="NEW", channel="x-belediye", urgency="normal") == ["x'ten"]
    assert found(state="ANSWERED") == []
    for asked in ({"state": "new"}, {"urgency": "soon"}):
        with pytest.raises(InvalidInput):
            found(**asked)
    with pytest.raises(UnknownKey):
        found(channel="nobody")


def test_a_request_is_overdue_after_its_deadline_until_it_is_concluded(request_number: int) -> None:
    def numbers(*, overdue: bool) -> list[int]:
        with transaction() as session:
            return [one.number for one in queries.requests(session, overdue=overdue).items]

    assert (numbers(overdue=True), numbers(overdue=False)) == ([], [request_number])
    clock.shift_by(timedelta(days=30).total_seconds())
    assert (numbers(overdue=True), numbers(overdue=False)) == ([request_number], [])


def test_a_units_requests_are_counted_in_the_views_they_stand_in(
    city: SimpleNamespace, request_number: int
) -> None:
    def counts() -> dict[str, int]:
        with transaction() as session:
            return queries.unit_counts(session, city.roads.id)

    def shown(view: str) -> list[int]:
        with transaction() as session:
            return [one.number for one in queries.unit_requests(session, city.roads.id, view=view).items]

    before = {"open": 1, "planned": 0, "overdue": 0, "returned": 0, "answered": 0, "all": 1}
    assert counts() == before
    assert {view for view in before if shown(view)} == {"open", "all"}
    respond(request_number)
    assert counts() == before | {"open": 0, "answered": 1}
    with transaction() as session:
        assert queries.unit_counts(session, city.parks.id)["all"] == 0
        with pytest.raises(InvalidInput):
            queries.unit_requests(session, city.roads.id, view="mine")
