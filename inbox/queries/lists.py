"""Lists, newest first, with keyset pagination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.elements import ColumnElement

from inbox.errors import InvalidInput
from inbox.language.turkish import fold
from inbox.models import Message, MessageDoor, Reply, TrackedRequest
from inbox.queries.lookups import channel as channel_by_key
from inbox.queries.lookups import message_parts, reply_parts, request_parts
from inbox.queries.lookups import unit as unit_by_key
from inbox.refusals import Why
from inbox.states import (
    ANSWERED_REQUEST,
    WITH_THE_UNIT,
    MessageState,
    ReplyState,
    RequestState,
    Urgency,
)

Row = TypeVar("Row")
MOST = 200


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """One page of a list, and the `after` of the next page (None: this is the last)."""

    items: Sequence[Row]
    next: str | None


def after_id(after: str | None) -> int | None:
    """Decode an opaque `after` to an id. Raises InvalidInput."""
    if after is None:
        return None
    try:
        found = int(after, 36)
    except ValueError:
        found = -1
    if not 0 < found < 2**63:
        raise InvalidInput("after", Why.NOT_A_PLACE)
    return found


def opaque(id: int) -> str:
    """Encode an id (in base 36) as the opaque `after` of the next page."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while id:
        id, digit = divmod(id, 36)
        text = digits[digit] + text
    return text


def page(
    session: Session,
    query: Select[Row],
    key: InstrumentedAttribute[int],
    *,
    limit: int,
    after: str | None,
) -> Listing[Row]:
    """One page of `query`, by `key` descending. Raises InvalidInput for a bad `limit` or `after`."""
    if not 1 <= limit <= MOST:
        raise InvalidInput("limit", Why.LIMIT_RANGE, least=1, most=MOST)
    start = after_id(after)
    if start is not None:
        query = query.where(key < start)
    rows: Sequence[Any] = session.scalars(query.order_by(key.desc()).limit(limit + 1)).unique().all()
    more = len(rows) > limit
    return Listing(rows[:limit], opaque(rows[limit - 1].id) if more else None)


def member_of(enum: Any, field: str, value: str | None) -> Any:
    """The member of `enum` with this value; None for None. Raises InvalidInput naming the members."""
    if value is None:
        return None
    try:
        return enum(value)
    except ValueError:
        raise InvalidInput(field, Why.NONE_OF, existing=tuple(enum)) from None


def has_words(q: str) -> ColumnElement[bool] | None:
    """The condition for messages with all words of `q` (folded); a single number also finds its request."""
    words = fold(q).split()
    if not words:
        return None
    escaped = [word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words]
    found: ColumnElement[bool] = and_(*(Message.search_text.like(f"%{word}%") for word in escaped))
    if len(words) == 1 and words[0].isascii() and words[0].isdigit() and len(words[0]) < 19:
        numbered = select(TrackedRequest.id).where(TrackedRequest.number == int(words[0]))
        found = or_(found, Message.request_id.in_(numbered))
    return found


def arrived_through(session: Session, key: str) -> ColumnElement[bool]:
    """The condition for messages that reached us by this channel. Raises UnknownKey."""
    door = channel_by_key(session, key)
    return Message.id.in_(select(MessageDoor.message_id).where(MessageDoor.channel_id == door.id))


def messages(
    session: Session,
    *,
    state: str | None = None,
    channel: str | None = None,
    q: str | None = None,
    urgency: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Listing[Message]:
    """Citizens' messages, newest first."""
    query = select(Message).where(Message.state.is_not(None)).options(*message_parts())
    if state is not None:
        query = query.where(Message.state == member_of(MessageState, "state", state))
    if urgency is not None:
        query = query.where(Message.urgency == member_of(Urgency, "urgency", urgency))
    if channel is not None:
        query = query.where(arrived_through(session, channel))
    if q is not None and (wanted := has_words(q)) is not None:
        query = query.where(wanted)
    return page(session, query, Message.id, limit=limit, after=after)


def requests(
    session: Session,
    *,
    state: str | None = None,
    unit: str | None = None,
    overdue: bool | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Listing[TrackedRequest]:
    """Tracked requests, newest first."""
    query = select(TrackedRequest).options(*request_parts())
    if state is not None:
        query = query.where(TrackedRequest.state == member_of(RequestState, "state", state))
    if unit is not None:
        query = query.where(TrackedRequest.unit_id == unit_by_key(session, unit).id)
    if overdue is not None:
        query = query.where(TrackedRequest.is_overdue if overdue else ~TrackedRequest.is_overdue)
    return page(session, query, TrackedRequest.id, limit=limit, after=after)


def replies(
    session: Session, *, state: str | None = None, limit: int = 50, after: str | None = None
) -> Listing[Reply]:
    """Replies, newest first."""
    query = select(Reply).options(*reply_parts())
    if state is not None:
        query = query.where(Reply.state == member_of(ReplyState, "state", state))
    return page(session, query, Reply.id, limit=limit, after=after)


# --- a unit's own work ------------------------------------------------------------------------------


def _unit_views() -> dict[str, ColumnElement[bool]]:
    with_unit = TrackedRequest.state.in_(WITH_THE_UNIT)
    return {
        "open": and_(with_unit, ~TrackedRequest.is_planned),
        "planned": and_(with_unit, TrackedRequest.is_planned),
        "overdue": and_(
            with_unit, TrackedRequest.is_overdue
        ),  # without requests for which the unit has done its part
        "returned": TrackedRequest.state == RequestState.RETURNED,
        "answered": TrackedRequest.state.in_(ANSWERED_REQUEST),
        "all": TrackedRequest.id > 0,
    }


def unit_requests(
    session: Session,
    unit_id: int,
    *,
    view: str,
    q: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Listing[TrackedRequest]:
    """One unit's requests in one of its views, newest first. Raises InvalidInput naming the views."""
    views = _unit_views()
    if view not in views:
        raise InvalidInput("view", Why.NONE_OF, existing=tuple(views))
    query = select(TrackedRequest).where(TrackedRequest.unit_id == unit_id, views[view])
    if q is not None and (wanted := has_words(q)) is not None:
        query = query.where(TrackedRequest.id.in_(select(Message.request_id).where(wanted)))
    return page(session, query.options(*request_parts()), TrackedRequest.id, limit=limit, after=after)


def unit_counts(session: Session, unit_id: int) -> dict[str, int]:
    """The number of a unit's requests in each of its views."""
    views = _unit_views()
    row = session.execute(
        select(*(func.count().filter(condition).label(name) for name, condition in views.items())).where(
            TrackedRequest.unit_id == unit_id
        )
    ).one()
    return dict(zip(views, row, strict=True))


__all__ = ["Listing", "messages", "page", "replies", "requests", "unit_counts", "unit_requests"]
