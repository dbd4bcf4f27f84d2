"""Rows with everything the API shows of them, in a fixed number of statements for any number of rows.

Rows refer to each other by internal ids; the API shows keys of units and numbers of requests. `Names`
translates; `load_requests` loads requests with messages, answers, replies and history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import String, literal, select, union_all
from sqlalchemy.orm import Session, selectinload

from inbox.models import (
    Answer,
    Category,
    Channel,
    HistoryEntry,
    Neighbourhood,
    TrackedRequest,
    Unit,
)
from inbox.queries.lookups import message_parts, reply_parts, request_parts

_KEYED = (Unit, Category, Neighbourhood, Channel)


@dataclass(frozen=True, slots=True)
class Names:
    """The keys of rows by their id; for requests, the numbers."""

    units: Mapping[int, str]
    categories: Mapping[int, str]
    neighbourhoods: Mapping[int, str]
    channels: Mapping[int, str]
    requests: Mapping[int, int]


def names(session: Session, *, requests: Iterable[int | None] = ()) -> Names:
    """The keys of all units, categories, neighbourhoods and channels, and the numbers of these requests."""
    found: dict[str, dict[int, str]] = {table.__tablename__: {} for table in _KEYED}
    every = union_all(
        *(select(literal(table.__tablename__, String), table.id, table.key) for table in _KEYED)
    )
    for kind, row_id, key in session.execute(every):
        found[kind][row_id] = key
    units, categories, neighbourhoods, channels = (found[table.__tablename__] for table in _KEYED)
    return Names(units, categories, neighbourhoods, channels, _numbers(session, requests))


def _numbers(session: Session, ids: Iterable[int | None]) -> dict[int, int]:
    wanted = {request_id for request_id in ids if request_id is not None}
    if not wanted:
        return {}
    rows = session.execute(
        select(TrackedRequest.id, TrackedRequest.number).where(TrackedRequest.id.in_(wanted))
    )
    return dict(rows.all())


@dataclass(frozen=True, slots=True)
class WholeRequest:
    """A request with its messages, answers, replies and ratings loaded, and its history, oldest first."""

    row: TrackedRequest
    history: Sequence[HistoryEntry]


def load_requests(session: Session, requests: Sequence[TrackedRequest]) -> list[WholeRequest]:
    """The requests, freshly read with everything `WholeRequest` holds, in the same order."""
    session.flush()
    ids = [request.id for request in requests]
    for request in requests:
        session.expire(request)  # loaded collections may be stale after changes in this transaction
    rows = session.scalars(
        select(TrackedRequest)
        .where(TrackedRequest.id.in_(ids))
        .options(
            *request_parts(),
            selectinload(TrackedRequest.messages).options(*message_parts()),  # type: ignore[arg-type]
            selectinload(TrackedRequest.answers).joinedload(Answer.unit),
            selectinload(TrackedRequest.replies).options(*reply_parts()),  # type: ignore[arg-type]
        )
    )
    by_id = {row.id: row for row in rows}
    trail: dict[int, list[HistoryEntry]] = defaultdict(list)
    for entry in session.scalars(
        select(HistoryEntry).where(HistoryEntry.request_id.in_(ids)).order_by(HistoryEntry.id)
    ):
        if entry.request_id is not None:
            trail[entry.request_id].append(entry)
    return [WholeRequest(by_id[request_id], trail[request_id]) for request_id in ids]
