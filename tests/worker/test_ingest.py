"""Bodies that fail: set aside with their siblings standing, read again after a mend, and no queue stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from connectors.contract import Polled
from inbox.clock import now
from inbox.db import transaction
from inbox.ingest import facts, queue
from inbox.models import Channel, Message, RawEvent, SetAside
from inbox.settings import settings
from inbox.states import RawEventState
from worker import ingest

PAGE = "100200300401"

# A worker whose connector takes the whole process down on one body, as a broken C library would.
WORKER_THAT_DIES = """
import dataclasses, os
import connectors
from worker import ingest
real = connectors.CONNECTORS["facebook"]
def deadly(raw):
    if b"poison" in raw:
        os._exit(9)
    return real.normalise(raw)
connectors.CONNECTORS["facebook"] = dataclasses.replace(real, normalise=deadly)
while ingest.run():
    pass
"""


def polled(*comments: str) -> bytes:
    """A post of ours with these comments, each of its own citizen."""
    at = "2026-11-24T06:00:00+0000"
    said = [
        {"id": f"9_{text}", "message": text, "from": {"id": f"7{n}", "name": text}, "created_time": at}
        for n, text in enumerate(comments)
    ]
    post = {
        "id": f"{PAGE}_9",
        "message": "Duyuru",
        "from": {"id": PAGE, "name": "Belediye"},
        "created_time": at,
    }
    body = json.dumps({"data": [{**post, "comments": {"data": said}}]})
    return Polled("facebook", PAGE, "feed", datetime(2026, 11, 24, 6, 1, tzinfo=UTC), body).to_bytes()


@pytest.fixture
def page(database: None) -> None:
    """One page of ours."""
    with transaction() as session:
        session.add(Channel(key="fb", platform="facebook", external_id=PAGE, name="Belediye"))


def arrived(body: bytes) -> int:
    with transaction() as session:
        event_id = queue.store_raw_event(session, "poll:fb:feed", body)
    assert event_id is not None
    return event_id


def states() -> dict[int, RawEventState]:
    with transaction() as session:
        return {event.id: event.state for event in session.scalars(select(RawEvent))}


def test_a_body_that_kills_its_worker_process_is_set_aside_and_the_queue_behind_it_goes_on(
    page: None,
) -> None:
    before = arrived(polled("önce"))
    poison = arrived(polled("poison"))
    behind = [arrived(polled(f"sonra-{number}")) for number in range(3)]

    deaths = 0
    for turn in range(queue.MAX_ATTEMPTS + 1):
        # Each turn begins when the lease of whoever died has run out.
        (settings().dir / "clock").write_text(str(turn * 180))
        died = subprocess.run(
            [sys.executable, "-c", WORKER_THAT_DIES], env=dict(os.environ), timeout=60, check=False
        )
        deaths += died.returncode == 9

    assert deaths == queue.MAX_ATTEMPTS
    assert states() == {
        before: RawEventState.APPLIED,
        poison: RawEventState.SET_ASIDE,
        **dict.fromkeys(behind, RawEventState.APPLIED),
    }
    with transaction() as session:
        (aside,) = session.scalars(select(SetAside))
        assert (aside.raw_event_id, aside.kind) == (poison, "failed")


def test_what_a_dead_worker_had_taken_is_taken_up_within_half_a_minute(page: None) -> None:
    arrived(polled("bir"))
    with transaction() as session:
        assert queue.claim_raw_events(session, limit=50)

    (settings().dir / "clock").write_text("31")

    assert ingest.run() == 1


def test_what_a_slow_worker_does_not_come_to_is_given_to_others_before_its_lease_ends(
    page: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [arrived(polled(f"söz-{number}")) for number in range(3)]
    monkeypatch.setattr(queue, "LEASE", timedelta(0))  # over before the first is done

    assert ingest.run() == 1

    with transaction() as session:
        rest = session.scalars(select(RawEvent).where(RawEvent.id.in_(taken[1:]))).all()
        assert [(event.claimed_until, event.attempts) for event in rest] == [(None, 0), (None, 0)]


def test_what_another_worker_has_taken_since_is_not_given_back(page: None) -> None:
    (event_id,) = (arrived(polled("bir")),)
    with transaction() as session:
        queue.claim_raw_events(session, limit=50)
    claimed_by = now()
    (settings().dir / "clock").write_text("31")
    with transaction() as session:
        assert queue.claim_raw_events(session, limit=50) == [event_id]
        queue.release(session, [event_id], claimed_by=claimed_by)

    with transaction() as session:
        event = session.get_one(RawEvent, event_id)
        assert (event.attempts, event.claimed_until is None) == (2, False)


def test_a_replay_after_the_mend_applies_what_failed_and_doubles_no_sibling(
    page: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = facts.message_seen

    def broken(session: Any, fact: Any, *more: Any) -> str:
        if fact.text == "iki":
            raise KeyError("a mistake of ours")
        return whole(session, fact, *more)

    monkeypatch.setattr(facts, "message_seen", broken)
    event_id = arrived(polled("bir", "iki", "üç"))
    ingest.run()
    with transaction() as session:
        (aside,) = session.scalars(select(SetAside))
        assert (aside.position, aside.what.split()[:2]) == (2, ["mistake:", "KeyError"])
        assert session.scalar(select(func.count(Message.id))) == 3, "the post and the two siblings"

    monkeypatch.undo()
    with transaction() as session:
        assert queue.replay_all(session) == 1
    ingest.run()

    assert states() == {event_id: RawEventState.APPLIED}
    with transaction() as session:
        texts = session.scalars(select(Message.text).order_by(Message.text)).all()
        assert texts == ["Duyuru", "bir", "iki", "üç"]
        assert session.scalar(select(func.count()).where(SetAside.resolved_at.is_(None))) == 0


def test_what_fails_again_after_a_replay_is_set_aside_again(page: None) -> None:
    event_id = arrived(b'{"cozum_polled": 1, "platform": "facebook", "nothing": "of use"}')
    ingest.run()
    with transaction() as session:
        assert queue.replay(session, [event_id]) == 1
    ingest.run()

    with transaction() as session:
        (aside,) = session.scalars(select(SetAside))
        assert aside.resolved_at is None


def test_a_body_no_longer_kept_stays_set_aside(page: None) -> None:
    event_id = arrived(b'{"cozum_polled": 1, "platform": "facebook", "nothing": "of use"}')
    ingest.run()
    with transaction() as session:
        session.get_one(RawEvent, event_id).body = None

    with transaction() as session:
        assert queue.replay(session, [event_id]) == 0
        assert queue.replay_all(session) == 0
        assert session.scalars(select(SetAside.resolved_at)).one() is None


def test_bodies_that_wait_together_are_applied_in_one_transaction(page: None) -> None:
    for number in range(4):
        arrived(polled(f"söz-{number}"))

    assert ingest.run() == 4
    with transaction() as session:
        assert session.scalar(text("SELECT count(DISTINCT xmin::text) FROM raw_event")) == 1


def test_what_breaks_off_a_transaction_of_several_bodies_takes_none_of_the_others_along(page: None) -> None:
    good = [arrived(polled(f"söz-{number}")) for number in range(2)]
    bad = arrived(polled("poison"))
    behind = arrived(polled("sonra"))
    with transaction() as session:  # it shows at the commit alone, when no savepoint is left to go back to
        session.execute(
            text(
                "CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " IF NEW.text = 'poison' THEN RAISE 'refused'; END IF; RETURN NULL; END $$"
            )
        )
        session.execute(
            text(
                "CREATE CONSTRAINT TRIGGER refuse_poison AFTER INSERT ON message"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_poison()"
            )
        )
    try:
        ingest.run()
    finally:
        with transaction() as session:
            session.execute(text("DROP TRIGGER refuse_poison ON message"))
            session.execute(text("DROP FUNCTION refuse_poison"))

    assert states() == {
        **dict.fromkeys((*good, behind), RawEventState.APPLIED),
        bad: RawEventState.PENDING,
    }
