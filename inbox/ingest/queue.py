"""The queue of bodies: stored as they came, claimed with a lease, finished, tried again."""

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
"""How long claimed bodies are a worker's, and so wait when it died: longer than any transaction may last."""


WHOLE_BODY = -1


def store_raw_event(session: Session, source: str, body: bytes, *, digest: bytes | None = None) -> int | None:
    """Keep `body` as it came. Answers its id, or None when the same hook body is here already."""
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
    """Take up to `limit` waiting bodies for this worker, counting the attempt before the work.

    A body that has used up its attempts (it killed its workers) is set aside here. One that was tried before
    is taken alone: those claimed with a killer are not to be counted out with it.
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
    """Bodies claimed not after `claimed_by` whose turn did not come: others may take them at once, and no try
    is counted. What somebody else has claimed since stays theirs.
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
    """The work on a body broke off with `error`: it waits a little longer each time."""
    event = session.get_one(RawEvent, event_id, with_for_update=True)
    if event.state is not RawEventState.PENDING:
        return
    event.error = set_aside.describe(error)
    event.claimed_until = None
    event.not_before = now() + timedelta(seconds=2**event.attempts)


def finish(event: RawEvent, state: RawEventState) -> None:
    event.state = state  # the ingest queue's own small state, not a machine of the desk
    event.claimed_until = None
    event.applied_at = now()


def finish_many(session: Session, whole: Mapping[int, int]) -> None:
    """The same for bodies that were nothing but first words; by their ids how many messages each."""
    for count in sorted(set(whole.values())):
        session.execute(
            update(RawEvent)
            .where(RawEvent.id.in_([id for id, of_it in whole.items() if of_it == count]))
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
    """Let set-aside bodies be tried afresh. Answers how many; those no longer kept stay set aside."""
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
    """Let the oldest `limit` bodies with something set aside be tried afresh. Answers how many."""
    waiting = session.scalars(
        select(SetAside.raw_event_id)
        .join(RawEvent, SetAside.raw_event_id == RawEvent.id)
        .where(SetAside.resolved_at.is_(None), RawEvent.body.is_not(None))
        .distinct()
        .order_by(SetAside.raw_event_id)
        .limit(limit)
    ).all()
    return replay(session, waiting)
