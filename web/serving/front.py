"""The ASGI application: routes hook bodies and live streams to the event loop, and all else to threads.

A hook waits only for the database, and a live stream only for changes. Hundreds may wait at once without
taking a thread from the screens and the API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.serving.asgi import InThreads, Receive, Scope, Send
from web.serving.hooks import Hooks, is_hook_body
from web.serving.streams import Streams, asks_for_stream

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Front:
    """The ASGI application of this process."""

    def __init__(self, application: WSGIApplication, *, threads: int) -> None:
        self.hooks = Hooks()
        self._screens = InThreads(application, threads=threads)
        self.streams = Streams(self._screens)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if is_hook_body(scope):
            await self.hooks(scope, receive, send)
        elif asks_for_stream(scope):
            await self.streams(scope, receive, send)
        else:
            await self._screens(scope, receive, send)
