"""From a stored body to rows: one fact that fails harms no other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import InternalError, OperationalError

from inbox import ingest
from inbox.db import transaction
from inbox.ingest import apply as applying
from inbox.ingest import facts
from inbox.models import RawEvent, SetAside
from inbox.states import RawEventState
from inbox.values import MessageSeen, NotUnderstood
from tests.support.steps import messages
from tests.support.waiting import somebody_waits_for_a_lock, until

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def test_a_fact_that_fails_is_set_aside_and_its_siblings_stand(seen: Seen, arrive: Arrive) -> None:
    broken = replace(seen("bozuk"), external_id="x", kind="no such kind")  # type: ignore[arg-type]
    event_id = arrive(seen("bir"), broken, seen("iki"), NotUnderstood("x", "1", "field:likes"))
    assert [message.text for message in messages()] == ["bir", "iki"]
    with transaction() as session:
        aside = {row.position: row.kind for row in session.scalars(select(SetAside))}
        event = session.get_one(RawEvent, event_id)
        assert aside == {1: "failed", 3: "unsupported"}
        assert event.counts == {"messages": 2, "set_aside": 1, "unsupported": 1}


@pytest.mark.parametrize("mistake", [AttributeError, IndexError, ZeroDivisionError, RecursionError])
def test_whatever_mistake_of_ours_a_fact_meets_its_siblings_stand(
    seen: Seen, arrive: Arrive, monkeypatch: pytest.MonkeyPatch, mistake: type[Exception]
) -> None:
    whole = facts.message_seen

    def broken(session: Any, fact: MessageSeen, *more: Any) -> str:
        if fact.text == "iki":
            raise mistake
        return whole(session, fact, *more)

    monkeypatch.setattr(facts, "message_seen", broken)
    arrive(seen("bir"), seen("iki"), seen("üç"))

    assert [message.text for message in messages()] == ["bir", "üç"]
    with transaction() as session:
        assert session.scalars(select(SetAside.position)).all() == [1]


def test_a_body_so_large_that_it_outlives_six_workers_is_applied_whole(
    seen: Seen, city: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "FACTS_AT_ONCE", 2)
    said = tuple(seen(f"söz {number}", who=f"v{number}") for number in range(6 * applying.FACTS_AT_ONCE))
    with transaction() as session:
        event_id = ingest.store_raw_event(session, "hook:meta", b"very large") or 0
    for _ in range(7):
        with transaction() as session:
            ingest.claim_raw_events(session, limit=5)
        with transaction() as session:
            ingest.apply_raw_event(session, event_id, lambda *_: said)
        with transaction() as session:  # the worker died: nobody reports, the lease runs out
            session.get_one(RawEvent, event_id).claimed_until = None

    with transaction() as session:
        assert session.get_one(RawEvent, event_id).state is RawEventState.APPLIED
    assert len(messages()) == len(said)


def test_a_message_for_an_account_we_do_not_know_is_set_aside(seen: Seen, arrive: Arrive) -> None:
    arrive(seen(account="77777"), seen("tanıdık"))
    assert [message.text for message in messages()] == ["tanıdık"]
    with transaction() as session:
        assert session.scalars(select(SetAside.kind)).all() == ["unknown_account"]


def test_a_fact_that_met_a_deadlock_is_tried_again_and_not_set_aside(seen: Seen, arrive: Arrive) -> None:
    first, second = seen("bir"), seen("iki")
    arrive(first)
    arrive(second)
    later = first.observed_at + timedelta(minutes=5)
    edits = tuple(replace(one, text=f"{one.text}, düzeltildi", observed_at=later) for one in (first, second))
    with transaction() as session:
        event_id = ingest.store_raw_event(session, "poll:x:mentions", b"both, edited") or 0
        ingest.claim_raw_events(session, limit=1)

    def apply() -> None:
        with transaction() as session:
            ingest.apply_raw_event(session, event_id, lambda *_: edits)

    locked = text("SELECT id FROM message WHERE external_id = :id FOR UPDATE")
    with ThreadPoolExecutor(1) as pool, transaction() as session:
        session.execute(locked, {"id": second.external_id})
        applying = pool.submit(apply)
        until(somebody_waits_for_a_lock)  # it has the first, and wants the second
        session.execute(locked, {"id": first.external_id})
        with pytest.raises(OperationalError, match="deadlock"):
            applying.result()
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(SetAside)) == 0

    apply()

    assert {message.text for message in messages()} == {"bir, düzeltildi", "iki, düzeltildi"}


def test_a_body_whose_facts_take_long_is_applied_in_several_short_transactions(
    seen: Seen, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(first := seen("Lamba sönük"))  # what follows joins a conversation: one by one
    later = tuple(seen(f"söz {number}", conversation=first.conversation) for number in range(3))
    monkeypatch.setattr(applying, "LONGEST_IN_A_BODY", -1.0)
    with transaction() as session:
        event_id = ingest.store_raw_event(session, "poll:x:mentions", b"three") or 0
        ingest.claim_raw_events(session, limit=1)
    left = []
    for _ in range(3):
        with transaction() as session:
            left.append(ingest.apply_raw_event(session, event_id, lambda *_: later))
    assert left == [True, True, False]
    with transaction() as session:
        event = session.get_one(RawEvent, event_id)
        assert (event.state, event.counts) == (RawEventState.APPLIED, {"messages": 3})


def test_a_transaction_that_the_database_ended_is_no_mistake_of_the_body(
    city: SimpleNamespace, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(session: Any, *_: Any) -> str:
        session.execute(text("SET LOCAL transaction_timeout = '50ms'"))
        session.execute(text("SELECT pg_sleep(10)"))
        return "messages"

    with transaction() as session:
        event_id = ingest.store_raw_event(session, "poll:x:mentions", b"slow") or 0
        ingest.claim_raw_events(session, limit=1)
    with monkeypatch.context() as spoilt:
        spoilt.setattr(facts, "message_seen", slow)
        with pytest.raises((InternalError, OperationalError)), transaction() as session:
            ingest.apply_raw_event(session, event_id, lambda *_: (seen(),))
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(SetAside)) == 0


def test_an_edit_that_loses_a_race_is_tried_again_and_not_dropped(
    seen: Seen, arrive: Arrive, failing_updates: Callable[[int], None]
) -> None:
    said = seen("Yol bozuk")
    arrive(said)
    failing_updates(1)

    arrive(replace(said, text="Yol çok bozuk", observed_at=said.observed_at + timedelta(minutes=1)))

    assert [message.text for message in messages()] == ["Yol çok bozuk"]
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(SetAside)) == 0
