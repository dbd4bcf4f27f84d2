"""Which Reply a message of ours is: by its id, by the reference it carried, or by place, time and words."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from inbox.conversations import contacts
from inbox.models import Channel, Message, Reply
from inbox.states import ReplyState
from inbox.values import MessageKind, MessageSeen

CLOCK_TOLERANCE = timedelta(minutes=2)


def reference(reply: Reply) -> str:
    """What a platform carries back for us, so that we recognise our own words."""
    return f"reply-{reply.id}"


def id_of_reference(text: str) -> int | None:
    """The reply a reference names, or None when it is not one of ours."""
    prefix, _, number = text.partition("-")
    return int(number) if prefix == "reply" and number.isascii() and number.isdigit() else None


def match(session: Session, fact: MessageSeen) -> Reply | None:
    """The Reply that a message of ours is: by id, by our reference, or by place, time and words together."""
    by_id = _by_id(session, fact)
    if by_id is not None:
        return by_id
    if fact.our_reference is not None and (reply_id := id_of_reference(fact.our_reference)) is not None:
        by_reference = session.scalar(
            select(Reply).where(Reply.id == reply_id, Reply.platform == fact.platform).with_for_update()
        )
        if by_reference is not None:
            return by_reference
    if fact.kind is MessageKind.CHAT:
        return _said_in_private(session, fact)
    if fact.parent_external_id is None:
        return None
    candidates = session.execute(
        select(Reply, Message.external_id)
        .join(Message, Reply.message_id == Message.id)
        .where(
            Reply.platform == fact.platform,
            # Some platforms hang a reply to a reply under the comment above both.
            or_(
                Message.external_id == fact.parent_external_id,
                Message.parent_external_id == fact.parent_external_id,
            ),
            *_in_flight_at(fact),
        )
        .order_by(Reply.id)
        .with_for_update(of=Reply)
    ).all()
    # Its sender may have written the id down while we waited for the rows, or right before we asked for it.
    by_id = _by_id(session, fact)
    if by_id is not None:
        return by_id
    same = [(reply, said_to) for reply, said_to in candidates if same_words(reply.text, fact.text)]
    exact = [reply for reply, said_to in same if said_to == fact.parent_external_id]
    if exact:
        return exact[0]
    # To which of several citizens under one comment these words went, only the platform's id can tell.
    return same[0][0] if len(same) == 1 else None


def _said_in_private(session: Session, fact: MessageSeen) -> Reply | None:
    """The Reply that a private message of ours is, where the platform carried no reference back: by whom it
    went to, time and words together. What was sent from the platform's own app in the same words counts too.
    """
    citizen = contacts.find(session, fact.recipient) if fact.recipient else None
    if citizen is None:
        return None
    candidates = session.scalars(
        select(Reply)
        .join(Message, Reply.message_id == Message.id)
        .join(Channel, Reply.channel_id == Channel.id)
        .where(
            Reply.platform == fact.platform,
            Channel.external_id == fact.account,
            Message.author_id == citizen.id,
            or_(Reply.in_private, Message.kind == MessageKind.CHAT),
            *_in_flight_at(fact),
        )
        .order_by(Reply.id)
        .with_for_update(of=Reply)
    ).all()
    by_id = _by_id(session, fact)
    same = [reply for reply in candidates if same_words(reply.text, fact.text)]
    return by_id or (same[0] if len(same) == 1 else None)


def _in_flight_at(fact: MessageSeen) -> tuple[ColumnElement[bool], ...]:
    """What a reply must be that may turn out to be `fact`: tried before it appeared, and of unknown fate."""
    return (
        Reply.external_id.is_(None),
        Reply.state.in_((ReplyState.SENDING, ReplyState.UNCERTAIN)),
        Reply.first_tried_at <= fact.sent_at + CLOCK_TOLERANCE,
    )


def _by_id(session: Session, fact: MessageSeen) -> Reply | None:
    return session.scalar(
        select(Reply)
        .where(Reply.platform == fact.platform, Reply.external_id == fact.external_id)
        .with_for_update()
    )


def same_words(ours: str, theirs: str) -> bool:
    """Whether two texts are equal, ignoring white space and an @handle that platforms put in front."""
    words, seen = ours.split(), theirs.split()
    return words == seen or (bool(seen) and seen[0].startswith("@") and words == seen[1:])
