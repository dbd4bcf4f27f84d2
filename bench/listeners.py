"""Many browsers' live streams, in a process of their own: they share no interpreter with what is timed."""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import resource
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

_ID = re.compile(rb"^id: (\S+)$", re.MULTILINE)
_PATIENCE = 60.0


class Listeners:
    """The streams, as the process that measures sees them."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def heard(self) -> list[float]:
        """When each of them heard the next change, by `time.monotonic`, in order."""
        return self._next()

    def wait_until_open(self) -> None:
        """Until all are open."""
        self._next()

    def _next(self) -> list[float]:
        if not self._pipe.poll(_PATIENCE):
            raise TimeoutError(f"some stream was silent for {_PATIENCE:.0f} s")
        found: list[float] = self._pipe.recv()
        return found


@contextmanager
def listening(port: int, cookie: str, after: str, count: int) -> Iterator[Listeners]:
    """So many open streams. They end when the server ends them, or here."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_listen, args=(theirs, port, cookie, after, count), daemon=True)
    process.start()
    theirs.close()
    try:
        listeners = Listeners(ours)
        listeners.wait_until_open()
        yield listeners
    finally:
        process.terminate()
        process.join()
        ours.close()


def _listen(pipe: Connection, port: int, cookie: str, after: str, count: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_Crowd(pipe, count).listen(port, cookie, after))


class _Crowd:
    def __init__(self, pipe: Connection, count: int) -> None:
        self._pipe, self._count = pipe, count
        self._heard: dict[bytes, list[float]] = defaultdict(list)

    async def listen(self, port: int, cookie: str, after: str) -> None:
        lines = f"GET /live?after={after} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Cookie: {cookie}", "", ""
        asked = "\r\n".join(lines).encode()
        opened = await asyncio.gather(*(self._open(port, asked) for _ in range(self._count)))
        self._pipe.send([])
        await asyncio.gather(*(self._read(reader) for reader, _ in opened))

    async def _open(self, port: int, asked: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(asked)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(f"a stream was answered {head[:40]!r}")
        return reader, writer

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if found := _ID.match(line.rstrip()):
                self._note(found[1], time.monotonic())

    def _note(self, cursor: bytes, at: float) -> None:
        heard = self._heard[cursor]
        heard.append(at)
        if len(heard) == self._count:
            self._pipe.send(heard)
            del self._heard[cursor]
