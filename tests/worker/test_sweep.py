"""The sweep does everything that is due, and what fails in one part of it stops no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from celery_config import app
from inbox import receive, sending
from inbox.clock import now
from inbox.db import transaction
from inbox.models import Category, RawEvent, Reply, ReplyText, TrackedRequest, Unit
from inbox.settings import settings
from inbox.states import RawEventState, ReplyState, RequestState
from inbox.values import ReplyKind
from worker import sweep

from .conftest import Town, ahead


def answered(town: Town, key: str) -> int:
    """An answer on a request that went out, so that its citizen is due to be asked."""
    reply_id = town.approved(key)
    with transaction() as session:
        unit = Unit(key="yol", name_tr="Yol", name_en="Roads", name_ar="-")
        session.add(unit)
        session.flush()
        category = Category(key="yol", name_tr="Yol", name_en="Roads", name_ar="-", unit_id=unit.id, stems=[])
        session.add(category)
        session.flush()
        request = TrackedRequest(
            number=100018,
            state=RequestState.RESPONDED,
            version=1,
            unit_id=unit.id,
            category_id=category.id,
            priority="normal",
            opened_at=now(),
            due_at=now(),
            planned_until=None,
        )
        session.add(request)
        session.flush()
        session.get_one(Reply, reply_id).request_id = request.id
    return reply_id


def rating_text(words: str) -> None:
    with transaction() as session:
        session.add(
            ReplyText(
                key="rating",
                kind="rating",
                outcome=None,
                language="tr",
                scope="any",
                voice="any",
                variants=[words],
            )
        )


def test_a_question_that_may_not_go_out_holds_up_nothing(town: Town) -> None:
    key = "x-belediye"
    answer = answered(town, key)
    rating_text("Yanıtımız yardımcı oldu mu? 0532 111 22 33")
    sweep.run()
    assert town.state(answer) is ReplyState.SENT
    later = town.approved(key, text="Bir şey daha.")

    sweep.run()

    assert town.state(later) is ReplyState.SENT
    with transaction() as session:
        kinds = session.scalars(select(Reply.kind)).all()
        assert ReplyKind.RATING not in kinds


@pytest.mark.parametrize("broken", ["ingest.run", "ratings.due_to_ask", "tracking.planned_come_back"])
def test_a_part_that_fails_stops_no_other(town: Town, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    due = town.approved("facebook-belediye")
    with transaction() as session:
        event_id = receive.store_raw_event(session, "hook:meta", b'{"object": "page", "entry": []}')
    module, name = broken.split(".")
    monkeypatch.setattr(getattr(sweep, module), name, fail)

    sweep.run()

    assert town.state(due) is ReplyState.SENT
    if module != "ingest":
        with transaction() as session:
            assert session.get_one(RawEvent, event_id).state is RawEventState.APPLIED


def test_a_reply_whose_sender_died_is_doubted_by_the_sweep_and_not_sent_again(town: Town) -> None:
    reply_id = town.approved("x-belediye")
    with transaction() as session:
        sending.claim_for_sending(session, ["x"], limit=1)
    ahead(settings().send_lease_seconds + 1)

    sweep.run()

    assert town.state(reply_id) is ReplyState.UNCERTAIN


def test_everything_that_a_lost_wake_up_leaves_behind_is_looked_for_each_minute(town: Town) -> None:
    every = {
        entry["task"]: entry["schedule"]
        for entry in app.conf.beat_schedule.values()
        if isinstance(entry["schedule"], timedelta)
    }

    assert {task.rpartition(".")[2] for task in every} == {"sweep", "poll", "look", "heartbeat", "reconcile"}
    assert max(every.values()) <= timedelta(minutes=1)
