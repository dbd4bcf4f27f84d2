"""Bodies of hooks that arrive at one moment are stored in one transaction; each waits until it is committed.

Whoever finds nobody storing stores at once, for itself alone. Whoever comes meanwhile waits, and is then
stored with all others who wait: the busier it is, the more bodies share one flush to disk, and nobody waits
for a clock. What fails together is tried again one by one, so that no body falls for another's sake.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from sqlalchemy import LargeBinary, Text, bindparam, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.db import transaction
from inbox.models import RawEvent, Table
from inbox.states import RawEventState

MOST_TOGETHER = 100
MOST_BYTES_TOGETHER = 16 * 1024 * 1024

_table = Table.metadata.tables[RawEvent.__tablename__]  # no rows of ours are wanted back, only how many
_lot = (
    func.unnest(
        bindparam("sources", type_=ARRAY(Text)),
        bindparam("bodies", type_=ARRAY(LargeBinary)),
        bindparam("digests", type_=ARRAY(LargeBinary)),
    )
    .table_valued(
        column("source", Text), column("body", LargeBinary), column("digest", LargeBinary), name="lot"
    )
    .render_derived()
)


def store_hooks(session: Session, arrived: Sequence[tuple[str, bytes]]) -> int:
    """Keep bodies as they came, each with its source. Answers how many were not here already."""
    # In one order everywhere: two who store the same bodies must not wait for each other.
    rows = sorted((hashlib.sha256(body).digest(), source, body) for source, body in arrived)
    kept = session.execute(
        insert(_table)
        .from_select(
            ["source", "body", "digest", "received_at", "state", "attempts"],
            select(
                _lot.c.source,
                _lot.c.body,
                _lot.c.digest,
                literal(now()),
                literal(RawEventState.PENDING.value, Text),
                literal(0),
            ),
        )
        .on_conflict_do_nothing()
        .returning(_table.c.id),
        {
            "sources": [source for _, source, _ in rows],
            "bodies": [body for _, _, body in rows],
            "digests": [digest for digest, _, _ in rows],
        },
    )
    return len(kept.all())


@dataclass(slots=True, eq=False)
class _Arrival:
    source: str
    body: bytes
    turn: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    is_new: bool = False
    error: BaseException | None = None


class Arrivals:
    """Where the threads of one process meet that have a body to store."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Arrival] = []
        self._is_storing = False

    def store(self, source: str, body: bytes) -> bool:
        """Keep one body; it is committed when this returns. Whether anything new may be waiting to be read.

        Raises SQLAlchemyError when it could not be kept.
        """
        own = _Arrival(source, body)
        with self._lock:
            self._waiting.append(own)
            own.leads, self._is_storing = not self._is_storing, True
        if not own.leads:
            own.turn.wait()
        if own.leads:
            self._store_those_who_wait()
        if own.error is not None:
            raise own.error
        return own.is_new

    def _store_those_who_wait(self) -> None:
        """Store the first of those who wait, oneself among them, and give the turn to the next."""
        with self._lock:
            sizes = accumulate(len(one.body) for one in self._waiting[:MOST_TOGETHER])
            count = max(1, sum(size <= MOST_BYTES_TOGETHER for size in sizes))
            lot, self._waiting = self._waiting[:count], self._waiting[count:]
        try:
            _keep(lot)
        except BaseException as error:
            for one in lot:
                one.error = error
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                if following is not None:
                    following.leads = True
                self._is_storing = following is not None
            for one in lot:
                one.turn.set()
            if following is not None:
                following.turn.set()


def _keep(lot: Sequence[_Arrival]) -> None:
    """In one transaction; one by one where that failed."""
    try:
        with transaction() as session:
            new = store_hooks(session, [(one.source, one.body) for one in lot])
    except SQLAlchemyError:
        if len(lot) == 1:
            raise
        for one in lot:
            try:
                _keep([one])
            except SQLAlchemyError as own:
                one.error = own
        return
    for one in lot:
        one.is_new = new > 0
