"""Everything that arrives: bodies are stored byte for byte, then parsed, and each fact applied by itself."""

from inbox.ingest.apply import Normalise, apply_raw_event, apply_raw_events
from inbox.ingest.hook_counts import count_refused, count_rejected
from inbox.ingest.queue import (
    LEASE,
    MAX_ATTEMPTS,
    WHOLE_BODY,
    claim_raw_events,
    record_failure,
    release,
    replay,
    replay_all,
    store_raw_event,
)

__all__ = [
    "LEASE",
    "MAX_ATTEMPTS",
    "Normalise",
    "WHOLE_BODY",
    "apply_raw_event",
    "apply_raw_events",
    "claim_raw_events",
    "count_refused",
    "count_rejected",
    "record_failure",
    "release",
    "replay",
    "replay_all",
    "store_raw_event",
]
