"""Bodies of hooks that arrive at one moment are stored in one transaction; each waits until it is committed.

One lot is stored at a time. Whoever comes meanwhile waits, and is then stored with all others who wait: the
busier it is, the more bodies share one flush to disk, and nobody waits for a clock. What fails together is
tried again one by one, so that no body falls for another's sake.

All of it in the event loop, and with the driver itself: a lot costs less than handing it to a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import psycopg

from inbox import db
from inbox.clock import now
from inbox.states import RawEventState

MOST_TOGETHER = 100
MOST_BYTES_TOGETHER = 16 * 1024 * 1024

# Sorted by what is unique, so that of two who store the same bodies neither waits for the other.
_STORE = """
    INSERT INTO raw_event (source, body, digest, received_at, state, attempts)
    SELECT source, body, sha256(body), %(moment)s, %(state)s, 0
    FROM unnest(%(sources)b::text[], %(bodies)b::bytea[]) AS batch (source, body)
    ORDER BY source, sha256(body)
    ON CONFLICT DO NOTHING
"""


@dataclass(slots=True, eq=False)
class _Arrival:
    source: str
    body: bytes
    stored: asyncio.Future[None]
    brought_news: bool = False


class Arrivals:
    """Where those of one event loop meet who have a body to store."""

    def __init__(self) -> None:
        self._waiting: list[_Arrival] = []
        self._storing: asyncio.Task[None] | None = None
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def store(self, source: str, body: bytes) -> bool:
        """Keep one body; it is committed when this returns. Raises psycopg.Error when it could not be kept.

        Whether to wake whoever reads bodies: of those stored together one is told so, if any of them is new.
        """
        loop = asyncio.get_running_loop()
        own = _Arrival(source, body, loop.create_future())
        self._waiting.append(own)
        if self._storing is None:
            self._storing = loop.create_task(self._store())
        await own.stored
        return own.brought_news

    async def close(self) -> None:
        """Hang up at the database."""
        if self._connection is not None:
            await self._connection.close()

    async def _store(self) -> None:
        """Store batch after batch until nobody waits."""
        try:
            while self._waiting:
                await self._keep(self._next_batch())
        finally:
            self._storing = None

    def _next_batch(self) -> list[_Arrival]:
        sizes = accumulate(len(arrival.body) for arrival in self._waiting[:MOST_TOGETHER])
        count = max(1, sum(size <= MOST_BYTES_TOGETHER for size in sizes))
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _keep(self, batch: Sequence[_Arrival]) -> None:
        """In one transaction; one by one where something in it cannot be kept. Each is told how it fared."""
        try:
            new = await self._stored(batch)
        except psycopg.OperationalError as error:  # the database is away or does not get to it
            _resolve(batch, error)
        except Exception as error:
            if len(batch) == 1:
                _resolve(batch, error)
            else:
                for arrival in batch:
                    await self._keep([arrival])
        else:
            batch[0].brought_news = new > 0
            _resolve(batch, None)

    async def _stored(self, batch: Sequence[_Arrival]) -> int:
        """How many of a lot were not here already: committed."""
        values = {
            "moment": now(),
            "state": RawEventState.PENDING.value,
            "sources": [arrival.source for arrival in batch],
            "bodies": [arrival.body for arrival in batch],
        }
        held = self._connection
        if held is not None and not held.closed:
            try:
                return (await held.execute(_STORE, values, prepare=True)).rowcount
            except psycopg.Error:
                if not held.closed:
                    raise
                # It was dead: the bodies may be stored or not, and storing them again is the same.
        self._connection = await db.connect_async()
        await self._connection.execute(_STORE, values, prepare=True)
        return len(batch)  # of which some may have been here


def _resolve(batch: Sequence[_Arrival], error: Exception | None) -> None:
    for arrival in batch:
        if arrival.stored.done():
            continue  # whoever waited has hung up
        if error is None:
            arrival.stored.set_result(None)
        else:
            arrival.stored.set_exception(error)
