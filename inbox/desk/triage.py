"""What a moderator does with a citizen's words: answer, ask, dismiss, open again. Conversion is `tracking`.

Each acts on the whole group of the message: what one person wrote in one breath.
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
    """This needs nothing from us, for one of the city's own reasons. Raises UnknownKey."""
    why = queries.reason(session, reason, use="dismiss")
    groups.move_group(session, message, MessageState.DISMISSED, by=by, details={"reason": why.key})
    session.add(_note(message, "dismiss", why.key, by, reason_id=why.id))


def reopen(session: Session, message: Message, *, by: Actor) -> None:
    """Look at it again. A converted message is opened by way of its request instead.

    Raises IllegalMove for a converted one.
    """
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
    """Say `text` to the citizen, in their thread, at once.

    The same `compose_key` again answers the reply it made first: a double click is one reply. `channel`
    chooses the door where there are two. With `alone` the writer's word is the approval. Raises IllegalMove
    when the message was answered or dismissed meanwhile, MovedMeanwhile when the key stands for other words,
    InvalidInput for a text that the platform would refuse.
    """
    locked = groups.members(session, message, lock=True)
    # Looked for under the lock: of two clicks at once the second waits here until the first is done.
    if compose_key is not None:
        made = session.scalar(select(Reply).where(Reply.compose_key == compose_key))
        if made is not None:
            if (made.thread_id, made.text) != (message.thread_id, replies.check_text(text)):
                raise history.moved_meanwhile(session, message)
            return made
    target = MessageState.WAITING if kind is ReplyKind.QUESTION else MessageState.ANSWERED
    if kind in (ReplyKind.ANSWER, ReplyKind.QUESTION):
        state = next((one.state for one in locked if one.id == message.id), message.state)
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
