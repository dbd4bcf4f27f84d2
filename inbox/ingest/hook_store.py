"""Group commit for hook bodies: bodies that arrive at the same time are stored in one transaction.

One batch is stored at a time. Bodies that arrive meanwhile wait for it and form the next batch: under load
more bodies share one flush to disk, and nothing waits for a timer. If a batch fails, its bodies are stored
one by one, so that a bad body does not affect the others.

It runs in the event loop with the bare driver: handing a batch to a thread would cost more than storing it.
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

# Sorted by the unique key: two processes that store the same bodies cannot deadlock.
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
    """The waiting bodies of one event loop."""

    def __init__(self) -> None:
        self._waiting: list[_Arrival] = []
        self._storing: asyncio.Task[None] | None = None
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def store(self, source: str, body: bytes) -> bool:
        """Store one body; it is committed when this returns. Raises psycopg.Error when it was not stored.

        True when the caller should wake the ingest worker: for one body of each batch with new bodies.
        """
        loop = asyncio.get_running_loop()
        own = _Arrival(source, body, loop.create_future())
        self._waiting.append(own)
        if self._storing is None:
            self._storing = loop.create_task(self._store())
        await own.stored
        return own.brought_news

    async def close(self) -> None:
        """Close the database connection."""
        if self._connection is not None:
            await self._connection.close()

    async def _store(self) -> None:
        """Store batches until no body waits."""
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
        """Store a batch in one transaction, or one by one if that fails. Resolves every future."""
        try:
            new = await self._stored(batch)
        except (
            psycopg.OperationalError
        ) as error:  # the database is down or too slow: one by one would not help
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
        """Insert and commit a batch. Returns how many bodies were new (all, after a reconnect)."""
        values = {
            "moment": now(),
            "state": RawEventState.PENDING.value,
            "sources": [arrival.source for arrival in batch],
            "bodies": [arrival.body for arrival in batch],
        }
        connection = self._connection
        if connection is not None and not connection.closed:
            try:
                return (await connection.execute(_STORE, values, prepare=True)).rowcount
            except psycopg.Error:
                if not connection.closed:
                    raise
                # The connection was dead. If the bodies are stored, inserting them again changes nothing.
        self._connection = await db.connect_async()
        await self._connection.execute(_STORE, values, prepare=True)
        return len(batch)  # some may be duplicates: a needless wake-up does no harm


def _resolve(batch: Sequence[_Arrival], error: Exception | None) -> None:
    for arrival in batch:
        if arrival.stored.done():
            continue  # its request was cancelled
        if error is None:
            arrival.stored.set_result(None)
        else:
            arrival.stored.set_exception(error)
