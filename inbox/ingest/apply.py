"""How something that arrived becomes rows: raw body first, understood afterwards, each fact on its own.

A raw event is stored before anybody answers the platform. Applying it is idempotent, and order is nothing:
unique keys do the deduplication, an older observation never overwrites a younger one, and what speaks of
something not yet known is parked until that comes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, OperationalError
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
"""How often a fact may meet a row that somebody else has just written."""
FACTS_AT_ONCE = 50
"""What one transaction applies of a body: none may last long, and a body may hold thousands."""
FACTS_TOGETHER = 100
"""After how many a transaction that applies several bodies takes no other."""
LONGEST_TOGETHER = 1.0
"""Seconds after which a transaction that applies several bodies begins no other."""
LAST_EVENT_PRECISION = timedelta(seconds=5)
"""How exactly a channel's last event is kept. That locks its row until the body is applied, and whoever looks
for replies to send passes over what is locked.
"""
_DONE = "done"  # in the counts of a body that is not finished: how many of its facts are applied


Normalise = Callable[[str, bytes], Iterable[Fact]]
"""What a body of some source says. Pure. Raises UnreadablePayload."""
LastEvents = dict[int, datetime]
"""Channels by their ids, and when something came through them."""


def apply_raw_event(session: Session, event_id: int, normalise: Normalise) -> bool:
    """Understand one claimed body and apply its next facts, each in a savepoint of its own.

    Whether more are left: then commit and call again. A body nobody can read is set aside whole; a fact that
    fails is set aside by its position and its siblings stand.
    """
    last_events: LastEvents = {}
    event = session.get_one(RawEvent, event_id, with_for_update=True)
    more = _apply_event(session, event, _read(session, event, normalise), last_events)
    _store_last_events(session, last_events)
    return more


def apply_raw_events(
    session: Session, event_ids: Collection[int], normalise: Normalise, *, end: float
) -> set[int]:
    """The same for several in one transaction, as many as it may hold and last; none but the first is begun
    after `end` (by time.monotonic). Answers which are through.

    First words, which most bodies are, are kept all at once. None is through when the first body has more
    facts than one transaction applies.
    """
    end = min(end, time.monotonic() + LONGEST_TOGETHER)
    last_events: LastEvents = {}
    bodies = _read_bodies(session, event_ids, normalise, end)
    kept = _keep_first_words(session, bodies, last_events)
    whole = {
        event.id: len(seen) for event, seen in bodies if seen and len(kept.get(event.id, ())) == len(seen)
    }
    queue.finish_many(session, whole)
    through = set(whole)
    # Those of which something is kept come first: what is left for later must be left whole.
    others = (body for body in bodies if body[0].id not in whole)
    for event, seen in sorted(others, key=lambda body: body[0].id not in kept):
        if through and event.id not in kept and time.monotonic() > end:
            break
        if not _apply_event(session, event, seen, last_events, kept.get(event.id, ())):
            through.add(event.id)
    _store_last_events(session, last_events)
    return through


Body = tuple[RawEvent, tuple[Fact, ...] | None]
"""One that is ours to apply, and what it says; None when nothing is left to do with it."""


def _read_bodies(
    session: Session, event_ids: Collection[int], normalise: Normalise, end: float
) -> list[Body]:
    """The first of some bodies, as many as one transaction applies: one with very many facts stands alone."""
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
    """What a body says; None when nothing is left to do with it, which is seen to here."""
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
    """Keep what is somebody's first words in a conversation; by body the places of the facts that were."""
    sightings = []
    for event, seen in bodies:
        if seen is None or len(seen) > FACTS_AT_ONCE:
            continue
        for position, fact in enumerate(seen):
            channel = accounts.of_account(session, fact.platform, fact.account)
            if isinstance(fact, MessageSeen) and channel is not None:
                sightings.append(Sighting(event.id, position, event.received_at, fact, channel))
    kept: dict[int, set[int]] = {}
    for one in bulk_first.apply(session, sightings):
        _collect_last_event(last_events, one.channel, one.received_at)
        kept.setdefault(one.event_id, set()).add(one.position)
    return kept


def _collect_last_event(last_events: LastEvents, channel: Channel, at: datetime) -> None:
    if channel.last_event_at is None or channel.last_event_at < at - LAST_EVENT_PRECISION:
        last_events[channel.id] = max(at, last_events.get(channel.id, at))


def _store_last_events(session: Session, last_events: LastEvents) -> None:
    """Last, for it locks the channels, and in one order, for two of us must not wait for each other."""
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
    """Apply the next facts of a body but for those that are `kept`; whether more are left."""
    if seen is None:
        return False
    counts: Counter[str] = Counter(event.counts or {})
    start = counts.pop(_DONE, 0)
    stop = start + FACTS_AT_ONCE
    for position, fact in enumerate(seen[start:stop], start):
        what = "messages" if position in kept else _apply_one(session, event, position, fact, last_events)
        counts[what] += 1
    if stop < len(seen):
        event.counts = {**counts, _DONE: stop}
        event.claimed_until = now() + queue.LEASE
        event.attempts = 1  # it gets on: what ends it further down is counted from here
        return True
    event.counts = dict(counts)
    event.error = None
    queue.finish(event, RawEventState.APPLIED)
    return False


def _apply_one(session: Session, event: RawEvent, position: int, fact: Fact, last_events: LastEvents) -> str:
    """Apply one fact; answers what it counts as."""
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
        except OperationalError:
            raise  # a deadlock, a time-out, a lost connection: nothing is wrong with it, it is tried again
        except set_aside.MISTAKES as error:
            # Somebody else may have written the same row a moment before: now it is seen.
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
