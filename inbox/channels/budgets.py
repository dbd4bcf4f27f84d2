"""How many calls a channel may make: one bucket for each channel and kind of call, shared by all workers.

A bucket holds as many calls as the limit allows in its time and fills evenly. A call is taken out of it in
the transaction that claims the work, so that no two workers spend the same one. What the platform itself says
of its limit (`Usage`) goes before our own count: near its end calls are spread over the time that is left, at
its end none is made until it begins anew.
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
"""From this share of the platform's own limit on, calls are spread over the time that is left."""
_REST = timedelta(minutes=5)  # at the end of a limit whose new beginning the platform does not tell
_LONGEST_REST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """What one bucket holds now. `used` is what the platform told, None while it tells nothing."""

    kind: CallKind
    left: int
    limit: Limit
    used: float | None
    resets_at: datetime | None


def take(session: Session, channel_id: int, kind: CallKind, limit: Limit, *, wanted: int = 1) -> int:
    """Take up to `wanted` calls out of the bucket; answers how many there were. Locks its row."""
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
    """Keep what a platform told of its limits. Of several tellings of one answer the strictest counts."""
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
    """Bring one bucket in line with what was told. Until when it is shut, None when it is not."""
    moment = now()
    _refill(row, limit, moment)
    row.used, row.pace, row.resets_at = usage.used, None, None
    if usage.left is not None:
        row.left = min(row.left, usage.left)
    if usage.used < SLOW_FROM:
        return None
    told = timedelta(seconds=usage.resets_in) if usage.resets_in else None
    if usage.used >= 1 or usage.left == 0:
        row.left, row.pace = 0, 0.0
        row.resets_at = moment + min(told or _REST, _LONGEST_REST)
        return row.resets_at
    own = _own(row, limit)
    window = told or timedelta(seconds=own.seconds)
    left = usage.left if usage.left is not None else own.most * (1 - usage.used)
    row.pace = min(left / window.total_seconds(), own.most / own.seconds)
    row.left = min(row.left, 1)
    row.resets_at = moment + min(window, _LONGEST_REST)
    return None


def remaining(session: Session, channel: Channel, limits: Mapping[CallKind, Limit]) -> list[BudgetLeft]:
    """What the buckets of a channel hold now, one for each kind, without taking or locking anything."""
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
        told = (None, None) if over else (row.used, row.resets_at)
        found.append(BudgetLeft(kind, left, _own(row, limit), *told))
    return found


def set_limit(
    session: Session, channel: Channel, kind: CallKind, own: Limit | None, *, limit: Limit, by: Actor
) -> None:
    """Let the city's own limit stand instead of the connector's `limit`; None takes it back.

    Raises InvalidInput for one that allows nothing.
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
    """The bucket, locked; a full one when there was none."""
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
    """How much is in the bucket at `moment`: it fills at the told pace until the reset, then at its own."""
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
