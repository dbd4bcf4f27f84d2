"""Parts of bodies that were set aside, for the settings screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from inbox.failures import SetAsideKind
from inbox.models import RawEvent, SetAside


@dataclass(frozen=True, slots=True)
class SetAsidePage:
    """One page, the newest first. `next`: the `before` of the next page; None on the last."""

    items: tuple[SetAside, ...]
    next: int | None


def page(session: Session, *, before: int | None = None, limit: int = 50) -> SetAsidePage:
    """Unresolved parts with their channel and raw event (without the body)."""
    query = (
        select(SetAside)
        .options(joinedload(SetAside.raw_event).defer(RawEvent.body), joinedload(SetAside.channel))
        .where(SetAside.resolved_at.is_(None))
        .order_by(SetAside.id.desc())
        .limit(limit + 1)
    )
    found = session.scalars(query if before is None else query.where(SetAside.id < before)).all()
    items = tuple(found[:limit])
    return SetAsidePage(items, items[-1].id if len(found) > limit else None)


def failed(session: Session) -> tuple[int, datetime | None]:
    """The number of unresolved parts that failed, and the time of the oldest; without unsupported ones."""
    count, since = session.execute(
        select(func.count(), func.min(SetAside.first_at)).where(
            SetAside.resolved_at.is_(None),
            SetAside.kind.in_((SetAsideKind.FAILED, SetAsideKind.UNKNOWN_ACCOUNT)),
        )
    ).one()
    return count, since
