"""Rate limits: one token bucket for each channel and kind of call, shared by all workers.

A bucket holds as many calls as the limit allows in its period and fills evenly. A call is taken in the
transaction that claims the work, so that no two workers spend the same one. What the platform reports about
its limit (`Usage`) overrides our own count: when it is nearly used up, calls are spread over the rest of the
period; when it is used up, no call is made until it resets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inbox import history
from inbox.channels import accounts
from inbox.clock import now
from inbox.errors import InvalidInput
from inbox.history import Actor
from inbox.models import Channel, RateBudget
from inbox.refusals import Why
from inbox.values import CallKind, Limit, Usage

SLOW_FROM = 0.9
"""From this share of the platform's limit on, calls are spread over the rest of the period."""
_REST = timedelta(minutes=5)  # when the limit is used up and the platform does not report its reset
_LONGEST_REST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """What one bucket holds now. `used`: share of the platform's limit; None until it reports one."""

    kind: CallKind
    left: int
    limit: Limit
    used: float | None
    resets_at: datetime | None


def take(session: Session, channel_id: int, kind: CallKind, limit: Limit, *, wanted: int = 1) -> int:
    """Take up to `wanted` calls from the bucket. Returns how many were granted. Locks the row."""
    row = _row(session, channel_id, kind, limit)
    _refill(row, limit, now())
    granted = min(wanted, int(row.left))
    row.left -= granted
    return granted


def record_usage(
    session: Session,
    channel: Channel,
    usages: Iterable[Usage],
    limits: Mapping[CallKind, Limit],
    *,
    by: Actor,
) -> None:
    """Store what a platform reported about its limits. Of several reports the highest usage counts."""
    worst: dict[CallKind, Usage] = {}
    for usage in usages:
        for kind in usage.kinds:
            if kind not in worst or usage.used >= worst[kind].used:
                worst[kind] = usage
    for kind in sorted(worst):
        until = _apply(_row(session, channel.id, kind, limits[kind]), limits[kind], worst[kind])
        if until is not None and kind is CallKind.SEND:
            accounts.pause(session, channel, until, by=by)


def _apply(row: RateBudget, limit: Limit, usage: Usage) -> datetime | None:
    """Adjust one bucket to a report. Returns until when it is empty; None when calls are left."""
    moment = now()
    _refill(row, limit, moment)
    row.used, row.pace, row.resets_at = usage.used, None, None
    if usage.left is not None:
        row.left = min(row.left, usage.left)
    if usage.used < SLOW_FROM:
        return None
    until_reset = timedelta(seconds=usage.resets_in) if usage.resets_in else None
    if usage.used >= 1 or usage.left == 0:
        row.left, row.pace = 0, 0.0
        row.resets_at = moment + min(until_reset or _REST, _LONGEST_REST)
        return row.resets_at
    own = _own(row, limit)
    window = until_reset or timedelta(seconds=own.seconds)
    left = usage.left if usage.left is not None else own.most * (1 - usage.used)
    row.pace = min(left / window.total_seconds(), own.most / own.seconds)
    row.left = min(row.left, 1)
    row.resets_at = moment + min(window, _LONGEST_REST)
    return None


def remaining(session: Session, channel: Channel, limits: Mapping[CallKind, Limit]) -> list[BudgetLeft]:
    """What the buckets of a channel hold now, one per kind. Takes and locks nothing."""
    rows = {
        row.kind: row
        for row in session.scalars(select(RateBudget).where(RateBudget.channel_id == channel.id))
    }
    moment, found = now(), []
    for kind, limit in limits.items():
        row = rows.get(kind)
        if row is None:
            found.append(BudgetLeft(kind, limit.most, limit, None, None))
            continue
        over = row.resets_at is not None and row.resets_at <= moment
        left = int(_held(row, limit, moment))
        used, resets_at = (None, None) if over else (row.used, row.resets_at)
        found.append(BudgetLeft(kind, left, _own(row, limit), used, resets_at))
    return found


def set_limit(
    session: Session, channel: Channel, kind: CallKind, own: Limit | None, *, limit: Limit, by: Actor
) -> None:
    """Use the city's limit `own` instead of the connector's `limit`; None removes the city's.

    Raises InvalidInput for a limit that allows no call.
    """
    if own is not None and (own.most < 1 or own.seconds <= 0):
        raise InvalidInput("limit", Why.BUDGET_EMPTY)
    row = _row(session, channel.id, kind, limit)
    _refill(row, limit, now())
    row.most, row.seconds = (own.most, own.seconds) if own else (None, None)
    row.left = float(_own(row, limit).most)
    details = {"kind": str(kind), "most": row.most, "seconds": row.seconds}
    history.record(session, "channel.limit", by=by, channel=channel, details=details)


def _row(session: Session, channel_id: int, kind: CallKind, limit: Limit) -> RateBudget:
    """The bucket, locked; creates a full one when there is none."""
    wanted = (
        select(RateBudget)
        .where(RateBudget.channel_id == channel_id, RateBudget.kind == kind)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.scalar(wanted)
    if found is None:
        session.execute(
            insert(RateBudget)
            .values(channel_id=channel_id, kind=kind, left=float(limit.most), counted_at=now())
            .on_conflict_do_nothing()
        )
        found = session.scalars(wanted).one()
    return found


def _own(row: RateBudget, limit: Limit) -> Limit:
    return Limit(row.most, row.seconds) if row.most is not None and row.seconds is not None else limit


def _held(row: RateBudget, limit: Limit, moment: datetime) -> float:
    """The calls in the bucket at `moment`. It fills at `row.pace` until the reset, then at the usual rate."""
    own = _own(row, limit)
    full, usual = float(own.most), own.most / own.seconds
    since = min(row.counted_at, moment)  # the clock may have been set back
    if row.resets_at is None or row.pace is None:
        return min(full, row.left + (moment - since).total_seconds() * usual)
    slow_until = max(since, min(moment, row.resets_at))
    slow = row.left + (slow_until - since).total_seconds() * row.pace
    if moment < row.resets_at:
        return min(full, slow, 1.0) if row.pace else 0.0
    return min(full, max(slow, 1.0) + (moment - slow_until).total_seconds() * usual)


def _refill(row: RateBudget, limit: Limit, moment: datetime) -> None:
    row.left = _held(row, limit, moment)
    row.counted_at = moment
    if row.resets_at is not None and row.resets_at <= moment:
        row.used = row.pace = row.resets_at = None
