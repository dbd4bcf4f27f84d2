"""What one person wrote in one breath is triaged together.

Messages of one thread, each within ten minutes of the one before by the platform's clock, are one group while
they are NEW. Triage moves a whole group at once.
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

ONE_BREATH = timedelta(minutes=10)


def members(session: Session, message: Message, *, lock: bool = False) -> list[Message]:
    """The messages of the group `message` belongs to, oldest first."""
    query = (
        select(Message)
        .where(Message.group_id == message.group_id)
        .order_by(Message.sent_at, Message.id)
        .execution_options(populate_existing=lock)
    )
    return list(session.scalars(query.with_for_update() if lock else query))


def regroup(session: Session, thread_id: int) -> None:
    """Group the thread's NEW messages afresh. Groups grow together here; they are never split."""
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
        if later.sent_at - earlier.sent_at <= ONE_BREATH:
            one, other = root(earlier.group_id or earlier.id), root(later.group_id or later.id)
            if one != other:
                joined[other] = one
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
    """Move every message of the group that is in the same state as `message`. Answers them."""
    seen = message.state
    moved = [one for one in members(session, message) if one.state is seen]
    for one in moved:
        history.move(session, one, to, by=by, details=details, **columns)
    return moved


def latest(session: Session, message: Message) -> Message:
    """The last thing said in one breath that is still there to be answered."""
    group = members(session, message)
    standing = [one for one in group if one.deleted_at is None]
    return (standing or group or [message])[-1]
