"""The front of a process, asked in this one: hooks and live streams in an event loop, all else in threads."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, TestResponse

from web import create_app
from web.serving.asgi import Event
from web.serving.front import Front

PIECE = 65536  # bytes of a body that come at once


@dataclass(frozen=True)
class Client:
    """Asks as platforms and people do; each call waits for its answer."""

    front: Front
    loop: asyncio.AbstractEventLoop

    def get(self, path: str, query_string: Mapping[str, str] | None = None) -> TestResponse:
        """Ask for `path`."""
        return self._ask(EnvironBuilder(path, query_string=query_string))

    def post(
        self,
        path: str,
        data: bytes = b"",
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> TestResponse:
        """Send `data` to `path`."""
        return self._ask(
            EnvironBuilder(
                path,
                method="POST",
                data=data,
                headers=Headers(dict(headers or {})),
                content_type=content_type,
            )
        )

    def listen(self, path: str, headers: Mapping[str, str], *, reads: bool = True) -> Listening:
        """Ask for a stream; one that is not read takes the beginning of its answer and no more."""
        scope = _scope(EnvironBuilder(path, headers=Headers(dict(headers))))
        listening = Listening(self.loop, reads)
        asyncio.run_coroutine_threadsafe(listening.run(self.front, scope), self.loop)
        return listening

    def _ask(self, asked: EnvironBuilder) -> TestResponse:
        request = asked.get_request()
        answer = self._answered(_scope(asked), request.get_data())
        told = asyncio.run_coroutine_threadsafe(answer, self.loop).result(60)
        headers = [(name.decode(), value.decode()) for name, value in told[0]["headers"]]
        body = [part.get("body", b"") for part in told[1:]]
        return TestResponse(body, str(int(told[0]["status"])), Headers(headers), request)

    async def _answered(self, scope: dict[str, Any], body: bytes) -> list[Event]:
        pieces = [body[start : start + PIECE] for start in range(0, len(body), PIECE)] or [b""]
        coming: asyncio.Queue[Event] = asyncio.Queue()
        for left, piece in zip(range(len(pieces) - 1, -1, -1), pieces, strict=True):
            coming.put_nowait({"type": "http.request", "body": piece, "more_body": left > 0})
        told: list[Event] = []

        async def send(event: Event) -> None:
            told.append(event)

        await self.front(scope, coming.get, send)
        return told


class Listening:
    """A stream as its server sees it: what was sent so far, and whether it ended."""

    def __init__(self, loop: asyncio.AbstractEventLoop, reads: bool) -> None:
        self.status: int | None = None
        self.headers = Headers()
        self.text = ""
        self.ended = threading.Event()
        self._loop, self._reads = loop, reads
        self._coming: asyncio.Queue[Event] = asyncio.Queue()
        self._coming.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def run(self, front: Front, scope: dict[str, Any]) -> None:
        """Ask, and listen until the answer ends."""
        try:
            await front(scope, self._coming.get, self._send)
        finally:
            self.ended.set()

    async def _send(self, event: Event) -> None:
        if event["type"] == "http.response.start":
            self.status = int(event["status"])
            self.headers = Headers([(name.decode(), value.decode()) for name, value in event["headers"]])
        else:
            self.text += event.get("body", b"").decode()
            if not self._reads:
                await asyncio.Event().wait()

    def changes(self) -> list[dict[str, Any]]:
        """The data of the events so far."""
        return [json.loads(data) for data in re.findall(r"data: (.+)", self.text)]

    def hang_up(self) -> None:
        """Leave, as a browser does that is closed."""
        self._loop.call_soon_threadsafe(self._coming.put_nowait, {"type": "http.disconnect"})


def _scope(asked: EnvironBuilder) -> dict[str, Any]:
    request = asked.get_request()
    return {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "query_string": request.query_string,
        "headers": [(name.lower().encode(), value.encode()) for name, value in request.headers.items()],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 40000),
    }


@contextmanager
def knocking() -> Iterator[Client]:
    """A client of the whole application."""
    client = Client(Front(create_app(), threads=4), asyncio.new_event_loop())
    thread = threading.Thread(target=client.loop.run_forever)
    thread.start()
    try:
        yield client
    finally:
        asyncio.run_coroutine_threadsafe(client.front.hooks.close(), client.loop).result(10)
        client.loop.call_soon_threadsafe(client.loop.stop)
        thread.join()
        client.loop.close()
