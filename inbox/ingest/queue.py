"""The queue of raw bodies: stored as received, claimed with a lease, finished or retried."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.failures import SetAsideKind, Unusable
from inbox.ingest import set_aside
from inbox.models import RawEvent, SetAside
from inbox.states import RawEventState

MAX_ATTEMPTS = 5


LEASE = timedelta(seconds=30)
"""How long a worker may hold claimed bodies; longer than any transaction lasts. Delays them if it dies."""


WHOLE_BODY = -1
"""The position in `SetAside` that stands for the whole body."""


def store_raw_event(session: Session, source: str, body: bytes, *, digest: bytes | None = None) -> int | None:
    """Store `body` as received. Returns its id, or None for a hook body that is already stored."""
    row = session.execute(
        insert(RawEvent)
        .values(
            source=source,
            body=body,
            digest=digest or hashlib.sha256(body).digest(),
            received_at=now(),
            state=RawEventState.PENDING,
            attempts=0,
        )
        .on_conflict_do_nothing()
        .returning(RawEvent.id)
    ).first()
    return row[0] if row else None


def claim_raw_events(session: Session, *, limit: int) -> list[int]:
    """Claim up to `limit` waiting bodies. The attempt is counted now, so that a killed worker counts too.

    A body that has used up its attempts is set aside here. A body that was tried before is claimed alone: if
    it kills its worker again, no other body loses an attempt.
    """
    moment = now()
    waiting = (
        select(RawEvent)
        .where(
            RawEvent.state == RawEventState.PENDING,
            (RawEvent.claimed_until.is_(None)) | (RawEvent.claimed_until < moment),
            (RawEvent.not_before.is_(None)) | (RawEvent.not_before <= moment),
        )
        .order_by(RawEvent.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed: list[int] = []
    for event in session.scalars(waiting):
        if event.attempts >= MAX_ATTEMPTS:
            what = set_aside.as_mistake(event.error) if event.error else Unusable.WORKER_DIED.value
            set_aside.keep(session, event.id, WHOLE_BODY, SetAsideKind.FAILED, what, None)
            finish(event, RawEventState.SET_ASIDE)
            continue
        if event.attempts and claimed:
            break
        event.attempts += 1
        event.claimed_until = moment + LEASE
        claimed.append(event.id)
        if event.attempts > 1:
            break
    return claimed


def release(session: Session, event_ids: Iterable[int], *, claimed_by: datetime) -> None:
    """Release claimed bodies that were not started: others may claim them at once, and the attempt is undone.

    `claimed_by`: the time of the claim or later. Bodies that another worker has claimed since stay claimed.
    """
    session.execute(
        update(RawEvent)
        .where(
            RawEvent.id.in_(list(event_ids)),
            RawEvent.state == RawEventState.PENDING,
            RawEvent.claimed_until <= claimed_by + LEASE,
        )
        .values(claimed_until=None, attempts=RawEvent.attempts - 1)
    )


def record_failure(session: Session, event_id: int, error: BaseException) -> None:
    """Record that applying a body failed with `error`, and retry it later: after 2, 4, 8, … seconds."""
    event = session.get_one(RawEvent, event_id, with_for_update=True)
    if event.state is not RawEventState.PENDING:
        return
    event.error = set_aside.describe(error)
    event.claimed_until = None
    event.not_before = now() + timedelta(seconds=2**event.attempts)


def finish(event: RawEvent, state: RawEventState) -> None:
    event.state = state  # no history entry: only the three state machines are recorded
    event.claimed_until = None
    event.applied_at = now()


def finish_many(session: Session, whole: Mapping[int, int]) -> None:
    """Finish bodies whose facts were all stored in bulk. `whole`: body id → number of messages."""
    for count in sorted(set(whole.values())):
        session.execute(
            update(RawEvent)
            .where(RawEvent.id.in_([id for id, messages in whole.items() if messages == count]))
            .values(
                state=RawEventState.APPLIED,
                claimed_until=None,
                applied_at=now(),
                error=None,
                counts={"messages": count},
            )
            .execution_options(synchronize_session=False)
        )


def replay(session: Session, event_ids: Iterable[int]) -> int:
    """Queue set-aside bodies again. Returns how many; bodies that were deleted stay set aside."""
    again = session.scalars(
        update(RawEvent)
        .where(RawEvent.id.in_(list(event_ids)), RawEvent.body.is_not(None))
        .values(
            state=RawEventState.PENDING,
            attempts=0,
            not_before=None,
            claimed_until=None,
            error=None,
            counts=None,
        )
        .returning(RawEvent.id)
    ).all()
    session.execute(
        update(SetAside)
        .where(SetAside.raw_event_id.in_(again), SetAside.resolved_at.is_(None))
        .values(resolved_at=now())
    )
    return len(again)


def replay_all(session: Session, *, limit: int = 500) -> int:
    """Queue the oldest `limit` bodies with unresolved parts again. Returns how many."""
    waiting = session.scalars(
        select(SetAside.raw_event_id)
        .join(RawEvent, SetAside.raw_event_id == RawEvent.id)
        .where(SetAside.resolved_at.is_(None), RawEvent.body.is_not(None))
        .distinct()
        .order_by(SetAside.raw_event_id)
        .limit(limit)
    ).all()
    return replay(session, waiting)
