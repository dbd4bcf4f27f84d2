"""Applies raw bodies: parses each into facts and applies every fact in its own savepoint.

Applying is idempotent and does not depend on order: unique keys remove duplicates, an older observation never
overwrites a newer one, and facts about an unknown message or reply are parked until it arrives.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError
from sqlalchemy.orm import Session

from inbox.channels import accounts
from inbox.clock import now
from inbox.failures import SetAsideKind
from inbox.ingest import bulk_first, facts, parked, queue, set_aside
from inbox.ingest.bulk_first import Sighting
from inbox.models import Channel, RawEvent
from inbox.replies import receipts
from inbox.states import RawEventState
from inbox.values import Fact, MessageGone, MessageSeen, NotUnderstood, ReplyReceipt, UnreadablePayload

log = structlog.get_logger()

MAX_RACES = 3
"""How often a fact may be tried when another worker inserts the same row at the same time."""
FACTS_AT_ONCE = 50
"""The most facts of one body in a transaction: a body may hold thousands, a transaction must be short."""
LONGEST_IN_A_BODY = 3.0
"""Seconds after which a transaction starts no other fact of its body: the database ends it after ten."""
FACTS_TOGETHER = 100
"""A transaction that applies several bodies takes no other body once it has this many facts."""
LONGEST_TOGETHER = 1.0
"""Seconds after which a transaction that applies several bodies starts no other body."""
LAST_EVENT_PRECISION = timedelta(seconds=5)
"""How exact `Channel.last_event_at` is. Updating it locks the channel until commit, and the sender skips
locked channels: so it is not updated for every body.
"""
_DONE = "done"  # in the counts of an unfinished body: how many of its facts are applied


Normalise = Callable[[str, bytes], Iterable[Fact]]
"""(source, body) → facts. Pure. Raises UnreadablePayload."""
LastEvents = dict[int, datetime]
"""Channel id → time of its last event, not stored yet."""


def apply_raw_event(session: Session, event_id: int, normalise: Normalise) -> bool:
    """Parse one claimed body and apply its next facts, each in a savepoint of its own.

    True when facts are left: commit, then call again. An unreadable body is set aside whole; a fact that
    fails is set aside alone.
    """
    last_events: LastEvents = {}
    event = session.get_one(RawEvent, event_id, with_for_update=True)
    more = _apply_event(session, event, _read(session, event, normalise), last_events)
    _store_last_events(session, last_events)
    return more


def apply_raw_events(
    session: Session, event_ids: Collection[int], normalise: Normalise, *, end: float
) -> set[int]:
    """Apply several claimed bodies in one transaction. Returns the ids of those that are finished.

    It stops at the limits above; only the first body is started after `end` (of time.monotonic). First
    messages of a conversation, which most bodies hold, are inserted in bulk. Returns an empty set when the
    first body has more facts than one transaction applies.
    """
    end = min(end, time.monotonic() + LONGEST_TOGETHER)
    last_events: LastEvents = {}
    bodies = _read_bodies(session, event_ids, normalise, end)
    kept = _keep_first_words(session, bodies, last_events)
    whole = {
        event.id: len(seen) for event, seen in bodies if seen and len(kept.get(event.id, ())) == len(seen)
    }
    queue.finish_many(session, whole)
    finished = set(whole)
    # Partly stored bodies come first: a body that is left for later must not be stored in part.
    others = (body for body in bodies if body[0].id not in whole)
    for event, seen in sorted(others, key=lambda body: body[0].id not in kept):
        if finished and event.id not in kept and time.monotonic() > end:
            break
        if not _apply_event(session, event, seen, last_events, kept.get(event.id, ())):
            finished.add(event.id)
    _store_last_events(session, last_events)
    return finished


Body = tuple[RawEvent, tuple[Fact, ...] | None]
"""A locked body and its facts; None when there is nothing left to apply."""


def _read_bodies(
    session: Session, event_ids: Collection[int], normalise: Normalise, end: float
) -> list[Body]:
    """Lock and parse the first bodies, as many as one transaction applies; one with many facts is alone."""
    events = session.scalars(
        select(RawEvent).where(RawEvent.id.in_(event_ids)).order_by(RawEvent.id).with_for_update()
    )
    bodies: list[Body] = []
    fact_count = 0
    for event in events:
        if fact_count >= FACTS_TOGETHER or (bodies and time.monotonic() > end):
            break
        seen = _read(session, event, normalise)
        count = len(seen or ())
        if count > FACTS_AT_ONCE and bodies:
            break
        bodies.append((event, seen))
        fact_count += count if count <= FACTS_AT_ONCE else FACTS_TOGETHER
    return bodies


def _read(session: Session, event: RawEvent, normalise: Normalise) -> tuple[Fact, ...] | None:
    """The facts of a body; None when it is finished or unreadable (then it is set aside here)."""
    if event.state is not RawEventState.PENDING or event.body is None:
        return None
    try:
        return tuple(normalise(event.source, event.body))
    except UnreadablePayload as error:
        set_aside.keep(
            session,
            event.id,
            queue.WHOLE_BODY,
            SetAsideKind.FAILED,
            set_aside.as_unreadable(error),
            None,
        )
        event.counts = {"set_aside": 1}
        queue.finish(event, RawEventState.SET_ASIDE)
        return None


def _keep_first_words(
    session: Session, bodies: Iterable[Body], last_events: LastEvents
) -> dict[int, set[int]]:
    """Insert the first messages of conversations in bulk. Returns the positions of their facts by body id."""
    sightings = []
    for event, seen in bodies:
        if seen is None or len(seen) > FACTS_AT_ONCE:
            continue
        for position, fact in enumerate(seen):
            channel = accounts.of_account(session, fact.platform, fact.account)
            if isinstance(fact, MessageSeen) and channel is not None:
                sightings.append(Sighting(event.id, position, event.received_at, fact, channel))
    kept: dict[int, set[int]] = {}
    for stored in bulk_first.apply(session, sightings):
        _collect_last_event(last_events, stored.channel, stored.received_at)
        kept.setdefault(stored.event_id, set()).add(stored.position)
    return kept


def _collect_last_event(last_events: LastEvents, channel: Channel, at: datetime) -> None:
    if channel.last_event_at is None or channel.last_event_at < at - LAST_EVENT_PRECISION:
        last_events[channel.id] = max(at, last_events.get(channel.id, at))


def _store_last_events(session: Session, last_events: LastEvents) -> None:
    """Must come last, because it locks channels; the same order in all workers avoids deadlocks."""
    session.flush()
    for channel_id, at in sorted(last_events.items()):
        session.execute(
            update(Channel)
            .where(
                Channel.id == channel_id,
                Channel.last_event_at.is_(None) | (Channel.last_event_at < at - LAST_EVENT_PRECISION),
            )
            .values(last_event_at=at)
            .execution_options(synchronize_session="fetch")
        )


def _apply_event(
    session: Session,
    event: RawEvent,
    seen: tuple[Fact, ...] | None,
    last_events: LastEvents,
    kept: Collection[int] = (),
) -> bool:
    """Apply the next facts of a body, without those `kept` (stored in bulk). True when facts are left."""
    if seen is None:
        return False
    counts: Counter[str] = Counter(event.counts or {})
    start = counts.pop(_DONE, 0)
    stop = min(start + FACTS_AT_ONCE, len(seen))
    end = time.monotonic() + LONGEST_IN_A_BODY
    for position, fact in enumerate(seen[start:stop], start):
        # What was kept in bulk is in this transaction already: such a body is short, and finished at once.
        if position > start and not kept and time.monotonic() > end:
            stop = position
            break
        what = "messages" if position in kept else _apply_one(session, event, position, fact, last_events)
        counts[what] += 1
    if stop < len(seen):
        event.counts = {**counts, _DONE: stop}
        event.claimed_until = now() + queue.LEASE
        event.attempts = 1  # it makes progress: count later failures anew
        return True
    event.counts = dict(counts)
    event.error = None
    queue.finish(event, RawEventState.APPLIED)
    return False


def _apply_one(session: Session, event: RawEvent, position: int, fact: Fact, last_events: LastEvents) -> str:
    """Apply one fact. Returns the name it is counted under."""
    channel = accounts.of_account(session, fact.platform, fact.account)
    channel_id = channel.id if channel else None
    if isinstance(fact, NotUnderstood):
        set_aside.keep(session, event.id, position, SetAsideKind.UNSUPPORTED, fact.what, channel_id)
        return "unsupported"
    if channel is None:
        what = f"{fact.platform} {fact.account}"
        set_aside.keep(session, event.id, position, SetAsideKind.UNKNOWN_ACCOUNT, what, None)
        return "set_aside"
    _collect_last_event(last_events, channel, event.received_at)
    tries = 0
    while True:
        tries += 1
        try:
            with session.begin_nested():
                return _apply_fact(session, event, position, fact, channel)
        except (OperationalError, InternalError):
            raise  # a deadlock, time-out or lost connection: not the fact's fault, the body is retried
        except set_aside.MISTAKES as error:
            # Another worker may have inserted the same row a moment ago: the next try sees it.
            if isinstance(error, IntegrityError) and tries < MAX_RACES:
                continue
            what = set_aside.describe(error)
            log.error("fact_failed", raw_event_id=event.id, position=position, error=what)
            set_aside.keep(
                session, event.id, position, SetAsideKind.FAILED, set_aside.as_mistake(what), channel_id
            )
            return "set_aside"


def _apply_fact(
    session: Session,
    event: RawEvent,
    position: int,
    fact: MessageSeen | MessageGone | ReplyReceipt,
    channel: Channel,
) -> str:
    if isinstance(fact, MessageSeen):
        what = facts.message_seen(session, fact, channel, event)
        parked.unpark(session, fact.platform, fact.external_id, fact.our_reference)
        return what
    applied = (
        facts.message_gone(session, fact)
        if isinstance(fact, MessageGone)
        else receipts.receipt(session, fact)
    )
    if not applied:
        parked.park(session, event, position, fact)
        return "parked"
    return "changes" if isinstance(fact, MessageGone) else "receipts"
