"""Understanding what arrived: claim a batch of raw bodies, apply each in short transactions of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache

import structlog

import connectors
from inbox import ingest
from inbox.clock import now
from inbox.db import transaction
from inbox.failures import Unusable
from inbox.ingest import queue
from inbox.values import Fact, NotUnderstood
from inbox.wording import encode

log = structlog.get_logger()

BATCH = 50
TOGETHER = 50
"""What one transaction applies: most of the time of a small one is its beginning and its end."""


def run() -> int:
    """Apply one batch of waiting bodies, as far as its lease allows. Answers how many were applied."""
    with transaction() as session:
        claimed = ingest.claim_raw_events(session, limit=BATCH)
    claimed_by = now()
    end = time.monotonic() + queue.LEASE.total_seconds() / 2
    waiting, alone = list(claimed), set[int]()
    while waiting:
        if len(waiting) < len(claimed) and time.monotonic() > end:
            with transaction() as session:
                ingest.release(session, waiting, claimed_by=claimed_by)
            break
        lot = waiting[:TOGETHER]
        through = set() if waiting[0] in alone else apply_together(lot, end=end)
        if not through:
            alone.update(lot)  # something in there broke off, and would again
            apply(waiting[0])
            through = {waiting[0]}
        waiting = [one for one in waiting if one not in through]
    return len(claimed) - len(waiting)


def apply_together(event_ids: Sequence[int], *, end: float) -> set[int]:
    """Apply claimed bodies in one transaction, beginning none after `end`. Answers which are through.

    None when the first holds more than one transaction applies, or when anything broke it off: then nothing
    of it stands, and that body is to be applied by itself.
    """
    if len(event_ids) == 1:
        return set()
    try:
        with transaction() as session:
            return ingest.apply_raw_events(session, event_ids, facts, end=end)
    except Exception as error:
        log.warning("raw_events_apart", count=len(event_ids), error=type(error).__name__)
        return set()


def apply(event_id: int) -> None:
    """Apply one claimed body. What breaks it off is counted on its row and tried again later."""
    read_once = lru_cache(maxsize=1)(facts)
    more = True
    try:
        while more:
            with transaction() as session:
                more = ingest.apply_raw_event(session, event_id, read_once)
    except Exception as error:
        # Whatever it was, the row must say so: an uncounted failure would be tried for ever.
        log.error("raw_event_failed", raw_event_id=event_id, error=type(error).__name__)
        with transaction() as session:
            ingest.record_failure(session, event_id, error)


def facts(source: str, body: bytes) -> tuple[Fact, ...]:
    """What a body says, by the connector it belongs to. Raises UnreadablePayload."""
    connector = connectors.for_body(source, body)
    if connector is None:
        return (NotUnderstood(platform="unknown", account=None, what=encode(Unusable.NO_PLATFORM, source)),)
    return connector.normalise(body)
