"""How something that arrived becomes rows: raw body first, understood afterwards, each fact on its own.

A raw event is stored before anybody answers the platform. Applying it is idempotent, and order is nothing:
unique keys do the deduplication, an older observation never overwrites a younger one, and what speaks of
something not yet known is parked until that comes.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from inbox import channels, facts, first_words, parking, receipts
from inbox.clock import now
from inbox.first_words import Sighting
from inbox.models import Channel, HookCount, HookRefusal, RawEvent, SetAside
from inbox.setting_aside import MISTAKES, named, set_aside
from inbox.states import RawEventState
from inbox.values import Fact, MessageGone, MessageSeen, NotUnderstood, ReplyReceipt, UnreadablePayload

log = structlog.get_logger()

MAX_ATTEMPTS = 5
RACES_LOST = 3
"""How often a fact may meet a row that somebody else has just written."""
LEASE = timedelta(seconds=30)
"""How long claimed bodies are a worker's, and so wait when it died: longer than any transaction may last."""
WHOLE_BODY = -1
FACTS_AT_ONCE = 50
"""What one transaction applies of a body: none may last long, and a body may hold thousands."""
FACTS_TOGETHER = 100
"""After how many a transaction that applies several bodies takes no other."""
LONGEST_TOGETHER = 1.0
"""Seconds after which a transaction that applies several bodies begins no other."""
HEARD_EVERY = timedelta(seconds=5)
"""How exactly a channel's last event is kept. That locks its row until the body is applied, and whoever looks
for replies to send passes over what is locked.
"""
_DONE = "done"  # in the counts of a body that is not finished: how many of its facts are applied


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
            set_aside(session, event.id, WHOLE_BODY, "failed", event.error or "its worker died", None)
            _finish(event, RawEventState.SET_ASIDE)
            continue
        if event.attempts and claimed:
            break
        event.attempts += 1
        event.claimed_until = moment + LEASE
        claimed.append(event.id)
        if event.attempts > 1:
            break
    return claimed


def give_back(session: Session, event_ids: Iterable[int], *, claimed_by: datetime) -> None:
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


Normalise = Callable[[str, bytes], Iterable[Fact]]
"""What a body of some source says. Pure. Raises UnreadablePayload."""
Heard = dict[int, datetime]
"""Channels by their ids, and when something came through them."""


def apply_raw_event(session: Session, event_id: int, normalise: Normalise) -> bool:
    """Understand one claimed body and apply its next facts, each in a savepoint of its own.

    Whether more are left: then commit and call again. A body nobody can read is set aside whole; a fact that
    fails is set aside by its position and its siblings stand.
    """
    heard: Heard = {}
    event = session.get_one(RawEvent, event_id, with_for_update=True)
    more = _apply_event(session, event, _read(session, event, normalise), heard)
    _note_heard(session, heard)
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
    heard: Heard = {}
    bodies = _read_lot(session, event_ids, normalise, end)
    kept = _keep_first_words(session, bodies, heard)
    whole = {
        event.id: len(seen) for event, seen in bodies if seen and len(kept.get(event.id, ())) == len(seen)
    }
    _finish_whole(session, whole)
    through = set(whole)
    # Those of which something is kept come first: what is left for later must be left whole.
    others = (body for body in bodies if body[0].id not in whole)
    for event, seen in sorted(others, key=lambda body: body[0].id not in kept):
        if through and event.id not in kept and time.monotonic() > end:
            break
        if not _apply_event(session, event, seen, heard, kept.get(event.id, ())):
            through.add(event.id)
    _note_heard(session, heard)
    return through


Body = tuple[RawEvent, tuple[Fact, ...] | None]
"""One that is ours to apply, and what it says; None when nothing is left to do with it."""


def _read_lot(session: Session, event_ids: Collection[int], normalise: Normalise, end: float) -> list[Body]:
    """The first of some bodies, as many as one transaction applies: one with very many facts stands alone."""
    events = session.scalars(
        select(RawEvent).where(RawEvent.id.in_(event_ids)).order_by(RawEvent.id).with_for_update()
    )
    bodies: list[Body] = []
    told = 0
    for event in events:
        if told >= FACTS_TOGETHER or (bodies and time.monotonic() > end):
            break
        seen = _read(session, event, normalise)
        count = len(seen or ())
        if count > FACTS_AT_ONCE and bodies:
            break
        bodies.append((event, seen))
        told += count if count <= FACTS_AT_ONCE else FACTS_TOGETHER
    return bodies


def _read(session: Session, event: RawEvent, normalise: Normalise) -> tuple[Fact, ...] | None:
    """What a body says; None when nothing is left to do with it, which is seen to here."""
    if event.state is not RawEventState.PENDING or event.body is None:
        return None
    try:
        return tuple(normalise(event.source, event.body))
    except UnreadablePayload as error:
        set_aside(session, event.id, WHOLE_BODY, "failed", f"unreadable: {error}", None)
        event.counts = {"set_aside": 1}
        _finish(event, RawEventState.SET_ASIDE)
        return None


