"""What one process serves: the bodies of hooks and live streams in its event loop, all else in threads.

A hook waits for nothing but the database and a live stream for nothing but a change, so hundreds may wait at
once and none takes a thread from the desk. A screen or an answer of the API takes one while it is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.serving.asgi import InThreads, Receive, Scope, Send
from web.serving.hooks import Hooks, knocks
from web.serving.streams import Streams, listens

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
        if knocks(scope):
            await self.hooks(scope, receive, send)
        elif listens(scope):
            await self.streams(scope, receive, send)
        else:
            await self._screens(scope, receive, send)
