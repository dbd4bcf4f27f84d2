"""Setting aside one part of what arrived: what it may fail with, and how that is told without its words."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.errors import CoreError
from inbox.failures import SetAsideKind, Unusable
from inbox.models import SetAside
from inbox.values import UnreadablePayload
from inbox.wording import encode

MISTAKES = (
    SQLAlchemyError,
    CoreError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a fact may fail with and its siblings stand: a mistake of ours or a body's, not what ends the work."""


def keep(
    session: Session, event_id: int, position: int, kind: SetAsideKind, what: str, channel_id: int | None
) -> None:
    """Keep a place of a body for a person; what it says now replaces what it said before."""
    session.execute(
        insert(SetAside)
        .values(
            raw_event_id=event_id,
            position=position,
            channel_id=channel_id,
            kind=kind,
            what=what[:300],
            first_at=now(),
        )
        .on_conflict_do_update(
            index_elements=[SetAside.raw_event_id, SetAside.position],
            set_={"kind": kind, "what": what[:300], "resolved_at": None},
        )
    )


def as_unreadable(error: UnreadablePayload) -> str:
    """What is kept of a body that is not what its platform sends."""
    return encode(Unusable.UNREADABLE, str(error))


def as_mistake(error: str) -> str:
    """What is kept of a mistake of ours, by what `named` says of it."""
    return encode(Unusable.MISTAKE, error)


def describe(error: BaseException) -> str:
    """The error's kind and place, without a word of what it was about: bodies carry citizens' words."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" at {place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else ""
    return f"{type(error).__name__}{where}"
