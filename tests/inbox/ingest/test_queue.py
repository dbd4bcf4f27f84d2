"""The queue of bodies: kept once, claimed by one, given up after five tries."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from sqlalchemy import func, select

from inbox import ingest
from inbox.db import transaction
from inbox.models import Contact, Message, RawEvent, Thread
from inbox.states import RawEventState
from inbox.values import MessageSeen

Seen = Callable[..., MessageSeen]


def test_the_same_hook_body_is_kept_once(city: SimpleNamespace) -> None:
    with transaction() as session:
        assert ingest.store_raw_event(session, "hook:meta", b"{}") is not None
        assert ingest.store_raw_event(session, "hook:meta", b"{}") is None


def test_a_polled_page_that_comes_back_as_it_was_is_kept_again(city: SimpleNamespace) -> None:
    with transaction() as session:
        assert ingest.store_raw_event(session, "poll:x:mentions", b"A") is not None
        assert ingest.store_raw_event(session, "poll:x:mentions", b"A") is not None


def test_one_body_a_hundred_times_at_once_is_one_message_one_contact_one_thread(
    city: SimpleNamespace, seen: Seen
) -> None:
    fact = seen("sa", platform="whatsapp")
    with transaction() as session:
        for number in range(100):
            ingest.store_raw_event(session, "hook:meta", f"copy {number}".encode())

    def work(_: int) -> None:
        with transaction() as session:
            claimed = ingest.claim_raw_events(session, limit=5)
        for event_id in claimed:
            with transaction() as session:
                ingest.apply_raw_event(session, event_id, lambda *_: (fact,))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1
        assert session.scalar(select(func.count()).select_from(Contact)) == 1
        assert session.scalar(select(func.count()).select_from(Thread)) == 1
        assert session.scalar(select(func.count()).where(RawEvent.state != RawEventState.APPLIED)) == 0


def test_a_body_that_kills_its_workers_is_set_aside_after_five_tries(city: SimpleNamespace) -> None:
    with transaction() as session:
        event_id = ingest.store_raw_event(session, "hook:meta", b"poison")
    for _ in range(ingest.MAX_ATTEMPTS):
        with transaction() as session:
            assert ingest.claim_raw_events(session, limit=5) == [event_id]
        with transaction() as session:  # the worker died: nobody reports, the lease runs out
            session.get_one(RawEvent, event_id).claimed_until = None
    with transaction() as session:
        assert ingest.claim_raw_events(session, limit=5) == []
        assert session.get_one(RawEvent, event_id).state is RawEventState.SET_ASIDE
        assert ingest.replay(session, [event_id or 0]) == 1
        assert ingest.claim_raw_events(session, limit=5) == [event_id]
