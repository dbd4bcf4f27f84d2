"""Matches a message of ours to its Reply: by id, by our reference, or by place, time and text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeAlias

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from inbox.conversations import contacts
from inbox.models import Channel, Message, Reply
from inbox.states import CALLED_UNSENT_REPLY, MAYBE_PUBLIC_REPLY
from inbox.values import MessageKind, MessageSeen

CLOCK_TOLERANCE = timedelta(minutes=2)

IsExactPlace: TypeAlias = bool
"""Whether the message stands directly under the one the reply answers, not elsewhere in the thread."""


def reference(reply: Reply) -> str:
    """The reference that a platform returns with our message, so that we recognise the reply."""
    return f"reply-{reply.id}"


def id_of_reference(text: str) -> int | None:
    """The reply id in a reference; None when it is not one of ours."""
    prefix, _, number = text.partition("-")
    return int(number) if prefix == "reply" and number.isascii() and number.isdigit() else None


def match(session: Session, fact: MessageSeen) -> Reply | None:
    """The Reply of a message of ours, locked; None when there is none or it is ambiguous."""
    certain = _by_id(session, fact) or _by_reference(session, fact)
    if certain is not None:
        return certain
    alike = _alike(session, fact, *_in_flight_at(fact))
    # Its sender may have stored the id while we waited for the row locks: ask again.
    return _by_id(session, fact) or _only_one(alike)


def may_be_a_reply(session: Session, fact: MessageSeen) -> bool:
    """Whether a message of ours is a Reply, even if it may be any of several with the same text."""
    return match(session, fact) is not None or bool(_alike(session, fact, *_in_flight_at(fact)))


def said_already(session: Session, fact: MessageSeen) -> list[Reply]:
    """Unsent replies with the same text for the same place: sending them would repeat the message."""
    unsent = (Reply.external_id.is_(None), Reply.state.in_(CALLED_UNSENT_REPLY))
    return [reply for reply, _ in _alike(session, fact, *unsent)]


def _alike(
    session: Session, fact: MessageSeen, *held: ColumnElement[bool]
) -> list[tuple[Reply, IsExactPlace]]:
    """Replies with the text and place of `fact` that meet the conditions `held`. Oldest first, locked."""
    if fact.kind is MessageKind.CHAT:
        found = _to_the_citizen(session, fact, *held)
    elif fact.parent_external_id is not None:
        found = _under_the_parent(session, fact, fact.parent_external_id, *held)
    else:
        found = []
    return [(reply, is_there) for reply, is_there in found if same_words(reply.text, fact.text)]


def _only_one(alike: Sequence[tuple[Reply, IsExactPlace]]) -> Reply | None:
    """The first with the exact place, else the only one. When several citizens under one comment got the same
    text, only the platform's id can tell which reply it is: None.
    """
    exact = [reply for reply, is_there in alike if is_there]
    if exact:
        return exact[0]
    return alike[0][0] if len(alike) == 1 else None


def _under_the_parent(
    session: Session, fact: MessageSeen, parent: str, *held: ColumnElement[bool]
) -> list[tuple[Reply, IsExactPlace]]:
    found = session.execute(
        select(Reply, Message.external_id)
        .join(Message, Reply.message_id == Message.id)
        .where(
            Reply.platform == fact.platform,
            # Some platforms show a reply to a reply under the first comment.
            or_(Message.external_id == parent, Message.parent_external_id == parent),
            *held,
        )
        .order_by(Reply.id)
        .with_for_update(of=Reply)
    )
    return [(reply, answered_id == parent) for reply, answered_id in found]


def _to_the_citizen(
    session: Session, fact: MessageSeen, *held: ColumnElement[bool]
) -> list[tuple[Reply, IsExactPlace]]:
    """In a chat without our reference only the recipient is known. A message that staff sent with the same
    text from the platform's own app matches too.
    """
    citizen = contacts.find(session, fact.recipient) if fact.recipient else None
    if citizen is None:
        return []
    found = session.scalars(
        select(Reply)
        .join(Message, Reply.message_id == Message.id)
        .join(Channel, Reply.channel_id == Channel.id)
        .where(
            Reply.platform == fact.platform,
            Channel.external_id == fact.account,
            Message.author_id == citizen.id,
            or_(Reply.in_private, Message.kind == MessageKind.CHAT),
            *held,
        )
        .order_by(Reply.id)
        .with_for_update(of=Reply)
    )
    return [(reply, False) for reply in found]


def _in_flight_at(fact: MessageSeen) -> tuple[ColumnElement[bool], ...]:
    """The conditions for a reply that may be `fact`: first tried before it appeared, result unknown."""
    return (
        Reply.external_id.is_(None),
        Reply.state.in_(MAYBE_PUBLIC_REPLY),
        Reply.first_tried_at <= fact.sent_at + CLOCK_TOLERANCE,
    )


def _by_reference(session: Session, fact: MessageSeen) -> Reply | None:
    reply_id = id_of_reference(fact.our_reference) if fact.our_reference is not None else None
    if reply_id is None:
        return None
    return session.scalar(
        select(Reply).where(Reply.id == reply_id, Reply.platform == fact.platform).with_for_update()
    )


def _by_id(session: Session, fact: MessageSeen) -> Reply | None:
    return session.scalar(
        select(Reply)
        .where(Reply.platform == fact.platform, Reply.external_id == fact.external_id)
        .with_for_update()
    )


def same_words(ours: str, theirs: str) -> bool:
    """Whether two texts are equal, ignoring white space and an @handle that platforms add in front."""
    words, seen = ours.split(), theirs.split()
    return words == seen or (bool(seen) and seen[0].startswith("@") and words == seen[1:])
