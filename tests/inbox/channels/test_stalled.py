"""What nobody would see: alarms that stand as long as what they tell of, and are raised by nobody."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from click.testing import CliRunner
from sqlalchemy import select, update

from inbox import clock, ingest
from inbox.channels import alarms, comparison_runs, stalled
from inbox.db import transaction
from inbox.models import Channel, ChannelCursor, RawEvent, ReconcileRun
from inbox.queries import figures
from inbox.states import RawEventState
from stack import status
from stack.doctor import doctor

HOUR = 3600


def standing() -> list[tuple[str, str, dict[str, Any]]]:
    with transaction() as session:
        return [(one.kind, one.subject, one.details) for one in alarms.open_alarms(session)]


def refuse(hook: str, times: int) -> None:
    with transaction() as session:
        for _ in range(times):
            ingest.count_rejected(session, hook)


def test_wrong_signatures_are_an_alarm_above_what_strangers_may_try_and_for_an_hour_or_two(
    database: None,
) -> None:
    most = stalled.MOST_REFUSED["signature"]
    refuse("meta", most)
    refuse("x", 3)
    assert standing() == []

    refuse("meta", 1)
    assert standing() == [("wrong_signatures", "meta", {"count": most + 1})]

    clock.shift_by(2 * HOUR)
    assert standing() == []


def test_a_body_that_nobody_reads_is_an_alarm_until_it_is_read(database: None) -> None:
    with transaction() as session:
        ingest.store_raw_event(session, "hook:meta", b"{}")
    assert standing() == []

    clock.shift_by(HOUR)
    ((kind, subject, details),) = standing()
    assert (kind, subject, details["count"]) == ("unread", "ingest", 1)
    assert 59 <= details["minutes"] <= 61

    with transaction() as session:
        session.execute(update(RawEvent).values(state=RawEventState.APPLIED))
    assert standing() == []


def compared(key: str, **run: Any) -> None:
    """A channel that is polled, with how its last comparison ended."""
    with transaction() as session:
        channel = session.scalars(select(Channel).where(Channel.key == key)).one()
        session.add(ChannelCursor(channel_id=channel.id, edge="mentions", updated_at=clock.now()))
        session.add(ReconcileRun(channel_id=channel.id, ended_at=clock.now(), **run))


def test_a_channel_that_was_not_compared_for_a_night_is_an_alarm_until_it_is(city: SimpleNamespace) -> None:
    compared("x-belediye")
    clock.shift_by(30 * HOUR)
    assert standing() == []

    clock.shift_by(37 * HOUR)
    assert standing() == [("not_compared", "x-belediye", {})]

    with transaction() as session:
        channel = session.scalars(select(Channel).where(Channel.key == "x-belediye")).one()
        comparison_runs.schedule(session, channel)
        comparison_runs.finish(session, channel.id, differences=0)
    assert standing() == []


def test_a_channel_that_was_never_compared_although_it_is_polled_is_an_alarm(
    city: SimpleNamespace, seen: Any, arrive: Any
) -> None:
    arrive(seen())
    arrive(seen(platform="whatsapp"))  # where nothing can be compared
    with transaction() as session:
        channel = session.scalars(select(Channel).where(Channel.key == "x-belediye")).one()
        session.add(ChannelCursor(channel_id=channel.id, edge="mentions", updated_at=clock.now()))

    clock.shift_by(37 * HOUR)

    assert standing() == [("not_compared", "x-belediye", {})]


def test_a_comparison_that_gave_up_is_an_alarm_at_once_unless_the_access_is_lost(
    city: SimpleNamespace,
) -> None:
    compared("x-belediye", tries=5, failure="too_many")
    compared("fb-belediye", tries=2, failure="budget", due_at=clock.now())

    assert standing() == [("not_compared", "x-belediye", {"reason": "too_many"})]

    with transaction() as session:
        session.execute(update(Channel).values(access_lost_at=clock.now()))
    assert standing() == []


def test_status_and_doctor_tell_them(database: None) -> None:
    refuse("meta", stalled.MOST_REFUSED["signature"] + 1)

    with transaction() as session:
        needs = status.needs_a_person(figures.current(session))
    told = CliRunner().invoke(doctor, [])

    assert any("wrong_signatures: meta" in one for one in needs)
    assert "!! alarm wrong_signatures: meta" in told.output
    assert "→ compare COZUM_HOOK_SECRETS" in told.output
    assert told.exit_code == 1
