"""What no reply may be: empty, or a public text with somebody's personal data in it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import city
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


def check_may_go_out(session: Session, reply: Reply) -> None:
    """Raise InvalidInput when a reply for all to see holds somebody's number, address or account.

    The unit's and the city's own public numbers may stand there.
    """
    message = session.get_one(Message, reply.message_id)
    if message.kind is MessageKind.CHAT or reply.in_private:
        return
    hotlines = session.scalars(select(Unit.hotline).where(Unit.hotline.is_not(None))).all()
    own = {*city.current_profile(session).public_numbers, *(number for number in hotlines if number)}
    found = personal_data(reply.text, own=own)
    if found:
        pieces = tuple(Piece(piece.kind, reply.text[piece.start : piece.end]) for piece in found)
        raise InvalidInput("text", Why.PERSONAL_DATA, found=pieces)
