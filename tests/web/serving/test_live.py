"""The live feed tells every browser what changed, to each only what they may know, and never holds a stop."""

from __future__ import annotations

import json
import re
import threading
import time
from typing import Any

import pytest
from flask import Flask

from inbox import db, feed, queries, tracking
from tests.support.waiting import until
from web.serving import lifecycle, live

pytestmark = pytest.mark.usefixtures("streams")


def cursor() -> str:
    with db.transaction() as session:
        return str(feed.now_cursor(session))


def told(browser: Any, after: str) -> list[dict[str, Any]]:
    return browser.get(f"/live/changes?after={after}").json  # type: ignore[no-any-return]


class Listener:
    """A browser's open stream: what it was told, as it comes."""

    def __init__(self, browser: Any, after: str, **headers: str) -> None:
        self.answer = browser.client.get(f"/live?after={after}", headers=headers, buffered=False)
        self.told: list[str] = []
        self.ended = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for chunk in self.answer.response:
            self.told.append(chunk.decode() if isinstance(chunk, bytes) else chunk)
        self.answer.close()
        self.ended.set()

    def changes(self) -> list[dict[str, Any]]:
        """The data of the events so far."""
        return [json.loads(one) for one in re.findall(r"data: (.+)", "".join(self.told))]


def convert(message_id: int, unit: str = "roads") -> int:
    with db.transaction() as session:
        message = queries.message(session, message_id)
        return tracking.convert(session, message, unit=unit, category="pothole", by="test").id


def test_a_message_that_arrives_is_told_within_a_second(moderator: Any, citizens: Any) -> None:
    listener = Listener(moderator, cursor())

    message_id = citizens.say("Çukur var")
    began = time.monotonic()
    until(listener.changes)

    assert time.monotonic() - began < 1.5
    assert f"m{message_id}" in listener.changes()[0]["ids"]
    assert listener.changes()[0]["new"] is True


def test_what_happened_before_the_stream_opened_is_told_first(moderator: Any, citizens: Any) -> None:
    before = cursor()
    message_id = citizens.say("Çukur var")

    listener = Listener(moderator, before)
    until(listener.changes)

    assert f"m{message_id}" in listener.changes()[0]["ids"]


def test_a_browser_that_comes_back_goes_on_from_the_last_event_it_heard(
    moderator: Any, citizens: Any
) -> None:
    start = cursor()
    heard = citizens.say("İlk")
    last_event = cursor()
    missed = citizens.say("Kaçırılan", who="Kemal Acar")

    listener = Listener(moderator, start, **{"Last-Event-ID": last_event})
    until(listener.changes)

    ids = listener.changes()[0]["ids"]
    assert f"m{missed}" in ids
    assert f"m{heard}" not in ids


def test_a_unit_officer_is_told_of_requests_and_of_no_message(officer: Any, citizens: Any) -> None:
    before = cursor()
    message_id = citizens.say("Çukur var")
    assert told(officer, before) == []

    request_id = convert(message_id)

    (change,) = told(officer, before)
    assert change["ids"] == [f"r{request_id}"]
    assert change["new"] is False


def test_the_feed_carries_ids_and_never_a_citizens_words(moderator: Any, citizens: Any) -> None:
    before = cursor()
    citizens.say("Gizli kalsın", who="Zehra Şahin")

    answer = moderator.get(f"/live/changes?after={before}").text

    assert "Gizli" not in answer
    assert "Zehra" not in answer


def test_a_cursor_of_another_epoch_is_told_to_fetch_everything(moderator: Any, citizens: Any) -> None:
    before = cursor()
    with db.transaction() as session:
        feed.raise_epoch(session)

    (change,) = told(moderator, before)

    assert change["all"] is True
    assert told(moderator, change["cursor"]) == []


def test_who_is_far_behind_is_told_to_fetch_everything(
    moderator: Any, citizens: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_ENTRIES", 2)
    before = cursor()
    for number in range(3):
        citizens.say("Bir", who=f"Vatandaş {number}")

    (change,) = told(moderator, before)

    assert change["all"] is True
    assert change["cursor"] == cursor()


def test_streams_leave_half_of_the_threads_to_everybody_else(
    app: Flask, moderator: Any, citizens: Any
) -> None:
    app.config["WEB_THREADS"] = 4
    first, second = Listener(moderator, cursor()), Listener(moderator, cursor())
    until(lambda: len(live.hub.listeners) == 2)

    third = moderator.get(f"/live?after={cursor()}")

    assert third.status_code == 503
    assert told(moderator, cursor()) == []
    assert not first.ended.is_set()
    assert not second.ended.is_set()


def test_every_stream_ends_within_two_seconds_of_a_stop(moderator: Any, citizens: Any) -> None:
    listeners = [Listener(moderator, cursor()) for _ in range(5)]
    until(lambda: len(live.hub.listeners) == 5)

    lifecycle.stop()

    began = time.monotonic()
    for listener in listeners:
        assert listener.ended.wait(2.0)
    assert time.monotonic() - began < 2.0
    assert moderator.get(f"/live?after={cursor()}").status_code == 503


def test_open_streams_hold_no_connection_to_the_database(moderator: Any, citizens: Any) -> None:
    for _ in range(5):
        Listener(moderator, cursor())
    until(lambda: len(live.hub.listeners) == 5)

    until(lambda: db.engine().pool.checkedout() == 0)  # type: ignore[attr-defined]


def test_a_silent_stream_beats(moderator: Any, citizens: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.5)

    listener = Listener(moderator, cursor())

    until(lambda: any(": beat" in one for one in listener.told))


@pytest.mark.parametrize("bad", ["", "x", "1.2", "1.2.x"])
def test_a_place_that_is_none_is_refused(moderator: Any, citizens: Any, bad: str) -> None:
    assert moderator.get(f"/live?after={bad}").status_code == 422


def test_nobody_listens_without_signing_in(browser: Any, citizens: Any) -> None:
    assert browser.get("/live?after=1.0.0").status_code == 302
    assert not live.hub.listeners
