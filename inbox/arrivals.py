"""Bodies of hooks that arrive at one moment are stored in one transaction; each waits until it is committed.

Whoever finds at most one lot being stored stores at once, for itself alone. Whoever comes meanwhile waits,
and is then stored with all others who wait: the busier it is, the more bodies share one flush to disk, and
nobody waits for a clock. What fails together is tried again one by one, so that no body falls for another's
sake.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from sqlalchemy import DateTime, Integer, LargeBinary, Text, bindparam, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from inbox.clock import now
from inbox.db import at_once
from inbox.models import RawEvent, Table
from inbox.states import RawEventState

AT_ONCE = 2
"""While one lot is being flushed to disk the next is put together."""
MOST_TOGETHER = 100
MOST_BYTES_TOGETHER = 16 * 1024 * 1024

# One run of bytes and where each body lies in it: a list of bodies would be quoted byte by byte. Built once,
# for building it takes longer than running it. Sorted by what is unique, so that of two who store the same
# bodies neither waits for the other.
_table = Table.metadata.tables[RawEvent.__tablename__]
_lot = (
    func.unnest(
        bindparam("sources", type_=ARRAY(Text)),
        bindparam("starts", type_=ARRAY(Integer)),
        bindparam("sizes", type_=ARRAY(Integer)),
    )
    .table_valued(column("source", Text), column("start", Integer), column("size", Integer), name="lot")
    .render_derived()
)
_body = func.substring(bindparam("together", type_=LargeBinary), _lot.c.start, _lot.c.size)
_STORE = (
    insert(_table)
    .from_select(
        ["source", "body", "digest", "received_at", "state", "attempts"],
        select(
            _lot.c.source,
            _body,
            func.sha256(_body),
            bindparam("moment", type_=DateTime(timezone=True)),
            literal(RawEventState.PENDING.value, Text),
            literal(0),
        ).order_by(_lot.c.source, func.sha256(_body)),
    )
    .on_conflict_do_nothing()
)


def store_hooks(arrived: Sequence[tuple[str, bytes]]) -> int:
    """Keep bodies as they came, each with its source: committed. Answers how many were not here already."""
    sizes = [len(body) for _, body in arrived]
    return at_once(
        _STORE,
        {
            "sources": [source for source, _ in arrived],
            "starts": [1, *(1 + end for end in accumulate(sizes[:-1]))],
            "sizes": sizes,
            "together": b"".join(body for _, body in arrived),
            "moment": now(),
        },
    )


@dataclass(slots=True, eq=False)
class _Arrival:
    source: str
    body: bytes
    turn: threading.Lock = field(default_factory=threading.Lock)  # held until it is stored, or is to store
    lot: list[_Arrival] | None = None  # those whom it is to store, itself the first
    brought_news: bool = False
    error: BaseException | None = None


class Arrivals:
    """Where the threads of one process meet that have a body to store."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Arrival] = []  # empty while fewer than AT_ONCE are storing
        self._storing = 0

    def store(self, source: str, body: bytes) -> bool:
        """Keep one body; it is committed when this returns. Raises SQLAlchemyError when it could not be kept.

        Whether to wake whoever reads bodies: of those stored together one is told so, if any of them is new.
        """
        own = _Arrival(source, body)
        own.turn.acquire()
        with self._lock:
            if self._storing < AT_ONCE:
                self._storing += 1
                own.lot = [own]
            else:
                self._waiting.append(own)
        if own.lot is None:
            own.turn.acquire()
        if own.lot is not None:
            self._store(own.lot)
        if own.error is not None:
            raise own.error
        return own.brought_news

    def _store(self, lot: list[_Arrival]) -> None:
        """Store one lot, then let the first of those who wait store the next."""
        try:
            _keep(lot)
        except BaseException as error:
            for one in lot:
                one.error = error
        finally:
            with self._lock:
                following = self._next_lot()
                self._storing -= not following
            for one in lot:
                one.turn.release()
            if following:
                following[0].lot = following
                following[0].turn.release()

    def _next_lot(self) -> list[_Arrival]:
        sizes = accumulate(len(one.body) for one in self._waiting[:MOST_TOGETHER])
        count = max(1, sum(size <= MOST_BYTES_TOGETHER for size in sizes))
        lot, self._waiting = self._waiting[:count], self._waiting[count:]
        return lot


def _keep(lot: Sequence[_Arrival]) -> None:
    """In one transaction; one by one where that failed."""
    try:
        new = store_hooks([(one.source, one.body) for one in lot])
    except SQLAlchemyError as error:
        if len(lot) == 1:
            if not (isinstance(error, DBAPIError) and error.connection_invalidated):
                raise
            # The connection was dead: the body may be stored or not, and storing it again is the same.
            store_hooks([(one.source, one.body) for one in lot])
            new = 1
        else:
            for one in lot:
                try:
                    _keep([one])
                except SQLAlchemyError as own:
                    one.error = own
            return
    lot[0].brought_news = new > 0
