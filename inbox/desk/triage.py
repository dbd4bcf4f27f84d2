"""Triage of a citizen's message: answer, ask, dismiss, reopen. `tracking` converts it into a request.

Each function acts on the whole group of the message (see `Message`).
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import history, queries, replies
from inbox.clock import now
from inbox.conversations import answering_account, groups, threads
from inbox.history import Actor
from inbox.models import Message, Note, Reply, User
from inbox.refusals import Step
from inbox.states import MessageState, may_move
from inbox.values import ReplyKind


def dismiss(session: Session, message: Message, *, reason: str, by: Actor) -> None:
    """Dismiss the group for a reason of the city (`reason`: its key). Raises UnknownKey, IllegalMove."""
    why = queries.reason(session, reason, use="dismiss")
    groups.move_group(session, message, MessageState.DISMISSED, by=by, details={"reason": why.key})
    session.add(_note(message, "dismiss", why.key, by, reason_id=why.id))


def reopen(session: Session, message: Message, *, by: Actor) -> None:
    """Make the group NEW again. Raises IllegalMove for a converted one: reopen its request instead."""
    if message.state is MessageState.CONVERTED:
        raise history.illegal_move(session, message, Step.REOPEN_BY_REQUEST)
    groups.move_group(session, message, MessageState.NEW, by=by)


def answer(
    session: Session,
    message: Message,
    *,
    text: str,
    by: Actor,
    kind: ReplyKind = ReplyKind.ANSWER,
    channel: str | None = None,
    compose_key: str | None = None,
    alone: bool = True,
) -> Reply:
    """Reply to the latest message of the group.

    A second call with the same `compose_key` returns the reply of the first, so a double click makes one
    reply. `channel`: the key of the account to answer from, where several received the message. `alone`:
    approve at once; else the reply stays a draft. Raises IllegalMove when the message was answered or
    dismissed meanwhile, MovedMeanwhile when `compose_key` was used with another text, InvalidInput for a text
    that the platform would refuse.
    """
    locked = groups.members(session, message, lock=True)
    # Search only under the lock: the second of two simultaneous clicks waits until the first has committed.
    if compose_key is not None:
        made = session.scalar(select(Reply).where(Reply.compose_key == compose_key))
        if made is not None:
            if (made.thread_id, made.text) != (message.thread_id, replies.check_text(text)):
                raise history.moved_meanwhile(session, message)
            return made
    target = MessageState.WAITING if kind is ReplyKind.QUESTION else MessageState.ANSWERED
    if kind in (ReplyKind.ANSWER, ReplyKind.QUESTION):
        state = next((member.state for member in locked if member.id == message.id), message.state)
        if state is None or not may_move(state, target):
            raise history.illegal_move(session, message, target)
    door = answering_account.door_for(session, message, channel)
    latest = groups.latest(session, message)
    reply = replies.draft(
        session,
        latest,
        threads.of_message(session, latest),
        kind=kind,
        text=replies.check_text(text),
        by=by,
        channel_id=door.id,
        compose_key=compose_key,
    )
    if alone:
        replies.approve(session, reply, by=by)
    else:
        replies.check_length(session, {reply: reply.text})
    return reply


def _note(message: Message, use: str, text: str, by: Actor, *, reason_id: int | None = None) -> Note:
    return Note(
        message_id=message.id,
        use=use,
        text=text,
        reason_id=reason_id,
        user_id=by.id if isinstance(by, User) else None,
        written_at=now(),
    )
