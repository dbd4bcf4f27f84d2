"""Alarms computed on read: stalled ingest, refused hooks, missed comparisons.

They have no rows: the process that would write the rows may be the one that has stopped. They end by
themselves when the problem does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.channels import comparison_runs
from inbox.clock import now
from inbox.models import Alarm, Channel, ChannelCursor, HookRefusal, Message, RawEvent, ReconcileRun
from inbox.states import RawEventState

MOST_REFUSED = {"signature": 20, "size": 0}
"""Per hook within one to two hours. A few wrong signatures may be a stranger's; more mean a wrong secret."""
UNREAD = timedelta(minutes=10)
NIGHTLY = timedelta(hours=36)  # a day and the time that all tries of a night may take

UNREAD_BODIES, NOT_COMPARED = "unread", "not_compared"
_OF_REFUSALS = {"signature": "wrong_signatures", "size": "too_large"}


def current(session: Session) -> list[Alarm]:
    """The alarms that hold now; the objects are in no session."""
    return [*_refused(session), *_unread(session), *_not_compared(session)]


def _refused(session: Session) -> Iterator[Alarm]:
    """Counts the current hour and the one before."""
    from_hour = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    found = session.execute(
        select(HookRefusal.hook, HookRefusal.why, func.sum(HookRefusal.count), func.min(HookRefusal.hour))
        .where(HookRefusal.hour >= from_hour)
        .group_by(HookRefusal.hook, HookRefusal.why)
        .order_by(HookRefusal.hook, HookRefusal.why)
    )
    for hook, why, count, since in found:
        if count > MOST_REFUSED[why]:
            yield Alarm(
                kind=_OF_REFUSALS[why], subject=hook, details={"count": int(count)}, raised_at=since, times=1
            )


def _unread(session: Session) -> Iterator[Alarm]:
    moment = now()
    count, oldest = session.execute(
        select(func.count(), func.min(RawEvent.received_at)).where(
            RawEvent.state == RawEventState.PENDING, RawEvent.received_at < moment - UNREAD
        )
    ).one()
    if oldest is not None:
        details = {"count": count, "minutes": int((moment - oldest).total_seconds() // 60)}
        yield Alarm(kind=UNREAD_BODIES, subject="ingest", details=details, raised_at=oldest + UNREAD, times=1)


def _not_compared(session: Session) -> Iterator[Alarm]:
    """Channels whose last comparison failed or never ran. A lost access has its own alarm: left out."""
    moment = now()
    comparable = select(ChannelCursor.channel_id).union(select(ReconcileRun.channel_id))
    found = session.scalars(
        select(Channel)
        .where(Channel.is_active, Channel.access_lost_at.is_(None), Channel.id.in_(comparable))
        .order_by(Channel.key)
    ).all()
    runs = comparison_runs.runs(session)
    for channel in found:
        run = runs.get(channel.key)
        failure = run.failure if run else None
        gave_up = run is not None and failure is not None and run.due_at is None
        since = (run.ended_at if run else None) or session.scalar(
            select(func.min(Message.received_at)).where(
                Message.channel_id == channel.id, Message.state.is_not(None)
            )
        )
        if gave_up or (since is not None and moment - since > NIGHTLY):
            details = {"reason": failure} if failure else {}
            raised_at = since + NIGHTLY if since is not None and not gave_up else moment
            yield Alarm(kind=NOT_COMPARED, subject=channel.key, details=details, raised_at=raised_at, times=1)
