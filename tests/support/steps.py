"""Steps on the path of a complaint, each in a transaction of its own, for tests of the core."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from inbox import queries, replies, tracking
from inbox.db import transaction
from inbox.models import Message, Reply
from inbox.replies import sending
from inbox.values import NotThere


def only(session: Any, kind: Any) -> Any:
    """The one row of this kind."""
    return session.scalars(select(kind)).one()


def messages() -> list[Message]:
    """All messages, by the platform's clock."""
    with transaction() as session:
        return list(session.scalars(select(Message).order_by(Message.sent_at, Message.id)))


def respond(number: int, outcome: str = "positive", **more: Any) -> None:
    """The unit answers."""
    with transaction() as session:
        tracking.respond(
            session,
            queries.request(session, number),
            outcome=outcome,
            text="Asfaltlandı.",
            by="test",
            **more,
        )


def approve(number: int, **more: Any) -> list[Reply]:
    """The desk releases every draft of the request."""
    with transaction() as session:
        return replies.approve_all(session, queries.request(session, number), by="test", **more)


def claim() -> list[Reply]:
    """A worker takes what may be sent now."""
    with transaction() as session:
        return sending.claim_for_sending(session, limit=10)


def end(reply: Reply, outcome: Any) -> Reply:
    """The worker's call came back with `outcome`."""
    with transaction() as session:
        return sending.record_outcome(session, reply.id, reply.version, outcome)


def look_and_find_nothing(reply: Reply, *, provable: bool = True) -> None:
    """A worker looked for the reply on its platform; `provable`: absence can be proved there."""
    with transaction() as session:
        sending.record_not_there(session, reply.id, NotThere(), provable=provable)
