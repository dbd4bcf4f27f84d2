"""The schedule of comparisons with a platform: one row a channel, claimed with a lease."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.models import Channel, ReconcileRun

LEASE = timedelta(minutes=15)
MOST_TRIES = 5


def schedule(session: Session, channel: Channel) -> None:
    """Schedule a comparison of `channel` for now."""
    scheduled = {"due_at": now(), "tries": 0}
    session.execute(
        insert(ReconcileRun)
        .values(channel_id=channel.id, differences=0, **scheduled)
        .on_conflict_do_update(index_elements=[ReconcileRun.channel_id], set_=scheduled)
    )


def runs(session: Session) -> dict[str, ReconcileRun]:
    """The runs by channel key, without channels for which none was ever scheduled."""
    found = session.execute(
        select(Channel, ReconcileRun).join(Channel, ReconcileRun.channel_id == Channel.id)
    )
    return {channel.key: run for channel, run in found}


def last_ended(session: Session, channel_id: int) -> datetime | None:
    """When the last complete run of a channel ended; None when there was none."""
    return session.scalar(select(ReconcileRun.ended_at).where(ReconcileRun.channel_id == channel_id))


def claim(session: Session, platforms: Collection[str]) -> Channel | None:
    """Claim a channel of these platforms that is due and may make calls. Counts the try."""
    moment = now()
    claimed = session.execute(
        select(ReconcileRun, Channel)
        .join(Channel, ReconcileRun.channel_id == Channel.id)
        .where(
            ReconcileRun.due_at <= moment,
            ReconcileRun.tries < MOST_TRIES,
            ReconcileRun.leased_until.is_(None) | (ReconcileRun.leased_until <= moment),
            Channel.platform.in_(platforms),
            Channel.is_active,
            Channel.access_lost_at.is_(None),
            Channel.paused_until.is_(None) | (Channel.paused_until <= moment),
        )
        .order_by(ReconcileRun.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=ReconcileRun)
    ).first()
    if claimed is None:
        return None
    run, channel = claimed
    run.leased_until, run.tries = moment + LEASE, run.tries + 1
    return channel


def finish(session: Session, channel_id: int, *, differences: int) -> None:
    """Record a complete run that left `differences` open."""
    run = _locked(session, channel_id)
    run.due_at = run.leased_until = run.failure = None
    run.tries, run.ended_at, run.differences = 0, now(), differences


def record_failure(session: Session, channel_id: int, why: str, *, wait: timedelta) -> None:
    """Schedule another try after `wait`; none after MOST_TRIES, until the next night."""
    run = _locked(session, channel_id)
    run.due_at = now() + wait if run.tries < MOST_TRIES else None
    run.leased_until, run.failure = None, why


def _locked(session: Session, channel_id: int) -> ReconcileRun:
    return session.scalars(
        select(ReconcileRun).where(ReconcileRun.channel_id == channel_id).with_for_update()
    ).one()
