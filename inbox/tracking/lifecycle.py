"""The life of a tracked request: opened, answered by a unit, published, closed."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import city, clock, history, queries, replies
from inbox.clock import now
from inbox.conversations import answering_account, groups, threads
from inbox.errors import InvalidInput
from inbox.history import Actor
from inbox.models import (
    Answer,
    Message,
    Note,
    Reply,
    Thread,
    TrackedRequest,
    User,
)
from inbox.refusals import Step, Why
from inbox.replies import gate, texts
from inbox.states import MessageState, Outcome, ReplyState, RequestState
from inbox.tracking import deadlines, numbers
from inbox.values import ReplyKind

PRIORITIES = ("normal", "high")


def convert(
    session: Session,
    message: Message,
    *,
    unit: str,
    category: str,
    by: Actor,
    neighbourhood: str | None = None,
    priority: str = "normal",
    note: str | None = None,
    acknowledge: bool = False,
    channel: str | None = None,
) -> TrackedRequest:
    """Convert the group of `message` into a request. `acknowledge`: reply with its number.

    `unit`, `category`, `neighbourhood` and `channel` are keys. Raises UnknownKey, InvalidInput, and
    IllegalMove when the message cannot be converted any more.
    """
    if priority not in PRIORITIES:
        raise InvalidInput("priority", Why.NONE_OF, existing=PRIORITIES)
    owner = queries.unit(session, unit)
    about = queries.category(session, category)
    place = queries.neighbourhood(session, neighbourhood) if neighbourhood else None
    opened_at = now()
    request = TrackedRequest(
        number=numbers.next_number(session),
        state=RequestState.WITH_UNIT,
        version=1,
        unit_id=owner.id,
        category_id=about.id,
        neighbourhood_id=place.id if place else None,
        priority=priority,
        opened_at=opened_at,
        due_at=deadlines.due_at(opened_at, working_days=city.current_profile(session).service_days),
    )
    session.add(request)
    history.record_opened(session, request, by=by, details={"unit": owner.key, "category": about.key})
    _add_group(session, request, message, by=by)
    if note and note.strip():
        _note(session, request, "note", gate.check_text(note), by)
    if acknowledge:
        latest = groups.latest(session, message)
        door = answering_account.door_for(session, message, channel)
        thread = threads.of_message(session, latest)
        reply = replies.draft(
            session,
            latest,
            thread,
            kind=ReplyKind.ACKNOWLEDGEMENT,
            text=texts.acknowledgement(session, request, latest, door),
            by=by,
            channel_id=door.id,
            request=request,
        )
        if not replies.is_too_long(session, reply):  # else it stays a draft, for a person to shorten
            replies.approve(session, reply, by=by)
    return request


def _add_group(session: Session, request: TrackedRequest, message: Message, *, by: Actor) -> None:
    moved = groups.move_group(session, message, MessageState.CONVERTED, by=by, request_id=request.id)
    if not moved:
        raise history.illegal_move(session, message, MessageState.CONVERTED)


def join(session: Session, request: TrackedRequest, message: Message, *, by: Actor) -> None:
    """Add another message's group to a request. If the unit has answered, a reply is drafted at once."""
    if not request.is_open:
        raise history.illegal_move(session, request, Step.JOIN)
    _add_group(session, request, message, by=by)
    answered = session.scalars(
        select(Answer).where(Answer.request_id == request.id).order_by(Answer.id.desc()).limit(1)
    ).first()
    if answered is not None and (
        request.state is RequestState.RESPONDED or answered.outcome is Outcome.PLANNED
    ):
        _draft_to_thread(session, request, answered, groups.latest(session, message), by=by)


def respond(
    session: Session,
    request: TrackedRequest,
    *,
    outcome: str | Outcome,
    text: str,
    by: Actor,
    until: date | None = None,
) -> Answer:
    """Store the unit's answer, and draft one reply per thread of the request, to its latest message.

    `planned` needs `until`, today or later: an interim reply is drafted, the request stays with the unit and
    becomes due work again on that day. Raises InvalidInput, IllegalMove.
    """
    verdict = _outcome(outcome)
    words = gate.check_text(text)
    if verdict is Outcome.PLANNED:
        if until is None or until < now().astimezone(ZoneInfo(clock.ISTANBUL)).date():
            raise InvalidInput("until", Why.DAY_NEEDED)
        if request.state is not RequestState.WITH_UNIT:
            raise history.illegal_move(session, request, Step.PLAN)
    elif until is not None:
        raise InvalidInput("until", Why.DAY_FOR_PLANNED)
    answer = Answer(
        request_id=request.id,
        outcome=verdict,
        text=words,
        until=until,
        unit_id=request.unit_id,
        user_id=by.id if isinstance(by, User) else None,
        answered_at=now(),
    )
    session.add(answer)
    session.flush()
    _withdraw_waiting_drafts(session, request, by=by)
    details = {"outcome": verdict.value, "answer": answer.id}
    if verdict is Outcome.PLANNED:
        request.planned_until = until
        history.record(session, "request.planned", by=by, request=request, details=details)
    else:
        history.move(session, request, RequestState.RESPONDED, by=by, details=details, planned_until=None)
    for latest in _latest_per_thread(session, request):
        _draft_to_thread(session, request, answer, latest, by=by)
    return answer


