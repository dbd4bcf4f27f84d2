"""Sets aside parts of a body that cannot be applied, and describes errors without a citizen's words."""

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
"""Errors that set aside only the fact that raised them. Others (a time limit, a signal) end the work."""


def keep(
    session: Session, event_id: int, position: int, kind: SetAsideKind, what: str, channel_id: int | None
) -> None:
    """Set aside the fact at `position` of a body. Replaces an earlier entry for the same position."""
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
    """The `what` of a body that cannot be parsed."""
    return encode(Unusable.UNREADABLE, str(error))


def as_mistake(error: str) -> str:
    """The `what` of a mistake in the program; `error` as `describe` returns it."""
    return encode(Unusable.MISTAKE, error)


def describe(error: BaseException) -> str:
    """The error's class and code location. Its message is left out: it may quote a citizen's words."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" at {place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else ""
    return f"{type(error).__name__}{where}"
