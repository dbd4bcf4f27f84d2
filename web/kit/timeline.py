"""Merges the messages of a thread and our replies to it in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from inbox.models import Message, Reply
from inbox.queries import Conversation
from inbox.states import NEVER_SAID_REPLY, ReplyState

RECENT = 8
"""Entries of a long chat that are shown unfolded; earlier ones are folded."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the thread, or one of our replies: either `message` or `reply` is set."""

    at: datetime
    message: Message | None
    reply: Reply | None
    in_group: bool  # belongs to the group that is open for triage
    is_recent: bool  # shown unfolded


def timeline(conversation: Conversation) -> list[Said]:
    """Messages and replies, oldest first, without drafts and withdrawn replies."""
    group = {message.id for message in conversation.group.messages}
    said = [
        Said(message.sent_at, message, None, message.id in group, True)
        for message in conversation.thread_messages
    ] + [
        Said(_moment(reply), None, reply, False, True)
        for reply in conversation.replies
        if reply.state not in NEVER_SAID_REPLY
    ]
    said.sort(key=lambda entry: entry.at)
    first_of_group = next((place for place, entry in enumerate(said) if entry.in_group), 0)
    unfolded_from = min(first_of_group, max(0, len(said) - RECENT))
    return [replace(entry, is_recent=place >= unfolded_from) for place, entry in enumerate(said)]


def drafts(conversation: Conversation) -> list[Reply]:
    """The thread's drafts, oldest first."""
    return [reply for reply in conversation.replies if reply.state is ReplyState.DRAFT]


def siblings(replies: Sequence[Reply]) -> int:
    """The number of drafts among `replies`: one approval can release them all."""
    return sum(reply.state is ReplyState.DRAFT for reply in replies)


def _moment(reply: Reply) -> datetime:
    return reply.sent_at or reply.approved_at or reply.created_at
