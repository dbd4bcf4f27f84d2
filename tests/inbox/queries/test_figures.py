"""Numbers about the whole: what waits where and for how long, counted once."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from inbox import clock, ingest
from inbox.db import transaction
from inbox.models import Channel
from inbox.queries import figures
from inbox.queries import set_aside as set_aside_listing
from inbox.values import MessageSeen, NotUnderstood
from tests.support.steps import respond

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def look() -> figures.Figures:
    with transaction() as session:
        return figures.current(session)


def test_an_empty_city_waits_for_nothing(city: SimpleNamespace) -> None:
    found = look()
    assert set(found.oldest.values()) == {0.0}
    assert (found.messages, found.requests, found.replies, found.raw_events) == ({}, {}, {}, {})


def test_what_waits_is_counted_by_its_state_and_timed_by_its_oldest(
    request_number: int, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("yeni bir söz", who="bekir"))
    respond(request_number)
    clock.shift_by(600)
    with transaction() as session:
        ingest.store_raw_event(session, "hook:test", b"waits")
    clock.shift_by(900)

    found = look()

    assert found.messages == {"CONVERTED": 1, "NEW": 1}
    assert found.requests == {"RESPONDED": 1}
    assert found.replies == {"SENT": 1, "DRAFT": 1}
    assert found.raw_events == {"APPLIED": 2, "PENDING": 1}
    assert found.oldest["ingest"] == pytest.approx(300, abs=60)
    assert found.oldest["triage"] == pytest.approx(900, abs=60)
    assert found.oldest["approve"] == pytest.approx(900, abs=60)
    assert (found.oldest["send"], found.oldest["uncertain"]) == (0, 0)


def test_what_was_set_aside_is_counted_until_it_is_resolved_and_what_failed_is_told_apart(
    city: SimpleNamespace, arrive: Arrive, seen: Seen
) -> None:
    strangers = (seen(account=account) for account in ("77777", "88888"))
    event_id = arrive(*strangers, NotUnderstood("x", "1", "field:likes"))
    assert look().set_aside == {"unknown_account": 2, "unsupported": 1}
    with transaction() as session:
        count, since = set_aside_listing.failed(session)
        assert count == 2, "what a platform sends and nobody needs is no failure"
        assert since is not None
        ingest.replay(session, [event_id])
    assert look().set_aside == {}


def test_hooks_are_told_with_what_they_kept_and_what_they_refused(city: SimpleNamespace) -> None:
    with transaction() as session:
        ingest.store_raw_event(session, "hook:meta", b"{}")
        ingest.store_raw_event(session, "poll:x:mentions", b"{}")
        ingest.count_rejected(session, "x")
    with transaction() as session:
        found = [(one.hook, one.stored, one.rejected) for one in figures.hook_figures(session)]
    assert found == [("meta", 1, 0), ("x", 0, 1)]
    assert (look().hooks_stored, look().hooks_rejected) == ({"meta": 1}, {"x": 1})


def test_a_channel_that_was_switched_off_is_not_looked_at(city: SimpleNamespace) -> None:
    with transaction() as session:
        session.query(Channel).where(Channel.key == "wa").update({"is_active": False})
    assert [channel.key for channel in look().channels] == ["fb-belediye", "x-baskan", "x-belediye"]
