"""Counts of refused hook bodies, in total and by hour and reason."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.models import HookCount, HookRefusal


def count_rejected(session: Session, hook: str) -> None:
    """Count a body with a wrong signature."""
    session.execute(
        insert(HookCount)
        .values(hook=hook, rejected=1, last_rejected_at=now())
        .on_conflict_do_update(
            index_elements=[HookCount.hook],
            set_={"rejected": HookCount.rejected + 1, "last_rejected_at": now()},
        )
    )
    count_refused(session, hook, "signature")


def count_refused(session: Session, hook: str, why: str) -> None:
    """Count a refused body in the current hour. `why`: "signature" or "size"."""
    hour = now().replace(minute=0, second=0, microsecond=0)
    session.execute(
        insert(HookRefusal)
        .values(hook=hook, why=why, hour=hour, count=1)
        .on_conflict_do_update(
            index_elements=[HookRefusal.hook, HookRefusal.why, HookRefusal.hour],
            set_={"count": HookRefusal.count + 1},
        )
    )
