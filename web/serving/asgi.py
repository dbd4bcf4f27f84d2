"""What is written for threads, served by an event loop: Flask's screens and the API."""

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
    """A WSGI application as an ASGI one: each answer is made by one of `threads` threads.

    An answer does not hear that whoever asked has hung up, so none may go on for long.
    """

    def __init__(self, application: WSGIApplication, *, threads: int) -> None:
        self._application = application
        self._inner = WSGIMiddleware(self._answer, workers=threads)  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def received() -> (
            Event
        ):  # the threads ask for a coroutine, and the server's own `receive` is none
            return await receive()

        await self._inner(scope, received, send)  # type: ignore[arg-type]

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True  # the server has seen to where the body ends
        return self._application(environ, start_response)