def _keep_first_words(session: Session, bodies: Iterable[Body], heard: Heard) -> dict[int, set[int]]:
    """Keep what is somebody's first words in a conversation; by body the places of the facts that were."""
    sightings = []
    for event, seen in bodies:
        if seen is None or len(seen) > FACTS_AT_ONCE:
            continue
        for position, fact in enumerate(seen):
            channel = channels.of_account(session, fact.platform, fact.account)
            if isinstance(fact, MessageSeen) and channel is not None:
                sightings.append(Sighting(event.id, position, event.received_at, fact, channel))
    kept: dict[int, set[int]] = {}
    for one in first_words.apply(session, sightings):
        _hear(heard, one.channel, one.received_at)
        kept.setdefault(one.event_id, set()).add(one.position)
    return kept


def _hear(heard: Heard, channel: Channel, at: datetime) -> None:
    if channel.last_event_at is None or channel.last_event_at < at - HEARD_EVERY:
        heard[channel.id] = max(at, heard.get(channel.id, at))


def _note_heard(session: Session, heard: Heard) -> None:
    """Last, for it locks the channels, and in one order, for two of us must not wait for each other."""
    session.flush()
    for channel_id, at in sorted(heard.items()):
        session.execute(
            update(Channel)
            .where(
                Channel.id == channel_id,
                Channel.last_event_at.is_(None) | (Channel.last_event_at < at - HEARD_EVERY),
            )
            .values(last_event_at=at)
            .execution_options(synchronize_session="fetch")
        )


def _apply_event(
    session: Session,
    event: RawEvent,
    seen: tuple[Fact, ...] | None,
    heard: Heard,
    kept: Collection[int] = (),
) -> bool:
    """Apply the next facts of a body but for those that are `kept`; whether more are left."""
    if seen is None:
        return False
    counts: Counter[str] = Counter(event.counts or {})
    start = counts.pop(_DONE, 0)
    stop = start + FACTS_AT_ONCE
    for position, fact in enumerate(seen[start:stop], start):
        what = "messages" if position in kept else _apply_one(session, event, position, fact, heard)
        counts[what] += 1
    if stop < len(seen):
        event.counts = {**counts, _DONE: stop}
        event.claimed_until = now() + LEASE
        event.attempts = 1  # it gets on: what ends it further down is counted from here
        return True
    event.counts = dict(counts)
    event.error = None
    _finish(event, RawEventState.APPLIED)
    return False


def failed(session: Session, event_id: int, error: BaseException) -> None:
    """The work on a body broke off with `error`: it waits a little longer each time."""
    event = session.get_one(RawEvent, event_id, with_for_update=True)
    if event.state is not RawEventState.PENDING:
        return
    event.error = named(error)
    event.claimed_until = None
    event.not_before = now() + timedelta(seconds=2**event.attempts)


def _apply_one(session: Session, event: RawEvent, position: int, fact: Fact, heard: Heard) -> str:
    """Apply one fact; answers what it counts as."""
    channel = channels.of_account(session, fact.platform, fact.account)
    channel_id = channel.id if channel else None
    if isinstance(fact, NotUnderstood):
        set_aside(session, event.id, position, "unsupported", fact.what, channel_id)
        return "unsupported"
    if channel is None:
        what = f"{fact.platform} {fact.account}"
        set_aside(session, event.id, position, "unknown_account", what, None)
        return "set_aside"
    _hear(heard, channel, event.received_at)
    tries = 0
    while True:
        tries += 1
        try:
            with session.begin_nested():
                return _apply_fact(session, event, position, fact, channel)
        except OperationalError:
            raise  # a deadlock, a time-out, a lost connection: nothing is wrong with it, it is tried again
        except MISTAKES as error:
            # Somebody else may have written the same row a moment before: now it is seen.
            if isinstance(error, IntegrityError) and tries < RACES_LOST:
                continue
            log.error("fact_failed", raw_event_id=event.id, position=position, error=named(error))
            set_aside(session, event.id, position, "failed", named(error), channel_id)
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
        parking.unpark(session, fact.platform, fact.external_id, fact.our_reference)
        return what
    applied = (
        facts.message_gone(session, fact)
        if isinstance(fact, MessageGone)
        else receipts.receipt(session, fact)
    )
    if not applied:
        parking.park(session, event, position, fact)
        return "parked"
    return "changes" if isinstance(fact, MessageGone) else "receipts"


def _finish(event: RawEvent, state: RawEventState) -> None:
    event.state = state  # the ingest queue's own small state, not a machine of the desk
    event.claimed_until = None
    event.applied_at = now()


def _finish_whole(session: Session, whole: Mapping[int, int]) -> None:
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
