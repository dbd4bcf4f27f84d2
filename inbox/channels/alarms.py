"""What needs a person and will not mend itself: raised once, counted while it lasts, cleared when it is over.

An alarm is named by its kind and its subject ("reconcile", "x-belediye"); while one is open, raising it again
counts and brings its details up to date, and leaves no second entry in the history. Details hold numbers, ids
and keys, never a citizen's words.
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
    """The open alarm of this kind about this subject: a new one, or the one there was, counted once more."""
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
    """End the open alarm of this kind about this subject. Whether there was one."""
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
    """The open alarm of this kind about this subject, None when there is none."""
    return session.scalar(
        select(Alarm).where(Alarm.kind == kind, Alarm.subject == subject, Alarm.cleared_at.is_(None))
    )


def open_alarms(session: Session) -> Sequence[Alarm]:
    """What needs a person now, the oldest first; also what nobody can raise, because it stands still."""
    raised = session.scalars(
        select(Alarm).where(Alarm.cleared_at.is_(None)).order_by(Alarm.raised_at, Alarm.id)
    ).all()
    return sorted([*raised, *stalled.current(session)], key=lambda one: one.raised_at)


def _record(
    session: Session, what: str, alarm_id: int, kind: str, subject: str, *, by: Actor, channel: Channel | None
) -> None:
    details = {"alarm": alarm_id, "kind": kind, "subject": subject}
    history.record(session, what, by=by, channel=channel, details=details)
