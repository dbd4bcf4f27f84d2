"""The tracked request: a promise with a number, a unit and a deadline, not let go until it is concluded."""

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
    """Turn the message's whole group into one request; `acknowledge` tells the citizen its number.

    Raises UnknownKey naming what exists, IllegalMove when it is no longer to be converted.
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
    _take_in(session, request, message, by=by)
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
        if not replies.is_too_long(session, reply):  # else it waits as a draft for a person to shorten it
            replies.approve(session, reply, by=by)
    return request


def _take_in(session: Session, request: TrackedRequest, message: Message, *, by: Actor) -> None:
    moved = groups.move_group(session, message, MessageState.CONVERTED, by=by, request_id=request.id)
    if not moved:
        raise history.illegal_move(session, message, MessageState.CONVERTED)


def join(session: Session, request: TrackedRequest, message: Message, *, by: Actor) -> None:
    """One more citizen's words on the same matter; answered already, they get the draft at once."""
    if not request.is_open:
        raise history.illegal_move(session, request, Step.JOIN)
    _take_in(session, request, message, by=by)
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
    """The unit's answer. Drafts one reply a thread on the request, to that citizen's latest message.

    `planned` needs `until`, a day from today on: an interim reply is drafted, the request stays with the unit
    and comes back that day. Raises InvalidInput, IllegalMove.
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
    for latest in _latest_a_thread(session, request):
        _draft_to_thread(session, request, answer, latest, by=by)
    return answer


def _outcome(outcome: str | Outcome) -> Outcome:
    try:
        return Outcome(outcome)
    except ValueError:
        raise InvalidInput("outcome", Why.NONE_OF, existing=tuple(Outcome)) from None


def _withdraw_waiting_drafts(session: Session, request: TrackedRequest, *, by: Actor) -> None:
    """What an earlier answer of the unit had drafted and nobody released yet is overtaken by this one."""
    stale = session.scalars(
        select(Reply).where(
            Reply.request_id == request.id, Reply.answer_id.is_not(None), Reply.state == ReplyState.DRAFT
        )
    ).all()
    for reply in stale:
        history.move(session, reply, ReplyState.WITHDRAWN, by=by, details={"because": "answered_again"})


def _latest_a_thread(session: Session, request: TrackedRequest) -> list[Message]:
    standing = session.scalars(
        select(Message)
        .where(Message.request_id == request.id, Message.thread_id.is_not(None))
        .order_by(Message.deleted_at.is_not(None).desc(), Message.sent_at, Message.id)
    ).all()
    latest = {message.thread_id: message for message in standing}
    return sorted(latest.values(), key=lambda message: message.id)


def _draft_to_thread(
    session: Session, request: TrackedRequest, answer: Answer, message: Message, *, by: Actor
) -> Reply | None:
    """One draft an answer and thread: asked for twice, it is there once."""
    if message.thread_id is None:
        return None
    there = session.scalar(
        select(Reply).where(Reply.answer_id == answer.id, Reply.thread_id == message.thread_id)
    )
    if there is not None:
        return there
    said_before = session.scalars(
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
        channel_id=said_before,  # the account that spoke in this thread before goes on speaking
        request=request,
        answer_id=answer.id,
    )


def return_to_desk(session: Session, request: TrackedRequest, *, reason: str, by: Actor) -> None:
    """The unit says it is not theirs, and why: the desk must choose again."""
    why = gate.check_text(reason)
    history.move(session, request, RequestState.RETURNED, by=by)
    _note(session, request, "return", why, by)


def reroute(session: Session, request: TrackedRequest, *, unit: str, by: Actor) -> None:
    """Give it to another unit. Raises UnknownKey, IllegalMove."""
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
    """End it by hand. Raises IllegalMove while it is not answered."""
    history.move(session, request, RequestState.CLOSED, by=by)


def cancel(session: Session, request: TrackedRequest, *, reason: str, by: Actor) -> None:
    """It was opened by mistake."""
    why = gate.check_text(reason)
    history.move(session, request, RequestState.CANCELLED, by=by)
    _note(session, request, "cancel", why, by)


def reopen(session: Session, request: TrackedRequest, *, reason: str, by: Actor) -> None:
    """Not concluded after all: the unit has it again, and its clock starts afresh."""
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
    """Requests whose planned day has come are in the unit's hands again. Answers how many."""
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
    """Words of staff for staff."""
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
