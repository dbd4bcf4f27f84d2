"""Alarms: one open a kind and subject, counted, told once, cleared once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.channels import alarms
from inbox.db import transaction
from inbox.models import Alarm, HistoryEntry


def told() -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(HistoryEntry.kind).order_by(HistoryEntry.id)))


def test_an_alarm_that_lasts_is_counted_and_told_once(session: Session) -> None:
    first = alarms.raise_alarm(session, "reconcile", "x-belediye", {"differences": 1}, by="reconcile")
    again = alarms.raise_alarm(session, "reconcile", "x-belediye", {"differences": 3}, by="reconcile")

    assert again.id == first.id
    assert (again.times, again.details) == (2, {"differences": 3})
    assert again.last_raised_at >= again.raised_at
    session.commit()
    assert told() == ["alarm.raised"]


def test_alarms_of_another_kind_or_subject_stand_beside_it_the_oldest_first(session: Session) -> None:
    for kind, subject in (("reconcile", "b"), ("reconcile", "a"), ("silent", "b")):
        alarms.raise_alarm(session, kind, subject, by="test")

    found = [(one.kind, one.subject) for one in alarms.open_alarms(session)]

    assert found == [("reconcile", "b"), ("reconcile", "a"), ("silent", "b")]


def test_a_cleared_alarm_is_over_and_the_next_is_a_new_one(session: Session) -> None:
    first = alarms.raise_alarm(session, "silent", "x-belediye", by="test")

    assert alarms.clear(session, "silent", "x-belediye", by="test")
    assert not alarms.clear(session, "silent", "x-belediye", by="test")
    assert alarms.open_alarms(session) == []

    second = alarms.raise_alarm(session, "silent", "x-belediye", by="test")
    assert (second.id != first.id, second.times) == (True, 1)
    session.commit()
    assert told() == ["alarm.raised", "alarm.cleared", "alarm.raised"]


def test_two_workers_that_raise_the_same_at_once_make_one(database: None) -> None:
    def one(_: int) -> None:
        with transaction() as session:
            alarms.raise_alarm(session, "silent", "x-belediye", by="test")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(12)))

    with transaction() as session:
        (alarm,) = session.scalars(select(Alarm))
        assert alarm.times == 12
    assert told() == ["alarm.raised"]
