"""Runs the WSGI application (screens and API) in threads of an ASGI server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any

from a2wsgi import WSGIMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class InThreads:
    """An ASGI application that answers each request of a WSGI one in one of `threads` threads.

    The WSGI application does not notice that a client has disconnected, so no answer may take long.
    """

    def __init__(self, application: WSGIApplication, *, threads: int) -> None:
        self._application = application
        self._inner = WSGIMiddleware(self._answer, workers=threads)  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        # a2wsgi needs a coroutine function, and Granian's `receive` is none.
        async def receive_coroutine() -> Event:
            return await receive()

        await self._inner(scope, receive_coroutine, send)  # type: ignore[arg-type]

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True  # the server ends the input where the body ends
        return self._application(environ, start_response)
