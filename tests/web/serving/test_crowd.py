"""A thousand browsers listen to one process of the real server, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection

import psutil
import pytest

from inbox import db, feed
from tests.support import crowd
from tests.support.serving import free_port, served
from tests.support.waiting import until
from tests.web.conftest import Browser, Citizens

MANY = 1000
MOST_BYTES = 100_000  # of memory a stream; seen: 44 thousand


@dataclass(frozen=True)
class Server:
    """The whole application, served by a process that `process` watches over."""

    port: int
    process: psutil.Process

    def streams(self) -> int:
        """How many it says are open."""
        return crowd.streams_open(self.port)

    def answer(self, path: str, body: bytes | None = None, **headers: str) -> int:
        """The status of an answer; raises TimeoutError when none comes in ten seconds."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as line:
            line.request("GET" if body is None else "POST", path, body, headers)
            return line.getresponse().status

    def memory(self) -> int:
        """Bytes that the process that serves holds."""
        (serving,) = self.process.children()
        return int(serving.memory_info().rss)


@pytest.fixture
def server(database: None, environment: dict[str, str]) -> Iterator[Server]:
    """The whole application, served."""
    port = free_port()
    with served(port, "-m", "web", "--port", str(port), env={**os.environ, **environment}) as process:
        yield Server(port, process)


def cursor() -> str:
    with db.transaction() as session:
        return str(feed.now_cursor(session))


def test_a_thousand_browsers_hear_a_change_and_leave_nothing_behind(
    server: Server, moderator: Browser, citizens: Citizens
) -> None:
    crowd.allow_files(MANY + 500)

    async def scene() -> None:
        before = server.memory()
        ears = await crowd.gather(MANY, server.port, moderator.cookie(), cursor())
        assert {ear.status for ear in ears} == {200}
        assert await asyncio.to_thread(server.streams) == MANY
        assert server.memory() - before < MANY * MOST_BYTES

        message_id = await asyncio.to_thread(citizens.say, "Çukur var")
        await crowd.until_all(ears, f"m{message_id}")

        body = b'{"object": "page"}'
        signature = "sha256=" + hmac.new(b"app-secret", body, hashlib.sha256).hexdigest()
        signed = {"X-Hub-Signature-256": signature}
        assert await asyncio.to_thread(server.answer, "/hooks/meta", body, **signed) == 200
        assert await asyncio.to_thread(server.answer, "/login") == 200
        for ear in ears:
            ear.hang_up()

    asyncio.run(scene())
    until(lambda: server.streams() == 0, 20)


def test_a_thousand_streams_end_within_two_seconds_of_a_stop(
    server: Server, moderator: Browser, citizens: Citizens
) -> None:
    crowd.allow_files(MANY + 500)
    family = [server.process, *server.process.children(recursive=True)]

    async def scene() -> float:
        ears = await crowd.gather(MANY, server.port, moderator.cookie(), cursor())
        assert {ear.status for ear in ears} == {200}
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*(ear.listening for ear in ears))
        return time.monotonic() - began

    ended = asyncio.run(scene())
    _, left = psutil.wait_procs(family, timeout=15)

    assert ended < 2
    assert left == []