def _outcome(outcome: str | Outcome) -> Outcome:
    try:
        return Outcome(outcome)
    except ValueError:
        raise InvalidInput("outcome", Why.NONE_OF, existing=tuple(Outcome)) from None


def _withdraw_waiting_drafts(session: Session, request: TrackedRequest, *, by: Actor) -> None:
    """Withdraw drafts of earlier answers that nobody has approved: the new answer replaces them."""
    stale = session.scalars(
        select(Reply).where(
            Reply.request_id == request.id, Reply.answer_id.is_not(None), Reply.state == ReplyState.DRAFT
        )
    ).all()
    for reply in stale:
        history.move(session, reply, ReplyState.WITHDRAWN, by=by, details={"because": "answered_again"})


def _latest_per_thread(session: Session, request: TrackedRequest) -> list[Message]:
    messages = session.scalars(
        select(Message)
        .where(Message.request_id == request.id, Message.thread_id.is_not(None))
        .order_by(Message.deleted_at.is_not(None).desc(), Message.sent_at, Message.id)
    ).all()
    latest = {message.thread_id: message for message in messages}  # the last one wins: not deleted, newest
    return sorted(latest.values(), key=lambda message: message.id)


def _draft_to_thread(
    session: Session, request: TrackedRequest, answer: Answer, message: Message, *, by: Actor
) -> Reply | None:
    """Draft the answer for one thread; returns the existing draft when there is one."""
    if message.thread_id is None:
        return None
    existing = session.scalar(
        select(Reply).where(Reply.answer_id == answer.id, Reply.thread_id == message.thread_id)
    )
    if existing is not None:
        return existing
    previous_channel_id = session.scalars(
        select(Reply.channel_id)
        .where(Reply.thread_id == message.thread_id, Reply.request_id == request.id)
        .order_by(Reply.id.desc())
        .limit(1)
    ).first()
    return replies.draft(
        session,
        message,
        session.get_one(Thread, message.thread_id),
        kind=ReplyKind.INTERIM if answer.outcome is Outcome.PLANNED else ReplyKind.ANSWER,
        text=texts.answer(session, request, answer, message),
        by=by,
        channel_id=previous_channel_id,  # keep the account that replied in this thread before
        request=request,
        answer_id=answer.id,
    )


def return_to_desk(session: Session, request: TrackedRequest, *, reason: str, by: Actor) -> None:
    """The unit is not responsible: the desk must choose another. `reason`: free text."""
    why = gate.check_text(reason)
    history.move(session, request, RequestState.RETURNED, by=by)
    _note(session, request, "return", why, by)


def reroute(session: Session, request: TrackedRequest, *, unit: str, by: Actor) -> None:
    """Assign the request to another unit. Raises UnknownKey, IllegalMove."""
    owner = queries.unit(session, unit)
    details = {"unit": owner.key}
    if request.state is RequestState.WITH_UNIT:
        request.unit_id = owner.id
        history.record(session, "request.rerouted", by=by, request=request, details=details)
    elif request.state is RequestState.RETURNED:
        history.move(session, request, RequestState.WITH_UNIT, by=by, details=details, unit_id=owner.id)
    else:
        raise history.illegal_move(session, request, Step.REROUTE)


def close(session: Session, request: TrackedRequest, *, by: Actor) -> None:
    """Close the request. Raises IllegalMove while it is not answered."""
    history.move(session, request, RequestState.CLOSED, by=by)


def cancel(session: Session, request: TrackedRequest, *, reason: str, by: Actor) -> None:
    """Cancel a request that was opened by mistake. Raises IllegalMove when it is answered."""
    why = gate.check_text(reason)
    history.move(session, request, RequestState.CANCELLED, by=by)
    _note(session, request, "cancel", why, by)


def reopen(session: Session, request: TrackedRequest, *, reason: str, by: Actor) -> None:
    """Give the request back to its unit, with a new deadline."""
    why = gate.check_text(reason)
    history.move(
        session,
        request,
        RequestState.WITH_UNIT,
        by=by,
        due_at=deadlines.due_at(now(), working_days=city.current_profile(session).service_days),
    )
    _note(session, request, "reopen", why, by)


def resume_planned(session: Session, *, limit: int) -> int:
    """End the planning of requests whose day has come. Returns how many."""
    today = now().astimezone(ZoneInfo(clock.ISTANBUL)).date()
    due = session.scalars(
        select(TrackedRequest)
        .where(TrackedRequest.is_planned, TrackedRequest.planned_until <= today)
        .order_by(TrackedRequest.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for request in due:
        request.planned_until = None
        history.record(session, "request.came_back", by="sweep", request=request)
    return len(due)


def note(session: Session, request: TrackedRequest, *, text: str, by: Actor) -> None:
    """Add an internal note."""
    _note(session, request, "note", gate.check_text(text), by)
    history.record(session, "request.noted", by=by, request=request)


def _note(session: Session, request: TrackedRequest, use: str, text: str, by: Actor) -> None:
    session.add(
        Note(
            request_id=request.id,
            use=use,
            text=text,
            user_id=by.id if isinstance(by, User) else None,
            written_at=now(),
        )
    )
