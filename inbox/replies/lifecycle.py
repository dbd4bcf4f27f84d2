"""The states of a reply from draft to end, and what each means for its message and request.

`inbox.replies.sending` claims and sends approved replies.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox import history
from inbox.channels import mismatches
from inbox.clock import now
from inbox.conversations import groups
from inbox.errors import InvalidInput
from inbox.failures import Failure, Trouble
from inbox.history import Actor
from inbox.models import Channel, Message, Reply, Thread, TrackedRequest, User
from inbox.refusals import Step, Why
from inbox.replies import gate, texts
from inbox.states import (
    ENDED_REPLY,
    OPEN_MESSAGE,
    DifferenceKind,
    MessageState,
    ReplyState,
    RequestState,
    may_move,
)
from inbox.values import ReplyKind

_ANSWERED_BY = {ReplyKind.ANSWER: MessageState.ANSWERED, ReplyKind.QUESTION: MessageState.WAITING}


# --- drafting and approving -------------------------------------------------------------------------


def draft(
    session: Session,
    message: Message,
    thread: Thread,
    *,
    kind: ReplyKind,
    text: str,
    by: Actor,
    channel_id: int | None = None,
    request: TrackedRequest | None = None,
    answer_id: int | None = None,
    rates: Reply | None = None,
    choices: Sequence[tuple[str, str]] = (),
    in_private: bool = False,
    compose_key: str | None = None,
    not_before: datetime | None = None,
) -> Reply:
    """Create a DRAFT reply to `message`, from the message's channel unless `channel_id` is given."""
    reply = Reply(
        platform=message.platform,
        channel_id=channel_id or message.channel_id,
        thread_id=thread.id,
        message_id=message.id,
        request_id=request.id if request else None,
        answer_id=answer_id,
        rates_reply_id=rates.id if rates else None,
        kind=kind,
        state=ReplyState.DRAFT,
        version=1,
        text=text,
        choices=[list(choice) for choice in choices],
        in_private=in_private,
        compose_key=compose_key,
        written_by_id=by.id if isinstance(by, User) else None,
        created_at=now(),
        not_before=not_before,
        attempts=0,
        looks=0,
    )
    session.add(reply)
    history.record_opened(session, reply, by=by)
    return reply


def approve(
    session: Session, reply: Reply, *, by: Actor, text: str | None = None, version: int | None = None
) -> None:
    """DRAFT → READY. `version` is the one the approver saw; `text`, if given, replaces the text.

    Raises MovedMeanwhile when the version has changed, IllegalMove when it is no draft, InvalidInput when the
    text may not be sent.
    """
    if version is not None and reply.version != version:
        raise history.moved_meanwhile(session, reply)
    if reply.state is not ReplyState.DRAFT:
        # No user may make SENDING or UNCERTAIN READY: that takes proof that the reply is not public.
        raise history.illegal_move(session, reply, ReplyState.READY)
    if reply.external_id is not None:
        raise InvalidInput("reply", Why.STANDS_ALREADY)
    if text is not None and text != reply.text:
        history.revise(session, reply, by=by, text=text)
    gate.check_may_go_out(session, reply)
    history.move(
        session,
        reply,
        ReplyState.READY,
        by=by,
        approved_by_id=by.id if isinstance(by, User) else None,
        approved_at=now(),
        draft_reason=None,
        failure=None,
    )
    _move_message(session, reply, by=by)


def approve_all(
    session: Session,
    request: TrackedRequest,
    *,
    by: Actor,
    text: str | None = None,
    except_: Collection[int] = (),
) -> list[Reply]:
    """Approve all drafts of a request, except the ids in `except_`. `text`, if given, replaces all texts.

    `{salutation}` in `text` is filled for each citizen. Raises IllegalMove when there is no draft,
    InvalidInput TOO_LONG with all replies whose text is too long.
    """
    waiting = session.scalars(
        select(Reply)
        .where(Reply.request_id == request.id, Reply.state == ReplyState.DRAFT, Reply.id.not_in(except_))
        .order_by(Reply.id)
        .with_for_update()
    ).all()
    if not waiting:
        raise history.illegal_move(session, request, Step.APPROVE)
    wording = {
        reply: texts.addressed(session, reply, text) if text is not None else reply.text for reply in waiting
    }
    gate.check_length(session, wording)
    for reply in waiting:
        approve(session, reply, by=by, text=wording[reply])
    return list(waiting)


def edit(session: Session, reply: Reply, *, text: str, by: Actor, version: int | None = None) -> None:
    """Change the text of a draft. Raises IllegalMove for other states, MovedMeanwhile as `approve` does."""
    if reply.state is not ReplyState.DRAFT:
        raise history.illegal_move(session, reply, Step.EDIT)
    if version is not None and reply.version != version:
        raise history.moved_meanwhile(session, reply)
    history.revise(session, reply, by=by, text=text)


def undo(session: Session, reply: Reply, *, by: Actor) -> None:
    """READY → DRAFT, at the request of a user. Raises IllegalMove once a worker has claimed it."""
    back_to_draft(session, reply, reason="undone", by=by)


