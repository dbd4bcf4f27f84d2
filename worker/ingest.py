"""Applies raw bodies: claims a batch and applies it in short transactions."""

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
"""Bodies per transaction: begin and commit take most of the time of a small transaction."""


def run() -> int:
    """Apply one batch of waiting bodies, as far as its lease allows. Returns how many were tried."""
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
        batch = waiting[:TOGETHER]
        finished = set() if waiting[0] in alone else apply_together(batch, end=end)
        if not finished:
            alone.update(batch)  # one of them failed, and would again
            apply(waiting[0])
            finished = {waiting[0]}
        waiting = [event_id for event_id in waiting if event_id not in finished]
    return len(claimed) - len(waiting)


def apply_together(event_ids: Sequence[int], *, end: float) -> set[int]:
    """Apply claimed bodies in one transaction; starts none after `end`. Returns the ids of those finished.

    An empty set when the first has too many facts for one transaction, or when anything failed: then all was
    rolled back, and the caller applies the bodies one by one.
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
    """Apply one claimed body. A failure is recorded on its row and retried later."""
    read_once = lru_cache(maxsize=1)(facts)
    more = True
    try:
        while more:
            with transaction() as session:
                more = ingest.apply_raw_event(session, event_id, read_once)
    except Exception as error:
        # Any failure must be counted on the row: else the body would be retried forever.
        log.error("raw_event_failed", raw_event_id=event_id, error=type(error).__name__)
        with transaction() as session:
            ingest.record_failure(session, event_id, error)


def facts(source: str, body: bytes) -> tuple[Fact, ...]:
    """The facts of a body, from the connector of its source. Raises UnreadablePayload."""
    connector = connectors.for_body(source, body)
    if connector is None:
        return (NotUnderstood(platform="unknown", account=None, what=encode(Unusable.NO_PLATFORM, source)),)
    return connector.normalise(body)
