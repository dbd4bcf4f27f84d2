"""Both sides of a conversation in one order: what was said to us, and what we said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inbox.models import Message, Reply
from inbox.queries import Conversation
from inbox.states import NEVER_SAID_REPLY, ReplyState

RECENT = 8
"""How many entries stand open above the last; older ones of a long chat are folded."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the thread, or one reply of ours that has left the desk."""

    at: datetime
    message: Message | None
    reply: Reply | None
    in_group: bool  # part of what is triaged here, not of what was said before or after
    is_recent: bool


def timeline(conversation: Conversation) -> list[Said]:
    """What was said, oldest first. Drafts wait below it, and what was withdrawn was never said."""
    group = {message.id for message in conversation.group.messages}
    said = [
        Said(message.sent_at, message, None, message.id in group, True)
        for message in conversation.thread_messages
    ] + [
        Said(_moment(reply), None, reply, False, True)
        for reply in conversation.replies
        if reply.state not in NEVER_SAID_REPLY
    ]
    said.sort(key=lambda one: one.at)
    first = next((place for place, one in enumerate(said) if one.in_group), 0)
    open_from = min(first, max(0, len(said) - RECENT))
    return [
        Said(one.at, one.message, one.reply, one.in_group, place >= open_from)
        for place, one in enumerate(said)
    ]


def drafts(conversation: Conversation) -> list[Reply]:
    """The replies of the thread that wait for somebody to approve them, oldest first."""
    return [reply for reply in conversation.replies if reply.state is ReplyState.DRAFT]


def siblings(replies: Sequence[Reply]) -> int:
    """How many drafts one approval would release."""
    return sum(reply.state is ReplyState.DRAFT for reply in replies)


def _moment(reply: Reply) -> datetime:
    return reply.sent_at or reply.approved_at or reply.created_at
