"""Browsers by the thousand: open live streams of a real server, held by one event loop."""

from __future__ import annotations

import asyncio
import json
import re
import resource
import time
import urllib.request
from collections.abc import Iterable
from typing import Any

import pytest

HEARD = re.compile(r"^data: (.+)$", re.MULTILINE)


class Ear:
    """One browser's stream: what it heard, and when it ended."""

    def __init__(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = head.decode()
        self.status = int(head.split(b" ", 2)[1])
        self.text = ""
        self.first_heard: float | None = None
        self._reader, self._writer = reader, writer
        self.listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            while part := await self._reader.read(65536):
                self.text += part.decode()
                if self.first_heard is None and "data:" in self.text:
                    self.first_heard = time.monotonic()
        except ConnectionError:
            pass
        finally:
            self._writer.transport.abort()
            self._writer.close()

    def changes(self) -> list[dict[str, Any]]:
        """What it was told so far."""
        return [json.loads(data) for data in HEARD.findall(self.text)]

    def hang_up(self) -> None:
        """Leave without a word."""
        self.listening.cancel()


async def listen(port: int, cookie: str, after: str) -> Ear:
    """One stream that goes on after a place of the feed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = f"GET /live?after={after} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Cookie: {cookie}", "", ""
    writer.write("\r\n".join(lines).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    return Ear(head, reader, writer)


async def gather(count: int, port: int, cookie: str, after: str) -> list[Ear]:
    """So many streams, opened at once."""
    return await asyncio.gather(*(listen(port, cookie, after) for _ in range(count)))


async def until_all(ears: Iterable[Ear], heard: str, *, seconds: float = 60) -> None:
    """Return when every one of them heard a change of this id."""
    deaf = list(ears)
    end = time.monotonic() + seconds
    while deaf := [ear for ear in deaf if not any(heard in change["ids"] for change in ear.changes())]:
        assert time.monotonic() < end, f"{len(deaf)} heard nothing of {heard} in {seconds:g} s"
        await asyncio.sleep(0.02)


def streams_open(port: int) -> int:
    """How many a server says are open."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        found = re.search(r"^cozum_live_streams (\S+)$", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def allow_files(count: int) -> None:
    """Let this process open so many files; skips where the system forbids it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            pytest.skip(f"this system lets a process open {hard} files, not {count}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
