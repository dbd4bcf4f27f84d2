"""Measures what gets slower with more stored rows: the same work with a few and with many messages."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from sqlalchemy import Engine, create_engine, select, update
from sqlalchemy.orm import Session

from bench.bodies import Citizens
from bench.fill import fill
from bench.installation import Installation
from bench.load import fire
from bench.sizes import Sizes
from bench.stream import follow
from inbox import db, ingest, queries
from inbox.models import RawEvent, Reply
from inbox.replies import sending
from inbox.states import RawEventState, ReplyState

_SEARCHES = {"search_rare": "lambası 4711", "search_common": "çöpler", "search_absent": "zürafa"}
_WAITING = 100
"""The number of bodies and replies waiting to be claimed. It does not depend on the number stored."""


def growth(small: Installation, large: Installation, sizes: Sizes) -> dict[str, Any]:
    """Fill both installations, measure alternately, and return the ratio large / small; 1 is no growth."""
    began = time.perf_counter()
    fill(small, sizes.small)
    fill(large, sizes.large)
    filled = time.perf_counter() - began
    slowness: dict[str, list[list[float]]] = {}
    both = (small, large)
    with small.running(*(installation.web() for installation in both)):
        for number in range(sizes.rounds + 1):
            pair = [_intake(installation, number, sizes) for installation in both]
            if number:
                slowness.setdefault("intake", []).append(pair)
        with small.running(*(installation.worker(pool=sizes.pool) for installation in both)):
            for number in range(min(3, sizes.rounds) + 1):
                pair = [_end_to_end(installation, number, sizes) for installation in both]
                if number:
                    slowness.setdefault("end_to_end", []).append(pair)
    with small.entered(), ExitStack() as stack:  # the settings of both differ only in addresses
        engines = [
            create_engine(db.dialect_url(installation.database_url), hide_parameters=True)
            for installation in both
        ]
        for engine in engines:
            stack.callback(engine.dispose)
        for name, what in _timed().items():
            pairs = [[_time(what, engine) for engine in engines] for _ in range(sizes.repeats + 2)]
            slowness[name] = pairs[2:]  # the first two are warm-up
    return {
        "small": sizes.small,
        "large": sizes.large,
        "fill_seconds": round(filled, 1),
        **{name: _compared(pairs) for name, pairs in slowness.items()},
    }


def _compared(pairs: list[list[float]]) -> dict[str, float]:
    """The median milliseconds of each installation, and the median ratio of the alternating rounds."""
    return {
        "small_ms": round(statistics.median(small for small, _ in pairs), 3),
        "large_ms": round(statistics.median(large for _, large in pairs), 3),
        "ratio": round(statistics.median(large / small for small, large in pairs), 2),
    }


def _intake(installation: Installation, number: int, sizes: Sizes) -> float:
    bodies = Citizens(f"growth-{number}", installation.secrets).requests(sizes.hooks)
    burst = fire(installation.port, bodies)
    if burst.refused:
        raise RuntimeError(f"{burst.refused} hooks were not answered 200")
    with installation.connect() as connection:  # or _end_to_end would process them
        connection.execute("UPDATE raw_event SET state = 'APPLIED' WHERE state = 'PENDING'")
    return 1000 / burst.rate


def _end_to_end(installation: Installation, number: int, sizes: Sizes) -> float:
    return 1000 / follow(installation, f"growth-stream-{number}", max(20, sizes.stream // 3))["rate"]


def _timed() -> dict[str, Callable[[Session], object]]:
    return {
        "inbox_new": lambda session: queries.inbox(session, view="new"),
        "inbox_answered": lambda session: queries.inbox(session, view="answered"),
        "inbox_all": lambda session: queries.inbox(session, view="all"),
        "inbox_counts": queries.counts,
        "claim_bodies": lambda session: ingest.claim_raw_events(session, limit=50),
        "claim_replies": lambda session: sending.claim_for_sending(session, limit=1),
        **{name: _search(words) for name, words in _SEARCHES.items()},
    }


def _search(words: str) -> Callable[[Session], object]:
    return lambda session: queries.messages(session, q=words)


def _time(what: Callable[[Session], object], engine: Engine) -> float:
    """Milliseconds of one call, in a transaction with waiting work that is rolled back."""
    with Session(engine) as session:
        _let_work_wait(session)
        began = time.perf_counter()
        what(session)
        took = 1000 * (time.perf_counter() - began)
        session.rollback()
    return took


def _let_work_wait(session: Session) -> None:
    for kind, state in ((RawEvent, RawEventState.PENDING), (Reply, ReplyState.READY)):
        latest = select(kind.id).order_by(kind.id.desc()).limit(_WAITING)
        changes: dict[str, Any] = {"state": state, "attempts": 0}
        if kind is RawEvent:
            changes["claimed_until"] = None
        session.execute(
            update(kind).where(kind.id.in_(latest)).values(**changes),
            execution_options={"synchronize_session": False},
        )
    session.flush()
