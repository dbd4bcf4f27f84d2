"""What no reply may be: empty, too long for its platform, or public with somebody's personal data in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import city, platforms
from inbox.errors import InvalidInput
from inbox.language.personal_data import personal_data
from inbox.models import Message, Reply, Unit
from inbox.refusals import Why
from inbox.values import MessageKind
from inbox.wording import Piece


def check_text(text: str) -> str:
    """`text` without its edges. Raises InvalidInput when nothing is left."""
    stripped = text.strip()
    if not stripped:
        raise InvalidInput("text", Why.EMPTY)
    return stripped


@dataclass(frozen=True, slots=True)
class Length:
    """How long a text is as its platform counts, and how long it may be there."""

    counted: int
    longest: int

    @property
    def is_too_long(self) -> bool:
        """Whether the platform would refuse the text."""
        return self.counted > self.longest


def length(platform: str, text: str, *, private: bool) -> Length:
    """How long `text` is on `platform`; private messages have a limit of their own."""
    traits = platforms.traits(platform)
    return Length(traits.length(text), traits.longest(private=private))


def is_too_long(session: Session, reply: Reply) -> bool:
    """Whether the platform would refuse the reply for its length."""
    return _length(session, reply, reply.text).is_too_long


def check_length(session: Session, wording: Mapping[Reply, str]) -> None:
    """Raise InvalidInput TOO_LONG when any of these texts does not fit the reply it is meant for.

    It carries the numbers of the first, and the ids of all: `length`, `max_length`, `where`, `replies`.
    """
    measured = {reply: _length(session, reply, text) for reply, text in wording.items()}
    refused = {reply: found for reply, found in measured.items() if found.is_too_long}
    for reply, found in refused.items():
        raise InvalidInput(
            "text",
            Why.TOO_LONG,
            length=found.counted,
            max_length=found.longest,
            where=platforms.traits(reply.platform).label,
            replies=tuple(each.id for each in refused),
        )


def check_may_go_out(session: Session, reply: Reply) -> None:
    """Raise InvalidInput for a reply longer than its platform takes, and for one that is for all to see and
    holds somebody's number, address or account.

    The unit's and the city's own public numbers may stand there.
    """
    check_length(session, {reply: reply.text})
    if _is_private(session, reply):
        return
    hotlines = session.scalars(select(Unit.hotline).where(Unit.hotline.is_not(None))).all()
    own = {*city.current_profile(session).public_numbers, *(number for number in hotlines if number)}
    found = personal_data(reply.text, own=own)
    if found:
        pieces = tuple(Piece(piece.kind, reply.text[piece.start : piece.end]) for piece in found)
        raise InvalidInput("text", Why.PERSONAL_DATA, found=pieces)


def _length(session: Session, reply: Reply, text: str) -> Length:
    return length(reply.platform, text, private=_is_private(session, reply))


def _is_private(session: Session, reply: Reply) -> bool:
    """Whether the citizen alone sees it."""
    return reply.in_private or session.get_one(Message, reply.message_id).kind is MessageKind.CHAT
