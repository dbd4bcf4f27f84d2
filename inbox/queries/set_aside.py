"""What arrived and could not be applied, as a person reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from inbox.failures import SetAsideKind
from inbox.models import RawEvent, SetAside


@dataclass(frozen=True, slots=True)
class SetAsidePage:
    """Some of what was set aside, the newest first; `next` is where the page after it begins."""

    items: tuple[SetAside, ...]
    next: int | None


def page(session: Session, *, before: int | None = None, limit: int = 50) -> SetAsidePage:
    """What could not be applied and is not resolved, with its raw event (without the body) and channel."""
    query = (
        select(SetAside)
        .options(joinedload(SetAside.raw_event).defer(RawEvent.body), joinedload(SetAside.channel))
        .where(SetAside.resolved_at.is_(None))
        .order_by(SetAside.id.desc())
        .limit(limit + 1)
    )
    found = session.scalars(query if before is None else query.where(SetAside.id < before)).all()
    shown = tuple(found[:limit])
    return SetAsidePage(shown, shown[-1].id if len(found) > limit else None)


def failed(session: Session) -> tuple[int, datetime | None]:
    """How many parts of what arrived failed and are not resolved, and since when the first."""
    count, since = session.execute(
        select(func.count(), func.min(SetAside.first_at)).where(
            SetAside.resolved_at.is_(None),
            SetAside.kind.in_((SetAsideKind.FAILED, SetAsideKind.UNKNOWN_ACCOUNT)),
        )
    ).one()
    return count, since
