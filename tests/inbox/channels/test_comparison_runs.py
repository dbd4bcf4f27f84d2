"""A comparison is asked for by a row, claimed by one worker for a while, and given up after some tries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import clock
from inbox.channels import comparison_runs
from inbox.db import transaction
from inbox.models import Channel, ReconcileRun

COMPARED = ("x", "facebook")


def channel(session: Session, key: str = "x-belediye") -> Channel:
    return session.scalars(select(Channel).where(Channel.key == key)).one()


def claimed() -> str | None:
    with transaction() as session:
        found = comparison_runs.claim(session, COMPARED)
        return found.key if found else None


@pytest.fixture
def channel_id(city: SimpleNamespace) -> Iterator[int]:
    """A channel that somebody has asked to be compared."""
    with transaction() as session:
        comparison_runs.schedule(session, channel(session))
    with transaction() as session:
        yield channel(session).id


def test_a_channel_that_was_asked_for_is_due_and_its_tries_begin_anew(city: SimpleNamespace) -> None:
    with transaction() as session:
        run = ReconcileRun(channel_id=channel(session).id, tries=3, differences=2, failure="429")
        session.add(run)
    with transaction() as session:
        comparison_runs.schedule(session, channel(session))

    with transaction() as session:
        runs = comparison_runs.runs(session)
    assert set(runs) == {"x-belediye"}, "nobody asked for the others"
    asked = runs["x-belediye"]
    assert asked.due_at is not None
    assert clock.now() - asked.due_at < timedelta(minutes=1)
    assert (asked.tries, asked.differences, asked.failure) == (0, 2, "429")


def test_of_two_workers_one_compares_a_channel_and_another_only_when_its_lease_ran_out(
    channel_id: int,
) -> None:
    with transaction() as session:
        assert comparison_runs.claim(session, COMPARED) is not None
        assert claimed() is None, "locked"
    assert claimed() is None, "leased"

    clock.shift_by(comparison_runs.LEASE.total_seconds())

    assert claimed() == "x-belediye"


@pytest.mark.parametrize("why", ["is_active", "access_lost_at", "paused_until", "platform"])
def test_a_channel_that_may_not_call_is_not_claimed(channel_id: int, why: str) -> None:
    later = clock.now() + timedelta(hours=1)
    values = {"is_active": False, "access_lost_at": later, "paused_until": later, "platform": "whatsapp"}
    with transaction() as session:
        setattr(channel(session), why, values[why])

    assert claimed() is None


def test_what_broke_off_is_tried_again_some_times_and_keeps_what_the_last_whole_run_found(
    channel_id: int,
) -> None:
    assert claimed() is not None
    with transaction() as session:
        comparison_runs.finish(session, channel_id, differences=2)
    assert claimed() is None, "nobody asks"
    with transaction() as session:
        ended_at = comparison_runs.last_ended(session, channel_id)
        assert ended_at is not None
        comparison_runs.schedule(session, channel(session))

    for number in range(1, comparison_runs.MOST_TRIES + 1):
        assert claimed() == "x-belediye"
        with transaction() as session:
            comparison_runs.record_failure(session, channel_id, "rate_limit", wait=timedelta(minutes=5))
        assert claimed() is None, "too soon"
        clock.shift_by(number * 6 * 60)

    with transaction() as session:
        run = session.scalars(select(ReconcileRun)).one()
        assert (run.due_at, run.failure, run.tries) == (None, "rate_limit", comparison_runs.MOST_TRIES)
        assert (run.ended_at, run.differences) == (ended_at, 2)
        comparison_runs.schedule(session, channel(session))
    assert claimed() == "x-belediye"
