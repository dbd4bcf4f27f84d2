"""How often a hook refused a body, and why."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.models import HookCount, HookRefusal


def count_rejected(session: Session, hook: str) -> None:
    """One more body with a wrong signature knocked at `hook`."""
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
    """One more body refused at `hook` in this hour."""
    hour = now().replace(minute=0, second=0, microsecond=0)
    session.execute(
        insert(HookRefusal)
        .values(hook=hook, why=why, hour=hour, count=1)
        .on_conflict_do_update(
            index_elements=[HookRefusal.hook, HookRefusal.why, HookRefusal.hour],
            set_={"count": HookRefusal.count + 1},
        )
    )
