"""What a person needs to settle a reply that may be public: our words, and what stands around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from inbox import platforms
from inbox.channels import comparison_runs
from inbox.clock import now
from inbox.models import Channel, Message, Reply
from inbox.states import ReplyState
from inbox.values import MessageKind

MOST = 100


@dataclass(frozen=True, slots=True)
class ThreadEntry:
    """One thing that stands there as we last saw it: a message, or a reply of ours known to be out."""

    at: datetime
    message: Message | None
    reply: Reply | None
    is_answered: bool  # the citizen's message that the reply in question answers


@dataclass(frozen=True, slots=True)
class Case:
    """One reply in question, and both sides to compare."""

    reply: Reply
    message: Message
    channel: Channel
    entries: Sequence[ThreadEntry]  # oldest first
    read_at: datetime | None  # when the platform was last read whole; None: never, or it cannot be
    is_private: bool


def waiting(session: Session, *, limit: int = 200) -> Sequence[Reply]:
    """Replies that may be public, the oldest first, with their channel."""
    return session.scalars(
        select(Reply)
        .options(joinedload(Reply.channel))
        .where(Reply.state == ReplyState.UNCERTAIN)
        .order_by(Reply.claimed_at, Reply.id)
        .limit(limit)
    ).all()


def case(session: Session, reply: Reply) -> Case:
    """Both sides of one reply."""
    message = session.scalars(
        select(Message).options(joinedload(Message.author)).where(Message.id == reply.message_id)
    ).one()
    channel = session.get_one(Channel, reply.channel_id)
    is_private = reply.in_private or message.kind is MessageKind.CHAT or message.conversation is None
    return Case(
        reply=reply,
        message=message,
        channel=channel,
        entries=_entries(session, reply, message, is_private=is_private),
        read_at=comparison_runs.last_ended(session, channel.id),
        is_private=is_private,
    )


def _entries(session: Session, reply: Reply, message: Message, *, is_private: bool) -> list[ThreadEntry]:
    """The chat with this citizen, or everything under the same post: the latest of it."""
    around = (
        Message.thread_id == reply.thread_id if is_private else Message.conversation == message.conversation
    )
    said = session.scalars(
        select(Message)
        .options(joinedload(Message.author))
        .where(Message.platform == reply.platform, around)
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(MOST)
    ).all()
    answers = session.scalars(
        select(Reply)
        .join(Message, Reply.message_id == Message.id)
        .where(Reply.channel_id == reply.channel_id, Reply.state == ReplyState.SENT, around)
        .order_by(Reply.sent_at.desc(), Reply.id.desc())
        .limit(MOST)
    ).all()
    found = [ThreadEntry(one.sent_at, one, None, one.id == message.id) for one in said]
    found += [ThreadEntry(one.sent_at or one.created_at, None, one, False) for one in answers]
    return sorted(found, key=lambda one: one.at)


def check_again(session: Session, reply: Reply, channel: Channel) -> None:
    """Have the platform looked at as soon as a worker can: for this reply, and whole where it can be read."""
    if reply.state is ReplyState.UNCERTAIN:
        reply.next_look_at = now()
    if platforms.traits(channel.platform).can_be_compared:
        comparison_runs.schedule(session, channel)
