"""Differences between a platform and our rows. An alarm stays open as long as a difference is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from inbox import history
from inbox.channels import alarms
from inbox.clock import now
from inbox.errors import NotFound
from inbox.history import Actor
from inbox.models import Channel, Message, ReconcileDifference, User
from inbox.refusals import Thing
from inbox.states import DifferenceKind

ALARM = "reconcile"


def record(
    session: Session, channel: Channel, kind: DifferenceKind, external_id: str, **columns: Any
) -> bool:
    """Record a difference, once while it is open. False when a person has accepted the same one before."""
    if session.scalar(
        select(
            exists().where(
                ReconcileDifference.channel_id == channel.id,
                ReconcileDifference.kind == kind,
                ReconcileDifference.external_id == external_id,
                ReconcileDifference.resolved_by_id.is_not(None),
            )
        )
    ):
        return False
    moment = now()
    session.execute(
        insert(ReconcileDifference)
        .values(
            channel_id=channel.id,
            kind=kind,
            external_id=external_id,
            found_at=moment,
            last_seen_at=moment,
            **columns,
        )
        .on_conflict_do_update(
            index_elements=["channel_id", "kind", "external_id"],
            index_where=ReconcileDifference.resolved_at.is_(None),
            set_={"last_seen_at": moment},
        )
    )
    return True


def still_open(channel_id: int | None = None) -> Any:
    """The query for open differences, of one channel or of all."""
    query = select(ReconcileDifference).where(ReconcileDifference.resolved_at.is_(None))
    return query if channel_id is None else query.where(ReconcileDifference.channel_id == channel_id)


def update_alarm(session: Session, channel_id: int, *, by: Actor) -> int:
    """Raise or clear the alarm of a channel. Returns the number of its open differences."""
    channel = session.get_one(Channel, channel_id)
    count = session.scalar(select(func.count()).select_from(still_open(channel_id).subquery())) or 0
    if count:
        alarms.raise_alarm(session, ALARM, channel.key, {"differences": count}, by=by, channel=channel)
    else:
        alarms.clear(session, ALARM, channel.key, by=by, channel=channel)
    return count


@dataclass(frozen=True, slots=True)
class OpenDifference:
    """A difference and the group of its message; None when we have no such message."""

    difference: ReconcileDifference
    group_id: int | None


def open_differences(session: Session, *, limit: int = 500) -> list[OpenDifference]:
    """The open differences with their channel, the newest first."""
    found = session.scalars(
        still_open()
        .options(joinedload(ReconcileDifference.channel))
        .order_by(ReconcileDifference.id.desc())
        .limit(limit)
    ).all()
    groups = session.execute(
        select(Message.id, Message.platform, Message.external_id, Message.group_id).where(
            or_(
                Message.id.in_([row.message_id for row in found if row.message_id]),
                Message.external_id.in_([row.external_id for row in found]),
            )
        )
    ).all()
    by_id = {row.id: row.group_id for row in groups}
    by_key = {(row.platform, row.external_id): row.group_id for row in groups}
    return [
        OpenDifference(
            row, by_id.get(row.message_id or 0) or by_key.get((row.channel.platform, row.external_id))
        )
        for row in found
    ]


def accept(session: Session, difference_id: int, *, by: User) -> None:
    """Resolve a difference that a person has checked and leaves as it is. Raises NotFound."""
    row = session.execute(
        update(ReconcileDifference)
        .where(ReconcileDifference.id == difference_id, ReconcileDifference.resolved_at.is_(None))
        .values(resolved_at=now(), resolved_by_id=by.id)
        .returning(ReconcileDifference.channel_id)
    ).first()
    if row is None:
        raise NotFound(Thing.DIFFERENCE, difference_id)
    history.record(
        session,
        "reconcile.left",
        by=by,
        channel=session.get_one(Channel, row[0]),
        details={"difference": difference_id},
    )
    update_alarm(session, row[0], by=by)
