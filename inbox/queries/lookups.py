"""Single rows by id, key or number, and the city's lists in Turkish alphabetical order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from inbox.errors import NotFound, UnknownKey
from inbox.language.turkish import sort_key
from inbox.models import (
    Category,
    Channel,
    Message,
    MessageDoor,
    Neighbourhood,
    Reason,
    Reply,
    TrackedRequest,
    Unit,
)
from inbox.refusals import Thing

_REASONS = {
    "dismiss": Thing.REASON_TO_DISMISS,
    "return": Thing.REASON_TO_RETURN,
    "negative": Thing.REASON_FOR_NEGATIVE,
    "outside": Thing.REASON_FOR_OUTSIDE,
    "reopen": Thing.REASON_TO_REOPEN,
}
"""How errors call a reason, by its `use`."""

Row = TypeVar("Row")
Named = TypeVar("Named", Channel, Unit, Category, Neighbourhood, Reason)

_BIGGEST_ID = 2**63 - 1


def message_parts() -> tuple[ORMOption, ...]:
    """Loader options: what screens and API show with a message."""
    return (
        joinedload(Message.author),
        joinedload(Message.channel),
        joinedload(Message.thread),
        selectinload(Message.attachments),
        selectinload(Message.doors).joinedload(MessageDoor.channel),
    )


def request_parts() -> tuple[ORMOption, ...]:
    """Loader options: what screens and API show with a request."""
    return (
        joinedload(TrackedRequest.unit),
        joinedload(TrackedRequest.category),
        joinedload(TrackedRequest.neighbourhood),
    )


def reply_parts() -> tuple[ORMOption, ...]:
    """Loader options: what screens and API show with a reply."""
    return (
        joinedload(Reply.channel),
        joinedload(Reply.message).joinedload(Message.author),
        joinedload(Reply.request),
        joinedload(Reply.rating),
    )


def message(session: Session, id: int) -> Message:
    """The message with its `message_parts`. Raises NotFound."""
    return _single(
        session, select(Message).where(Message.id == id).options(*message_parts()), Thing.MESSAGE, id
    )


def reply(session: Session, id: int) -> Reply:
    """The reply with its `reply_parts`. Raises NotFound."""
    return _single(session, select(Reply).where(Reply.id == id).options(*reply_parts()), Thing.REPLY, id)


def request(session: Session, number: int) -> TrackedRequest:
    """The request with this number and its `request_parts`. Raises NotFound."""
    query = select(TrackedRequest).where(TrackedRequest.number == number).options(*request_parts())
    return _single(session, query, Thing.REQUEST, number)


def _single(session: Session, query: Select[Row], what: Thing, key: int) -> Row:
    found = session.scalars(query).unique().one_or_none() if 0 < key <= _BIGGEST_ID else None
    if found is None:
        raise NotFound(what, key)
    return found


def channel(session: Session, key: str) -> Channel:
    """The channel of this key. Raises UnknownKey."""
    found = session.scalar(select(Channel).where(Channel.key == key))
    if found is None:
        raise UnknownKey(Thing.CHANNEL, key, session.scalars(select(Channel.key)))
    return found


def channels(session: Session) -> list[Channel]:
    """All channels, in Turkish alphabetical order of their names."""
    return _in_order(session.scalars(select(Channel)).all())


def unit(session: Session, key: str) -> Unit:
    """The active unit of this key. Raises UnknownKey."""
    found = session.scalar(select(Unit).where(Unit.key == key, Unit.is_active))
    if found is None:
        raise UnknownKey(Thing.UNIT, key, session.scalars(select(Unit.key).where(Unit.is_active)))
    return found


def units(session: Session, *, outside: bool | None = None) -> list[Unit]:
    """The active units. `outside`: True for outside authorities only, False for our own only."""
    query = select(Unit).where(Unit.is_active)
    return _in_order(
        session.scalars(query if outside is None else query.where(Unit.is_outside == outside)).all()
    )


def category(session: Session, key: str) -> Category:
    """The active category of this key. Raises UnknownKey."""
    found = session.scalar(select(Category).where(Category.key == key, Category.is_active))
    if found is None:
        raise UnknownKey(Thing.CATEGORY, key, session.scalars(select(Category.key).where(Category.is_active)))
    return found


def categories(session: Session) -> list[Category]:
    """The active categories with the unit that each proposes."""
    query = select(Category).where(Category.is_active).options(joinedload(Category.unit))
    return _in_order(session.scalars(query).all())


def neighbourhood(session: Session, key: str) -> Neighbourhood:
    """The active neighbourhood of this key. Raises UnknownKey."""
    found = session.scalar(select(Neighbourhood).where(Neighbourhood.key == key, Neighbourhood.is_active))
    if found is None:
        existing = session.scalars(select(Neighbourhood.key).where(Neighbourhood.is_active))
        raise UnknownKey(Thing.NEIGHBOURHOOD, key, existing)
    return found


def neighbourhoods(session: Session) -> list[Neighbourhood]:
    """The active neighbourhoods."""
    return _in_order(session.scalars(select(Neighbourhood).where(Neighbourhood.is_active)).all())


def reason(session: Session, key: str, *, use: str) -> Reason:
    """The active reason of this key for this use. Raises UnknownKey."""
    known = select(Reason).where(Reason.use == use, Reason.is_active)
    found = session.scalar(known.where(Reason.key == key))
    if found is None:
        raise UnknownKey(_REASONS[use], key, [row.key for row in session.scalars(known)])
    return found


def reasons(session: Session, *, use: str | None = None) -> list[Reason]:
    """The active reasons, of one use or all."""
    query = select(Reason).where(Reason.is_active)
    return _in_order(session.scalars(query if use is None else query.where(Reason.use == use)).all())


def _in_order(rows: Sequence[Named]) -> list[Named]:
    return sorted(rows, key=lambda row: sort_key(row.name if isinstance(row, Channel) else row.name_tr))