def back_to_draft(session: Session, reply: Reply, *, reason: str, by: Actor) -> None:
    """READY → DRAFT, with the reason. Its message becomes NEW again."""
    history.move(session, reply, ReplyState.DRAFT, by=by, draft_reason=reason, details={"because": reason})
    reopen_message(session, reply, by=by)


def redraft(session: Session, reply: Reply, *, by: Actor) -> None:
    """FAILED → DRAFT, to be edited or approved again.

    Raises InvalidInput when the reply was found on the platform meanwhile.
    """
    if reply.external_id is not None:
        raise InvalidInput("reply", Why.STANDS_ALREADY)
    history.move(session, reply, ReplyState.DRAFT, by=by, draft_reason="failed")


def withdraw(session: Session, reply: Reply, *, by: Actor) -> None:
    """Withdraw a reply that was not sent. Its message becomes NEW again."""
    history.move(session, reply, ReplyState.WITHDRAWN, by=by)
    reopen_message(session, reply, by=by)
    close_if_ended(session, reply, by=by)


def settle(session: Session, reply: Reply, *, sent: bool, by: Actor) -> None:
    """Record what a person found out: UNCERTAIN → SENT or FAILED; READY → SENT (sent by hand)."""
    if reply.state not in (ReplyState.UNCERTAIN, ReplyState.READY):
        raise history.illegal_move(session, reply, Step.SETTLE)
    if sent:
        history.move(
            session,
            reply,
            ReplyState.SENT,
            by=by,
            sent_at=now(),
            details={"settled": "sent"},
            next_look_at=None,
        )
        close_if_ended(session, reply, by=by)
    elif reply.state is ReplyState.UNCERTAIN:
        mark_failed(session, reply, Trouble(Failure.SETTLED_NOT_SENT), by=by)
    else:
        raise history.illegal_move(session, reply, Step.SETTLE_AS_NOT_SENT)


# --- the result of a send ----------------------------------------------------------------------------------


def mark_sent(session: Session, reply: Reply, external_id: str, *, by: Actor) -> None:
    """Record that the reply is public under `external_id`: by the response to our call, or as found there."""
    if reply.state is ReplyState.SENT:
        return
    if not may_move(reply.state, ReplyState.SENT):
        _record_unexpected_send(session, reply, external_id, by=by)
        return
    history.move(
        session,
        reply,
        ReplyState.SENT,
        by=by,
        external_id=external_id,
        sent_at=now(),
        failure=None,
        lease_until=None,
        next_look_at=None,
    )
    close_if_ended(session, reply, by=by)


def _record_unexpected_send(session: Session, reply: Reply, external_id: str, *, by: Actor) -> None:
    """Record a reply that is public although its state says it is not: it opens a difference and an alarm.

    It keeps its state. With its external id it cannot be approved again.
    """
    channel = session.get_one(Channel, reply.channel_id)
    if reply.state is ReplyState.DRAFT:
        reply.draft_reason = "already_there"
    if reply.external_id is None:
        reply.external_id = external_id
        history.record(session, "reply.stands_there", by=by, reply=reply)
    mismatches.record(
        session,
        channel,
        DifferenceKind.REPLY_THERE,
        reply.external_id,
        message_id=reply.message_id,
        reply_id=reply.id,
        our_at=reply.claimed_at,
    )
    session.flush()
    mismatches.update_alarm(session, channel.id, by=by)


def mark_failed(session: Session, reply: Reply, trouble: Trouble, *, by: Actor) -> None:
    """Record that the reply is not public and must not be retried. Its message becomes NEW again."""
    history.move(
        session,
        reply,
        ReplyState.FAILED,
        by=by,
        failure=trouble.reason[:500],
        lease_until=None,
        next_look_at=None,
    )
    reopen_message(session, reply, by=by)


# --- effects on the message and the request -------------------------------------------------


def _move_message(session: Session, reply: Reply, *, by: Actor) -> None:
    """An approved answer makes its message ANSWERED, an approved question WAITING."""
    target = _ANSWERED_BY.get(reply.kind)
    message = session.get_one(Message, reply.message_id)
    if target is not None and message.state in OPEN_MESSAGE:
        if message.state is target:
            return
        groups.move_group(session, message, target, by=by, details={"reply": reply.id})


def reopen_message(session: Session, reply: Reply, *, by: Actor) -> None:
    """Make the message NEW again when its state comes from this reply, which the citizen did not get."""
    message = session.get_one(Message, reply.message_id)
    if message.state is not None and message.state is _ANSWERED_BY.get(reply.kind):
        groups.move_group(session, message, MessageState.NEW, by=by, details={"reply": reply.id})


def close_if_ended(session: Session, reply: Reply, *, by: Actor) -> None:
    """Close a RESPONDED request when all its answers are sent or withdrawn. Other kinds do not count."""
    if reply.request_id is None or reply.kind is not ReplyKind.ANSWER:
        return
    request = session.get_one(TrackedRequest, reply.request_id, with_for_update=True)
    if request.state is not RequestState.RESPONDED:
        return
    session.flush()
    open_answers = session.scalar(
        select(func.count()).where(
            Reply.request_id == request.id,
            Reply.kind == ReplyKind.ANSWER,
            Reply.state.not_in(ENDED_REPLY),
        )
    )
    if not open_answers:
        history.move(session, request, RequestState.CLOSED, by=by)
