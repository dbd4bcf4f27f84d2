"""What happens around the screens of the desk, by the core's own path, for tests of those screens."""

from __future__ import annotations

from inbox import db, queries, tracking
from inbox.models import Message, Reply
from inbox.states import MessageState, ReplyState

HTMX = {"HX-Request": "true"}


def state_of(message_id: int) -> MessageState | None:
    """How far the message came."""
    with db.transaction() as session:
        return session.get_one(Message, message_id).state


def convert(message_id: int) -> int:
    """Open a request for the roads; answers its number."""
    with db.transaction() as session:
        message = queries.message(session, message_id)
        return tracking.convert(session, message, unit="roads", category="pothole", by="test").number


def respond(number: int, text: str = "Çukur kapatıldı.") -> None:
    """The unit answers."""
    with db.transaction() as session:
        request = queries.request(session, number)
        tracking.respond(session, request, outcome="positive", text=text, by="test")


def drafts(number: int) -> list[Reply]:
    """The replies of a request that nobody released yet."""
    with db.transaction() as session:
        file = queries.request_file(session, number)
        return [reply for reply in file.replies if reply.state is ReplyState.DRAFT]
