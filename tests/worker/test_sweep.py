"""The sweep does everything that is due, at once; what fails in one part of it stops no other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
import redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from celery_config import app
from inbox.clock import now
from inbox.db import transaction
from inbox.ingest import queue
from inbox.models import Category, RawEvent, Reply, ReplyText, TrackedRequest, Unit
from inbox.replies import sending
from inbox.settings import settings
from inbox.states import RawEventState, ReplyState, RequestState
from inbox.values import ReplyKind
from tests.support.waiting import until
from tests.worker.conftest import Town, ahead
from worker import ingest, sweep, tasks


def answered(town: Town, key: str) -> int:
    """An answer on a request that went out, so that its citizen is due to be asked."""
    reply_id = town.approved(key)
    with transaction() as session:
        request = request_of(*roads(session), number=100018, state=RequestState.RESPONDED)
        session.add(request)
        session.flush()
        session.get_one(Reply, reply_id).request_id = request.id
    return reply_id


def roads(session: Session) -> tuple[Unit, Category]:
    unit = Unit(key="yol", name_tr="Yol", name_en="Roads", name_ar="-")
    session.add(unit)
    session.flush()
    category = Category(key="yol", name_tr="Yol", name_en="Roads", name_ar="-", unit_id=unit.id, stems=[])
    session.add(category)
    session.flush()
    return unit, category


def request_of(
    unit: Unit,
    category: Category,
    *,
    number: int,
    state: RequestState = RequestState.WITH_UNIT,
    planned_until: date | None = None,
) -> TrackedRequest:
    return TrackedRequest(
        number=number,
        state=state,
        version=1,
        unit_id=unit.id,
        category_id=category.id,
        priority="normal",
        opened_at=now(),
        due_at=now(),
        planned_until=planned_until,
    )


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


@pytest.mark.parametrize("broken", ["ingest.run", "surveys.due_to_ask", "tracking.resume_planned"])
def test_a_part_that_fails_stops_no_other(town: Town, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    due = town.approved("facebook-belediye")
    with transaction() as session:
        event_id = queue.store_raw_event(session, "hook:meta", b'{"object": "page", "entry": []}')
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
        sending.claim_for_sending(session, limit=1)
    ahead(settings().send_lease_seconds + 1)

    sweep.run()

    assert town.state(reply_id) is ReplyState.UNCERTAIN


def two_bodies(_: Town) -> None:
    some_bodies(2)


def some_bodies(count: int) -> None:
    with transaction() as session:
        for number in range(count):
            body = f'{{"object": "page", "entry": [], "n": {number}}}'.encode()
            queue.store_raw_event(session, "hook:meta", body)


def two_replies(town: Town) -> None:
    town.approved("facebook-belediye")
    town.approved("instagram-belediye")


def two_requests_whose_day_came(_: Town) -> None:
    with transaction() as session:
        unit, category = roads(session)
        for number in (100018, 100026):
            session.add(request_of(unit, category, number=number, planned_until=now().date()))


@pytest.mark.parametrize("left_behind", [two_bodies, two_replies, two_requests_whose_day_came])
def test_a_pass_that_ends_before_its_work_says_so(
    town: Town, monkeypatch: pytest.MonkeyPatch, left_behind: Callable[[Town], None]
) -> None:
    left_behind(town)
    with monkeypatch.context() as no_time:
        do_one_each(no_time)
        assert sweep.run() is False

    assert sweep.run() is True


def test_a_sweep_that_left_work_over_goes_on_at_once_and_not_in_a_minute(
    town: Town, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", broker_url)
    some_bodies(20)
    do_one_each(monkeypatch)
    passes: list[None] = []
    with redis.Redis.from_url(broker_url.replace("redis+socket://", "unix://")) as broker:

        def is_woken() -> bool:
            """By a pass that leaves work over: a slow broker may have cost the wake-up of the one before."""
            passes.append(None)
            tasks.sweep()
            with suppress(AssertionError):
                until(lambda: broker.llen("sweep"), seconds=2)
            return bool(broker.llen("sweep"))

        until(is_woken)
        assert broker.llen("sweep") <= len(passes), "one wake-up a pass"
        broker.delete("sweep")


def do_one_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part of a pass does one row and has no time for a second."""
    for module, name, value in (
        (sweep, "TURN", 0.0),
        (sweep, "SHORT_TURN", 0.0),
        (sweep, "BATCH", 1),
        (ingest, "BATCH", 1),
    ):
        monkeypatch.setattr(module, name, value)


def test_everything_that_a_lost_wake_up_leaves_behind_is_looked_for_each_minute(town: Town) -> None:
    every = {
        entry["task"]: entry["schedule"]
        for entry in app.conf.beat_schedule.values()
        if isinstance(entry["schedule"], timedelta)
    }

    assert {task.rpartition(".")[2] for task in every} == {"sweep", "poll", "look", "heartbeat", "reconcile"}
    assert max(every.values()) <= timedelta(minutes=1)
