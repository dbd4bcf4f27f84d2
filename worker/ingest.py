"""Understanding what arrived: claim a batch of raw bodies, apply each in short transactions of its own."""

from __future__ import annotations

import time
from functools import lru_cache

import structlog

import connectors
from inbox import receive
from inbox.clock import now
from inbox.db import transaction
from inbox.values import Fact, NotUnderstood

log = structlog.get_logger()

BATCH = 50


def run() -> int:
    """Apply one batch of waiting bodies, as far as its lease allows. Answers how many were applied."""
    with transaction() as session:
        claimed = receive.claim_raw_events(session, limit=BATCH)
    claimed_by = now()
    end = time.monotonic() + receive.LEASE.total_seconds() / 2
    for place, event_id in enumerate(claimed):
        if place and time.monotonic() > end:
            with transaction() as session:
                receive.give_back(session, claimed[place:], claimed_by=claimed_by)
            return place
        apply(event_id)
    return len(claimed)


def apply(event_id: int) -> None:
    """Apply one claimed body. What breaks it off is counted on its row and tried again later."""
    read_once = lru_cache(maxsize=1)(facts)
    more = True
    try:
        while more:
            with transaction() as session:
                more = receive.apply_raw_event(session, event_id, read_once)
    except Exception as error:
        # Whatever it was, the row must say so: an uncounted failure would be tried for ever.
        log.error("raw_event_failed", raw_event_id=event_id, error=type(error).__name__)
        with transaction() as session:
            receive.failed(session, event_id, error)


def facts(source: str, body: bytes) -> tuple[Fact, ...]:
    """What a body says, by the connector it belongs to. Raises UnreadablePayload."""
    connector = connectors.for_body(source, body)
    if connector is None:
        return (NotUnderstood(platform="unknown", account=None, what=f"a body of {source} for no platform"),)
    return connector.normalise(body)
