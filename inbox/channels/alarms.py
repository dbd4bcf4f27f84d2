"""Alarms: problems that need a person.

Kind and subject identify an alarm ("reconcile", "x-belediye"). While it is open, raising it again counts it
and updates its details, without another history entry. Details hold numbers, ids and keys, never a citizen's
words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inbox import history
from inbox.channels import stalled
from inbox.clock import now
from inbox.history import Actor
from inbox.models import Alarm, Channel


def raise_alarm(
    session: Session,
    kind: str,
    subject: str,
    details: Mapping[str, Any] | None = None,
    *,
    by: Actor,
    channel: Channel | None = None,
) -> Alarm:
    """Open an alarm, or count the one that is open and update its details. Returns the open alarm."""
    moment = now()
    id_, times = session.execute(
        insert(Alarm)
        .values(
            kind=kind,
            subject=subject,
            details=dict(details or {}),
            raised_at=moment,
            last_raised_at=moment,
            times=1,
        )
        .on_conflict_do_update(
            index_elements=[Alarm.kind, Alarm.subject],
            index_where=Alarm.cleared_at.is_(None),
            set_={"details": dict(details or {}), "last_raised_at": moment, "times": Alarm.times + 1},
        )
        .returning(Alarm.id, Alarm.times)
    ).one()
    if times == 1:
        _record(session, "alarm.raised", id_, kind, subject, by=by, channel=channel)
    return session.get_one(Alarm, id_, populate_existing=True)


def clear(session: Session, kind: str, subject: str, *, by: Actor, channel: Channel | None = None) -> bool:
    """Clear the open alarm of this kind and subject. False when there was none."""
    ended = session.execute(
        update(Alarm)
        .where(Alarm.kind == kind, Alarm.subject == subject, Alarm.cleared_at.is_(None))
        .values(cleared_at=now())
        .returning(Alarm.id)
    ).first()
    if ended is None:
        return False
    _record(session, "alarm.cleared", ended[0], kind, subject, by=by, channel=channel)
    return True


def open_alarm(session: Session, kind: str, subject: str) -> Alarm | None:
    """The open alarm of this kind and subject, or None."""
    return session.scalar(
        select(Alarm).where(Alarm.kind == kind, Alarm.subject == subject, Alarm.cleared_at.is_(None))
    )


def open_alarms(session: Session) -> Sequence[Alarm]:
    """All open alarms, the oldest first, with those that `stalled` computes."""
    raised = session.scalars(
        select(Alarm).where(Alarm.cleared_at.is_(None)).order_by(Alarm.raised_at, Alarm.id)
    ).all()
    return sorted([*raised, *stalled.current(session)], key=lambda alarm: alarm.raised_at)


def _record(
    session: Session, what: str, alarm_id: int, kind: str, subject: str, *, by: Actor, channel: Channel | None
) -> None:
    details = {"alarm": alarm_id, "kind": kind, "subject": subject}
    history.record(session, what, by=by, channel=channel, details=details)
