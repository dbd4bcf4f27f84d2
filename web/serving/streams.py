"""The live streams of this process, in its event loop: a stream holds no thread and no database connection.

Flask checks once, when a stream opens, whether the user may listen (`live.stream`). While there are streams,
one thread reads the history four times a second and passes changes to all of them. A stream sends a comment
every ten seconds as a heartbeat. It ends when the process stops, when its browser disconnects or falls too
far behind, and after about ten minutes.
"""

from __future__ import annotations

import asyncio
import random
import resource
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import structlog
from prometheus_client import Gauge
from sqlalchemy.exc import SQLAlchemyError

from inbox.feed import Cursor
from inbox.states import Role
from web.serving import lifecycle, live
from web.serving.asgi import Application, Event, Receive, Scope, Send
from web.serving.live import Admission, Change, Question

log = structlog.get_logger()

READ_SECONDS = 0.25
LOST_SECONDS = 2.0
"""The pause before the database is asked again after an error."""
BEAT_SECONDS = 10.0
LONGEST_SECONDS = 600.0
"""A stream ends after about this time. The browser reconnects, and log-outs and new roles take effect."""
MOST_STREAMS = 2000
"""In one process. Further browsers get 503 and poll `/live/changes`."""
OPENING_AT_ONCE = 8
"""Streams whose users are checked at the same time: each check takes one of the screens' threads."""
MOST_WAITING = 100
"""Unread changes of one browser; with more, its stream ends."""
SPARE_DESCRIPTORS = 512
"""File descriptors reserved for everything that is not a stream."""

OPEN = Gauge("cozum_live_streams", "Live streams open in this process", registry=None)


def asks_for_stream(scope: Scope) -> bool:
    """Whether a request asks for a live stream."""
    return (scope["type"], scope.get("method"), scope["path"]) == ("http", "GET", "/live")


def most_streams() -> int:
    """The most streams that the limit of open files lets this process hold, at most MOST_STREAMS."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST_STREAMS
    return max(1, min(MOST_STREAMS, files - SPARE_DESCRIPTORS))


class Listener:
    """One open stream."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)
        longest = LONGEST_SECONDS * random.uniform(0.9, 1.1)  # noqa: S311 (so that not all reconnect at once)
        self.life = asyncio.timeout(longest)

    def tell(self, event: bytes) -> None:
        """Queue `event` for the browser, or end the stream if it is too far behind."""
        try:
            self.waiting.put_nowait(event)
        except asyncio.QueueFull:
            log.warning("live_reader_too_slow", waiting=self.waiting.qsize())
            self.end()

    def end(self) -> None:
        """End this stream at once, whatever it waits for."""
        if not self.life.expired():
            self.life.reschedule(0)


class Hub:
    """Reads the history for all listeners of one event loop, while there are listeners."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.reached = Cursor(0, 0, 0)
        self._reading: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live-feed")

    async def join(self, listener: Listener, reached: Cursor) -> None:
        """Send a listener everything after the cursor `reached`. A change may be sent twice."""
        self.listeners.add(listener)
        if self._reading is None:
            self.reached = reached
            self._reading = asyncio.create_task(self._read())
        elif reached < self.reached:  # the hub is ahead: send what this listener missed
            await self._tell_missed(listener, reached)

    def leave(self, listener: Listener) -> None:
        """Forget a listener whose stream has ended."""
        self.listeners.discard(listener)

    def end_all(self) -> None:
        """End every stream."""
        for listener in self.listeners:
            listener.end()

    async def _changes_after(self, cursor: Cursor) -> Change | None:
        return await asyncio.get_running_loop().run_in_executor(self._thread, live.changes_after, cursor)

    async def _tell_missed(self, listener: Listener, reached: Cursor) -> None:
        try:
            missed = await self._changes_after(reached)
        except SQLAlchemyError:
            listener.end()  # the browser reconnects and continues from the last event it got
            return
        if missed is not None and (event := missed.event(listener.role)) is not None:
            listener.tell(event)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            with lifecycle.called_at_stop(lambda: loop.call_soon_threadsafe(self.end_all)):
                await self._read_on()
        finally:
            self._reading = None
            self.end_all()  # listeners are left only if reading failed

    async def _read_on(self) -> None:
        lost = False
        while self.listeners:
            await asyncio.sleep(LOST_SECONDS if lost else READ_SECONDS)
            try:
                found = await self._changes_after(self.reached)
            except SQLAlchemyError as error:
                if not lost:
                    log.warning("live_feed_waits", error=type(error).__name__, streams=len(self.listeners))
                lost = True
                continue
            if lost:
                log.info("live_feed_goes_on", streams=len(self.listeners))
                lost = False
            if found is not None:
                self.reached = found.cursor
                self._tell(found)

    def _tell(self, found: Change) -> None:
        events = {role: found.event(role) for role in {listener.role for listener in self.listeners}}
        for listener in self.listeners:
            if (event := events[listener.role]) is not None:
                listener.tell(event)


class Streams:
    """Answers `GET /live`. `screens`, the Flask application, decides whether the user may listen."""

    def __init__(self, screens: Application) -> None:
        self._screens = screens
        self._most = most_streams()
        self._open = 0
        self._opening = asyncio.Semaphore(OPENING_AT_ONCE)
        self.hub = Hub()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for which `asks_for_stream` is true."""
        if lifecycle.stopping() or self._open >= self._most:
            await _answer_unavailable(send)
            return
        self._open += 1
        try:
            admission = await self._admit(scope, receive, send)
            if admission is not None:
                with OPEN.track_inprogress():
                    await self._tell(admission, receive, send)
        finally:
            self._open -= 1

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> Admission | None:
        """Ask Flask whether the user may listen, and if so send its headers.

        None where they may not: then Flask's whole answer has been sent.
        """
        scope[live.QUESTION] = question = Question()
        is_admitted = False

        async def pass_on(event: Event) -> None:
            nonlocal is_admitted
            if event["type"] == "http.response.start":
                is_admitted = question.answer is not None and event["status"] == HTTPStatus.OK
            if event["type"] == "http.response.start" or not is_admitted:
                await send(event)

        async with self._opening:
            await self._screens(scope, receive, pass_on)
        return question.answer if is_admitted else None

    async def _tell(self, admission: Admission, receive: Receive, send: Send) -> None:
        """Write changes to one browser until its stream ends."""
        listener = Listener(admission.role)
        watch = asyncio.create_task(_end_when_gone(listener, receive))
        try:
            async with listener.life:
                if lifecycle.stopping():
                    return
                await self.hub.join(listener, admission.reached)
                await _write(listener, admission.missed, send)
        except TimeoutError:
            pass  # `Listener.end` or the end of its lifetime
        finally:
            self.hub.leave(listener)
            watch.cancel()


async def _end_when_gone(listener: Listener, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.end()


async def _write(listener: Listener, missed: Change | None, send: Send) -> None:
    """Write the change a listener missed, then its queue, and a heartbeat every ten quiet seconds."""
    event: bytes | None = b"retry: %d\n\n" % random.randint(1000, 4000)  # noqa: S311
    await send({"type": "http.response.body", "body": event, "more_body": True})
    event = missed.event(listener.role) if missed is not None else None
    while True:
        if event is not None:
            await send({"type": "http.response.body", "body": event, "more_body": True})
        try:
            async with asyncio.timeout(BEAT_SECONDS):
                event = await listener.waiting.get()
        except TimeoutError:
            event = b": beat\n\n"


async def _answer_unavailable(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": HTTPStatus.SERVICE_UNAVAILABLE, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
