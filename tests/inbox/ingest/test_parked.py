"""Deletions and receipts that arrive before their message wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from inbox import ingest
from inbox.db import transaction
from inbox.ingest import parked as parked_facts
from inbox.models import FormerText, ParkedFact, SetAside
from inbox.values import Gone, MessageGone, MessageSeen
from tests.support.steps import messages

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def test_a_parked_deletion_is_applied_when_its_message_comes(seen: Seen, arrive: Arrive) -> None:
    comment = seen(platform="facebook")
    arrive(MessageGone("facebook", "3", comment.external_id, Gone.DELETED, comment.sent_at))
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(ParkedFact)) == 1
    arrive(comment)
    assert messages()[0].deleted_at == comment.sent_at
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(ParkedFact)) == 0
        assert session.scalar(select(func.count()).select_from(FormerText)) == 0


def test_a_deletion_parked_while_its_message_is_being_stored_is_applied_by_the_sweep(
    seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("başka bir söz", platform="facebook"))
    comment = seen(platform="facebook")
    stored = threading.Event()
    parked = threading.Event()

    def store() -> None:
        with transaction() as session:
            event_id = ingest.store_raw_event(session, "hook:meta", b"the comment")
            ingest.claim_raw_events(session, limit=1)
        with transaction() as session:
            ingest.apply_raw_event(session, event_id or 0, lambda *_: (comment,))
            stored.set()
            assert parked.wait(10), "this transaction is still open when the deletion is parked"

    with ThreadPoolExecutor(1) as pool:
        storing = pool.submit(store)
        assert stored.wait(10)
        arrive(MessageGone("facebook", "3", comment.external_id, Gone.DELETED, comment.sent_at))
        parked.set()
        storing.result()
    assert messages()[-1].deleted_at is None

    with transaction() as session:
        assert parked_facts.apply_overlooked(session, limit=10) == 1

    assert messages()[-1].deleted_at == comment.sent_at
    with transaction() as session:
        assert parked_facts.apply_overlooked(session, limit=10) == 0


def test_a_parked_fact_that_fails_harms_not_its_message_and_is_tried_again(
    seen: Seen, arrive: Arrive, failing_updates: Callable[[int], None]
) -> None:
    comment = seen(platform="facebook")
    arrive(MessageGone("facebook", "3", comment.external_id, Gone.DELETED, comment.sent_at))
    failing_updates(1)

    arrive(comment)

    assert [message.deleted_at for message in messages()] == [None]
    with transaction() as session:
        parked_facts.apply_overlooked(session, limit=10)
    assert [message.deleted_at for message in messages()] == [comment.sent_at]
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(ParkedFact)) == 0
        assert session.scalar(select(func.count()).select_from(SetAside)) == 0


def test_a_parked_fact_that_always_fails_is_set_aside_alone_and_can_be_read_again(
    seen: Seen, arrive: Arrive, failing_updates: Callable[[int], None]
) -> None:
    comment = seen(platform="facebook")
    gone = MessageGone("facebook", "3", comment.external_id, Gone.DELETED, comment.sent_at)
    event_id = arrive(seen("İlk gelen", platform="facebook"), gone)
    failing_updates(parked_facts.MAX_TRIES)
    arrive(comment)

    for _ in range(parked_facts.MAX_TRIES):
        with transaction() as session:
            parked_facts.apply_overlooked(session, limit=10)

    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(ParkedFact)) == 0
        (kept,) = session.scalars(select(SetAside)).all()
        assert (kept.raw_event_id, kept.position, kept.kind) == (event_id, 1, "failed")
        assert kept.channel_id is not None
        ingest.replay(session, [event_id])
    with transaction() as session:
        ingest.claim_raw_events(session, limit=1)
        ingest.apply_raw_event(session, event_id, lambda *_: (gone,))
    assert [message.deleted_at for message in messages() if message.text == comment.text] == [comment.sent_at]
