"""What is written for threads, served by an event loop: Flask's screens, the API, the live streams."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from a2wsgi import WSGIMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_GONE = "cozum.gone"


class InThreads:
    """A WSGI application as an ASGI one: each answer is made by one of `threads` threads.

    The body of an answer ends early when whoever asked has hung up: else a stream would go on for nobody.
    """

    def __init__(self, application: WSGIApplication, *, threads: int) -> None:
        self._application = application
        self._inner = WSGIMiddleware(self._answer, workers=threads)  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        first = await receive()
        if first["type"] == "http.disconnect":
            return
        gone = scope[_GONE] = threading.Event()

        async def wait_for_end() -> None:
            await receive()  # nothing else can come when the whole body is here
            gone.set()

        async def receive_on() -> Event:
            nonlocal first
            told, first = first, {}
            return told or await receive()

        watch = None if first.get("more_body") else asyncio.create_task(wait_for_end())
        try:
            await self._inner(scope, receive_on, send)  # type: ignore[arg-type]
        finally:
            if watch is not None:
                watch.cancel()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True  # the server has seen to where the body ends
        gone: threading.Event = environ["asgi.scope"][_GONE]
        answer = self._application(environ, start_response)
        return _Parts(answer, gone)


class _Parts:
    def __init__(self, answer: Iterable[bytes], gone: threading.Event) -> None:
        self._answer, self._gone = answer, gone

    def __iter__(self) -> Iterator[bytes]:
        for part in self._answer:
            if self._gone.is_set():
                return
            yield part

    def close(self) -> None:
        close = getattr(self._answer, "close", None)
        if close is not None:
            close()
