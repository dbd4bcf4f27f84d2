"""Checks of a reply: not empty, not too long for its platform, no personal data in public."""

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
    """`text` without surrounding white space. Raises InvalidInput when nothing is left."""
    stripped = text.strip()
    if not stripped:
        raise InvalidInput("text", Why.EMPTY)
    return stripped


@dataclass(frozen=True, slots=True)
class Length:
    """The length of a text as its platform counts, and the maximum there."""

    counted: int
    longest: int

    @property
    def is_too_long(self) -> bool:
        """Whether the text is longer than the maximum."""
        return self.counted > self.longest


def length(platform: str, text: str, *, private: bool) -> Length:
    """The length of `text` on `platform`. Private messages have another maximum."""
    traits = platforms.traits(platform)
    return Length(traits.length(text), traits.longest(private=private))


def is_too_long(session: Session, reply: Reply) -> bool:
    """Whether the text of the reply is too long for its platform."""
    return _length(session, reply, reply.text).is_too_long


def check_length(session: Session, wording: Mapping[Reply, str]) -> None:
    """Raise InvalidInput TOO_LONG when any of these texts (by reply) is too long.

    Its values `length`, `max_length` and `where` are of the first such reply; `replies` holds the ids of all.
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
    """Raise InvalidInput for a reply that is too long, or that is public and holds personal data.

    Public phone numbers of the city and hotlines of units are allowed.
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
    """Whether only the citizen sees the reply."""
    return reply.in_private or session.get_one(Message, reply.message_id).kind is MessageKind.CHAT
