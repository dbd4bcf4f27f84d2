"""A live stream tells what changed to who may know it, holds nothing, and ends when it should."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Protocol

import pytest
from structlog.testing import capture_logs

from inbox import db, feed, people, queries, tracking
from inbox.feed import Cursor
from inbox.states import Role
from tests.support.away import database_away
from tests.support.front import Client, Listening
from tests.support.waiting import until
from tests.web.conftest import Browser
from web.serving import lifecycle, live, streams
from web.serving.streams import Hub, Listener


class Listen(Protocol):
    """Opens a stream as whose browser it is, going on after a place of the feed."""

    def __call__(
        self, browser: Browser, after: str, *, last_event: str = "", reads: bool = True
    ) -> Listening: ...


@pytest.fixture(name="front")
def _front(served_streams: Client) -> Client:
    return served_streams


@pytest.fixture
def listen(front: Client) -> Listen:
    """Whose stream is open when this returns, unless it was refused."""

    def open_stream(browser: Browser, after: str, *, last_event: str = "", reads: bool = True) -> Listening:
        headers = {"Cookie": browser.cookie(), "Last-Event-ID": last_event}
        stream = front.listen(f"/live?after={after}", headers, reads=reads)
        until(lambda: stream.text or stream.ended.is_set(), 20)
        return stream

    return open_stream


def cursor() -> str:
    with db.transaction() as session:
        return str(feed.now_cursor(session))


def listeners(front: Client) -> int:
    return len(front.front.streams.hub.listeners)


def convert(message_id: int) -> int:
    with db.transaction() as session:
        message = queries.message(session, message_id)
        return tracking.convert(session, message, unit="roads", category="pothole", by="test").id


# --- what is told, and to whom ------------------------------------------------------------------------


def test_a_message_that_arrives_is_told_within_a_second(
    moderator: Browser, citizens: Any, listen: Listen
) -> None:
    stream = listen(moderator, cursor())

    message_id = citizens.say("Çukur var")
    began = time.monotonic()
    until(stream.changes)

    assert time.monotonic() - began < 1.5
    assert f"m{message_id}" in stream.changes()[0]["ids"]
    assert stream.changes()[0]["new"] is True


def test_what_happened_before_the_stream_opened_is_told_first(
    moderator: Browser, citizens: Any, listen: Listen
) -> None:
    before = cursor()
    message_id = citizens.say("Çukur var")

    stream = listen(moderator, before)
    until(stream.changes)

    assert f"m{message_id}" in stream.changes()[0]["ids"]


def test_a_browser_that_comes_back_goes_on_from_the_last_event_it_heard(
    moderator: Browser, citizens: Any, listen: Listen
) -> None:
    start = cursor()
    heard = citizens.say("İlk")
    last_event = cursor()
    missed = citizens.say("Kaçırılan", who="Kemal Acar")

    stream = listen(moderator, start, last_event=last_event)
    until(stream.changes)

    ids = stream.changes()[0]["ids"]
    assert f"m{missed}" in ids
    assert f"m{heard}" not in ids


def test_a_cursor_of_another_epoch_is_told_to_fetch_everything_and_goes_on(
    moderator: Browser, citizens: Any, listen: Listen
) -> None:
    before = cursor()
    with db.transaction() as session:
        feed.raise_epoch(session)

    stream = listen(moderator, before)
    until(stream.changes)
    message_id = citizens.say("Çukur var")
    until(lambda: len(stream.changes()) > 1)

    assert stream.changes()[0]["all"] is True
    assert f"m{message_id}" in stream.changes()[1]["ids"]


def test_who_names_a_place_to_come_keeps_nobody_from_hearing(
    moderator: Browser, citizens: Any, listen: Listen
) -> None:
    now = Cursor.parse(cursor())
    first = listen(moderator, f"{now.epoch}.{now.xact + 10**9}.{now.id}")
    second = listen(moderator, str(now))

    message_id = citizens.say("Çukur var")

    for stream in (first, second):
        until(lambda stream=stream: f"m{message_id}" in str(stream.changes()))  # type: ignore[misc]


def test_who_was_let_in_while_the_others_heard_more_hears_that_too(
    citizens: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = Cursor.parse(cursor())
    message_id = citizens.say("Çukur var")
    ahead = Cursor.parse(cursor())

    async def scene() -> bytes:
        hub = Hub()
        first, second = Listener(Role.MODERATOR), Listener(Role.MODERATOR)
        await hub.join(first, ahead)
        await hub.join(second, behind)
        hub.leave(first)
        hub.leave(second)
        assert first.waiting.empty()
        return second.waiting.get_nowait()

    assert f"m{message_id}".encode() in asyncio.run(scene())


def test_a_unit_officer_is_told_of_requests_and_of_no_message(
    officer: Browser, moderator: Browser, citizens: Any, listen: Listen
) -> None:
    start = cursor()
    officers, moderators = listen(officer, start), listen(moderator, start)

    message_id = citizens.say("Çukur var")
    until(lambda: f"m{message_id}" in str(moderators.changes()))
    assert officers.changes() == []
    request_id = convert(message_id)
    until(officers.changes)

    assert officers.changes() == [{"ids": [f"r{request_id}"], "new": False, "all": False}]


# --- who is let in ------------------------------------------------------------------------------------


def test_nobody_listens_without_signing_in(front: Client, browser: Browser, town: None) -> None:
    stranger = front.listen("/live?after=1.0.0", {})
    scripted = front.listen("/live?after=1.0.0", {"HX-Request": "true"})
    until(lambda: stranger.ended.is_set() and scripted.ended.is_set(), 20)

    assert stranger.status == 302
    assert stranger.headers["Location"].startswith("/login")
    assert scripted.status == 401
    assert listeners(front) == 0


def test_who_is_signed_out_everywhere_is_not_let_in_again(
    moderator: Browser, citizens: Any, listen: Listen
) -> None:
    with db.transaction() as session:
        user = people.by_email(session, "moderator@city.test")
        assert user is not None
        people.set_password(session, user, "another one, and long enough", by="test")  # ends every session

    assert listen(moderator, cursor()).status == 302


def test_a_place_that_is_none_is_refused(moderator: Browser, citizens: Any, listen: Listen) -> None:
    assert listen(moderator, "1.2.x").status == 422


def test_a_stream_is_neither_kept_nor_held_back_on_its_way(
    moderator: Browser, citizens: Any, listen: Listen
) -> None:
    headers = listen(moderator, cursor()).headers

    assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Length" not in headers


def test_who_finds_no_place_asks_instead_until_one_is_free(
    front: Client, moderator: Browser, citizens: Any, listen: Listen
) -> None:
    front.front.streams._most = 2
    first, second = listen(moderator, cursor()), listen(moderator, cursor())

    assert listen(moderator, cursor()).status == 503
    assert moderator.get(f"/live/changes?after={cursor()}").json == []
    assert not first.ended.is_set()
    assert not second.ended.is_set()

    first.hang_up()
    assert first.ended.wait(5)
    assert listen(moderator, cursor()).status == 200


# --- what it holds, and how it ends -------------------------------------------------------------------


def test_open_streams_hold_no_connection_to_the_database(
    front: Client, moderator: Browser, citizens: Any, listen: Listen
) -> None:
    for _ in range(5):
        listen(moderator, cursor())
    assert listeners(front) == 5

    until(lambda: db.engine().pool.checkedout() == 0)  # type: ignore[attr-defined]


def test_more_streams_than_threads_leave_screens_alone(
    front: Client, moderator: Browser, citizens: Any, listen: Listen
) -> None:
    opened = [listen(moderator, cursor()) for _ in range(20)]  # the front has four threads

    assert front.get("/login").status_code == 200
    assert {stream.status for stream in opened} == {200}


def test_a_browser_that_hangs_up_leaves_nothing(
    front: Client, moderator: Browser, citizens: Any, listen: Listen
) -> None:
    stream, other = listen(moderator, cursor()), listen(moderator, cursor())

    stream.hang_up()
    assert stream.ended.wait(5)
    assert listeners(front) == 1
    other.hang_up()
    assert other.ended.wait(5)

    assert listeners(front) == 0
    until(lambda: front.front.streams.hub._reading is None)


def test_every_stream_ends_within_two_seconds_of_a_stop(
    moderator: Browser, citizens: Any, listen: Listen
) -> None:
    opened = [listen(moderator, cursor()) for _ in range(5)]

    lifecycle.stop()

    began = time.monotonic()
    for stream in opened:
        assert stream.ended.wait(2.0)
    assert time.monotonic() - began < 2.0
    assert listen(moderator, cursor()).status == 503


def test_a_stream_ends_by_itself_so_that_who_listens_is_asked_again(
    moderator: Browser, citizens: Any, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LONGEST_SECONDS", 0.5)

    assert listen(moderator, cursor()).ended.wait(5)


def test_a_silent_stream_beats(
    moderator: Browser, citizens: Any, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "BEAT_SECONDS", 0.5)

    stream = listen(moderator, cursor())

    until(lambda: ": beat" in stream.text)


def test_a_browser_that_does_not_read_is_ended_and_no_other(
    moderator: Browser, citizens: Any, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_WAITING", 2)
    monkeypatch.setattr(streams, "READ_SECONDS", 0.02)
    deaf, other = listen(moderator, cursor(), reads=False), listen(moderator, cursor())

    for number in range(3):
        assert not deaf.ended.is_set()
        message_id = citizens.say("Çukur var", who=f"Vatandaş {number}")
        until(lambda message_id=message_id: f"m{message_id}" in str(other.changes()))  # type: ignore[misc]

    assert deaf.ended.wait(5)
    assert not other.ended.is_set()


def test_streams_outlive_a_database_that_is_away_and_say_so_once(
    moderator: Browser, citizens: Any, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LOST_SECONDS", 0.02)
    asked: list[Cursor] = []
    read = live.changes_after

    def counted(after: Cursor) -> live.Change | None:
        asked.append(after)
        return read(after)

    stream = listen(moderator, cursor())
    with capture_logs() as logged:
        with database_away():
            monkeypatch.setattr(live, "changes_after", counted)
            until(lambda: len(asked) > 5, 20)
        message_id = citizens.say("Çukur var")
        until(lambda: f"m{message_id}" in str(stream.changes()), 20)

    assert not stream.ended.is_set()
    said = [line["event"] for line in logged if line["event"].startswith("live_feed")]
    assert said == ["live_feed_waits", "live_feed_goes_on"]
