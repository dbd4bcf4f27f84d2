"""Figures for monitoring: how much waits where, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.channels import alarms
from inbox.clock import now
from inbox.models import Alarm, Channel, HookCount, Message, RawEvent, Reply, SetAside, TrackedRequest
from inbox.states import MessageState, RawEventState, ReplyState


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts by state or kind, and the age of the oldest row of each queue in seconds (0: empty)."""

    messages: Mapping[str, int]
    requests: Mapping[str, int]
    replies: Mapping[str, int]
    raw_events: Mapping[str, int]
    oldest: Mapping[str, float]
    overdue_requests: int
    hooks_rejected: Mapping[str, int]
    hooks_stored: Mapping[str, int]
    set_aside: Mapping[str, int]
    alarms: tuple[Alarm, ...]
    channels: tuple[Channel, ...]


def current(session: Session) -> Figures:
    """The figures now."""
    return Figures(
        messages=_by(session, Message.state, Message.state.is_not(None)),
        requests=_by(session, TrackedRequest.state),
        replies=_by(session, Reply.state),
        raw_events=_by(session, RawEvent.state),
        oldest={
            "ingest": _age(
                session, select(func.min(RawEvent.received_at)).where(RawEvent.state == RawEventState.PENDING)
            ),
            "triage": _age(
                session, select(func.min(Message.received_at)).where(Message.state == MessageState.NEW)
            ),
            "approve": _age(
                session, select(func.min(Reply.created_at)).where(Reply.state == ReplyState.DRAFT)
            ),
            "send": _age(session, select(func.min(Reply.approved_at)).where(Reply.state == ReplyState.READY)),
            "uncertain": _age(
                session, select(func.min(Reply.claimed_at)).where(Reply.state == ReplyState.UNCERTAIN)
            ),
        },
        overdue_requests=session.scalar(
            select(func.count(TrackedRequest.id)).where(TrackedRequest.is_overdue)
        )
        or 0,
        hooks_rejected={count.hook: count.rejected for count in hooks_rejected(session)},
        hooks_stored=_hooks_stored(session),
        set_aside=_by(session, SetAside.kind, SetAside.resolved_at.is_(None)),
        alarms=tuple(alarms.open_alarms(session)),
        channels=tuple(session.scalars(select(Channel).where(Channel.is_active).order_by(Channel.key))),
    )


def hooks_rejected(session: Session) -> list[HookCount]:
    """The rejected signatures of each hook."""
    return list(session.scalars(select(HookCount).order_by(HookCount.hook)))


def _hooks_stored(session: Session) -> dict[str, int]:
    found = session.execute(
        select(RawEvent.source, func.count()).where(RawEvent.source.like("hook:%")).group_by(RawEvent.source)
    )
    return {source.removeprefix("hook:"): count for source, count in found}


def _by(session: Session, column: object, *where: object) -> dict[str, int]:
    found = session.execute(
        select(column, func.count()).where(*where).group_by(column)  # type: ignore[call-overload]
    )
    return {str(key): count for key, count in found}


def _age(session: Session, oldest: object) -> float:
    moment: datetime | None = session.scalar(oldest)  # type: ignore[call-overload]
    return max(0.0, (now() - moment).total_seconds()) if moment else 0.0


@dataclass(frozen=True, slots=True)
class HookFigures:
    """The stored and rejected bodies of one hook."""

    hook: str
    stored: int
    rejected: int
    last_rejected_at: datetime | None


def hook_figures(session: Session) -> list[HookFigures]:
    """The figures of every hook that received anything, by name."""
    stored = _hooks_stored(session)
    rejected = {count.hook: count for count in hooks_rejected(session)}
    return [
        HookFigures(
            name,
            stored.get(name, 0),
            rejected[name].rejected if name in rejected else 0,
            rejected[name].last_rejected_at if name in rejected else None,
        )
        for name in sorted({*stored, *rejected})
    ]
