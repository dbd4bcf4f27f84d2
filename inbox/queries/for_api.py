"""Rows with everything the outside is shown of them, in a fixed number of statements however many there are.

Rows point at each other by ids of ours; outside, a unit is known by its key and a request by its number.
`Names` translates, and `whole` brings requests with all that stands on them.
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
    """What ids are called outside. Every mapping is by id; `requests` to the number."""

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
    """These requests with all that stands on them, in the same order, as they are now."""
    session.flush()
    ids = [request.id for request in requests]
    for request in requests:
        session.expire(request)  # what was read of it before may have changed within this transaction
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
