"""A difference is noted once while it is open, raises an alarm, and ends when a person leaves it so."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from inbox import queries
from inbox.channels import alarms, mismatches
from inbox.db import transaction
from inbox.errors import NotFound
from inbox.models import ReconcileDifference, User
from inbox.states import DifferenceKind
from tests.support.steps import messages


def note(external_id: str = "m1", **columns: object) -> bool:
    with transaction() as session:
        channel = queries.channel(session, "x-belediye")
        return mismatches.record(session, channel, DifferenceKind.TEXT_DIFFERS, external_id, **columns)


def tell() -> int:
    with transaction() as session:
        return mismatches.update_alarm(session, queries.channel(session, "x-belediye").id, by="test")


def open_alarms() -> list[tuple[str, int]]:
    with transaction() as session:
        return [(one.subject, one.details["differences"]) for one in alarms.open_alarms(session)]


def accept(city: SimpleNamespace, difference_id: int) -> None:
    with transaction() as session:
        mismatches.accept(session, difference_id, by=session.get_one(User, city.moderator.id))


def test_what_is_found_again_is_one_difference(city: SimpleNamespace) -> None:
    assert note()
    assert note()
    with transaction() as session:
        row = session.scalars(select(ReconcileDifference)).one()
        assert row.last_seen_at > row.found_at


def test_an_alarm_stands_as_long_as_a_difference_is_open(city: SimpleNamespace) -> None:
    note("m1")
    note("m2")
    assert tell() == 2
    assert open_alarms() == [("x-belediye", 2)]

    with transaction() as session:
        ids = session.scalars(select(ReconcileDifference.id).order_by(ReconcileDifference.id)).all()
    accept(city, ids[0])
    assert open_alarms() == [("x-belediye", 1)]
    accept(city, ids[1])
    assert open_alarms() == []


def test_what_a_person_left_so_is_not_noted_again_and_cannot_be_left_twice(city: SimpleNamespace) -> None:
    note()
    with transaction() as session:
        difference_id = session.scalars(select(ReconcileDifference.id)).one()
    accept(city, difference_id)

    assert not note()
    with pytest.raises(NotFound):
        accept(city, difference_id)
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(ReconcileDifference)) == 1


def test_a_difference_is_shown_with_the_conversation_it_stands_in(seen, arrive) -> None:  # type: ignore[no-untyped-def]
    arrive(seen("yol bozuk"))
    (message,) = messages()
    note(message.external_id)
    note("never-stored")
    with transaction() as session:
        shown = [(one.difference.external_id, one.group_id) for one in mismatches.open_differences(session)]
    assert shown == [("never-stored", None), (message.external_id, message.group_id)]
