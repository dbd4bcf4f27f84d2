"""Groups consecutive messages of one person, so that they are triaged together.

The NEW messages of a thread form a group if each was sent within ten minutes of the one before. Triage moves
a whole group at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import history
from inbox.history import Actor
from inbox.models import Message
from inbox.states import MessageState

MAX_GAP = timedelta(minutes=10)


def members(session: Session, message: Message, *, lock: bool = False) -> list[Message]:
    """The messages of the group that `message` belongs to, oldest first."""
    query = (
        select(Message)
        .where(Message.group_id == message.group_id)
        .order_by(Message.sent_at, Message.id)
        .execution_options(populate_existing=lock)
    )
    return list(session.scalars(query.with_for_update() if lock else query))


def regroup(session: Session, thread_id: int) -> None:
    """Recompute the groups of the thread's NEW messages. Groups can be merged but are never split."""
    fresh = list(
        session.scalars(
            select(Message)
            .where(Message.thread_id == thread_id, Message.state == MessageState.NEW)
            .order_by(Message.sent_at, Message.external_id)
        )
    )
    joined: dict[int, int] = {}

    def root(group: int) -> int:
        while group in joined:
            group = joined[group]
        return group

    for earlier, later in pairwise(fresh):
        if later.sent_at - earlier.sent_at <= MAX_GAP:
            earlier_root, later_root = root(earlier.group_id or earlier.id), root(later.group_id or later.id)
            if earlier_root != later_root:
                joined[later_root] = earlier_root
    leader: dict[int, int] = {}
    for message in fresh:
        group = root(message.group_id or message.id)
        message.group_id = leader.setdefault(group, message.id)


def move_group(
    session: Session,
    message: Message,
    to: MessageState,
    *,
    by: Actor,
    details: Mapping[str, Any] | None = None,
    **columns: Any,
) -> Sequence[Message]:
    """Move the messages of the group that are in the same state as `message`. Returns them."""
    seen = message.state
    moved = [member for member in members(session, message) if member.state is seen]
    for member in moved:
        history.move(session, member, to, by=by, details=details, **columns)
    return moved


def latest(session: Session, message: Message) -> Message:
    """The last message of the group that is not deleted, so that it can be answered."""
    group = members(session, message)
    standing = [member for member in group if member.deleted_at is None]
    return (standing or group or [message])[-1]
