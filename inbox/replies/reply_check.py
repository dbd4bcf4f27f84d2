"""What a person needs to settle an UNCERTAIN reply: its text, and the conversation as we know it."""

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
"""The most messages, and the most replies, of a conversation to list."""


@dataclass(frozen=True, slots=True)
class ThreadEntry:
    """One entry of the conversation on the platform: a message, or a sent reply of ours."""

    at: datetime
    message: Message | None
    reply: Reply | None
    is_answered: bool  # it is the message that the uncertain reply answers


@dataclass(frozen=True, slots=True)
class Case:
    """An uncertain reply, and the conversation to compare it with."""

    reply: Reply
    message: Message
    channel: Channel
    entries: Sequence[ThreadEntry]  # oldest first
    read_at: datetime | None  # end of the last complete comparison; None: there was none
    is_private: bool


def waiting(session: Session, *, limit: int = 200) -> Sequence[Reply]:
    """UNCERTAIN replies with their channel, the oldest first."""
    return session.scalars(
        select(Reply)
        .options(joinedload(Reply.channel))
        .where(Reply.state == ReplyState.UNCERTAIN)
        .order_by(Reply.claimed_at, Reply.id)
        .limit(limit)
    ).all()


def case(session: Session, reply: Reply) -> Case:
    """The case of one reply."""
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
    """The latest entries of the chat, or of everything under the same post. Oldest first."""
    around = (
        Message.thread_id == reply.thread_id if is_private else Message.conversation == message.conversation
    )
    messages = session.scalars(
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
    found = [ThreadEntry(each.sent_at, each, None, each.id == message.id) for each in messages]
    found += [ThreadEntry(sent.sent_at or sent.created_at, None, sent, False) for sent in answers]
    return sorted(found, key=lambda entry: entry.at)


def check_again(session: Session, reply: Reply, channel: Channel) -> None:
    """Search for the reply at once, and schedule a comparison of the channel where that is possible."""
    if reply.state is ReplyState.UNCERTAIN:
        reply.next_look_at = now()
    if platforms.traits(channel.platform).can_be_compared:
        comparison_runs.schedule(session, channel)
