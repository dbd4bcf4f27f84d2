"""The live streams of this process, in its event loop: a stream holds no thread and no connection.

Flask says who may listen (`live.stream`), once, when a stream opens. While anybody listens, one thread reads
the history every fraction of a second, and each stream is told what was found. A stream beats every ten
seconds; it ends at once when the process stops, when its browser hangs up, when the browser does not read
what it is told, and after some minutes.
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
"""How long a database that did not answer is left alone."""
BEAT_SECONDS = 10.0
LONGEST_SECONDS = 600.0
"""A stream ends about then and the browser comes back by itself: a log-out or a new role then counts."""
MOST_STREAMS = 2000
"""Of one process. Whoever comes later is answered 503 and asks `/live/changes`."""
OPENING_AT_ONCE = 8
"""Streams whose browsers are being looked up: each takes one of the threads that make screens."""
MOST_WAITING = 100
"""Changes that one browser may leave unread; with more its stream ends."""
SPARE_DESCRIPTORS = 512
"""Of the files that the system lets this process open, so many are kept for all that is not a stream."""

OPEN = Gauge("cozum_live_streams", "Live streams open in this process", registry=None)


def listens(scope: Scope) -> bool:
    """Whether a request asks for a live stream."""
    return (scope["type"], scope.get("method"), scope["path"]) == ("http", "GET", "/live")


def most_streams() -> int:
    """As many as one process may have here."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST_STREAMS
    return max(1, min(MOST_STREAMS, files - SPARE_DESCRIPTORS))


class Listener:
    """One open stream."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)
        longest = LONGEST_SECONDS * random.uniform(0.9, 1.1)  # noqa: S311 (so that not all come back at once)
        self.life = asyncio.timeout(longest)

    def tell(self, event: bytes) -> None:
        """Let it hear `event`; a reader that is too far behind is ended."""
        try:
            self.waiting.put_nowait(event)
        except asyncio.QueueFull:
            log.warning("live_reader_too_slow", waiting=self.waiting.qsize())
            self.end()

    def end(self) -> None:
        """End this stream, whatever it waits for."""
        if not self.life.expired():
            self.life.reschedule(0)


class Hub:
    """Reads the history for all listeners of one event loop, while there are any."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.reached = Cursor(0, 0, 0)
        self._reading: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live-feed")

    async def join(self, listener: Listener, reached: Cursor) -> None:
        """Let a listener hear everything after `reached`; something may come twice."""
        self.listeners.add(listener)
        if self._reading is None:
            self.reached = reached
            self._reading = asyncio.create_task(self._read())
        elif reached < self.reached:  # the others heard what this one did not
            await self._tell_missed(listener, reached)

    def leave(self, listener: Listener) -> None:
        """This listener is gone."""
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
            listener.end()  # the browser comes back and goes on from the last it heard
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
            self.end_all()  # of whom there are any only where reading broke

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
    """Answers `GET /live`; `screens` is asked whether whoever asks may listen."""

    def __init__(self, screens: Application) -> None:
        self._screens = screens
        self._most = most_streams()
        self._open = 0
        self._opening = asyncio.Semaphore(OPENING_AT_ONCE)
        self.hub = Hub()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request that `listens`."""
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
        """Ask Flask, and begin the answer as it does; None: the answer was another one, and is whole."""
        scope[live.QUESTION] = question = Question()
        let_in = False

        async def pass_on(event: Event) -> None:
            nonlocal let_in
            if event["type"] == "http.response.start":
                let_in = question.answer is not None and event["status"] == HTTPStatus.OK
            if event["type"] == "http.response.start" or not let_in:
                await send(event)

        async with self._opening:
            await self._screens(scope, receive, pass_on)
        return question.answer if let_in else None

    async def _tell(self, admission: Admission, receive: Receive, send: Send) -> None:
        """Tell one browser what happens until its stream ends."""
        listener = Listener(admission.role)
        watch = asyncio.create_task(_end_when_gone(listener, receive))
        try:
            async with listener.life:
                if lifecycle.stopping():
                    return
                await self.hub.join(listener, admission.reached)
                await _write(listener, admission.missed, send)
        except TimeoutError:
            pass  # it was ended
        finally:
            self.hub.leave(listener)
            watch.cancel()


async def _end_when_gone(listener: Listener, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.end()


async def _write(listener: Listener, missed: Change | None, send: Send) -> None:
    """Write what a listener missed, then what it is told, and a beat where there is nothing to tell."""
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
