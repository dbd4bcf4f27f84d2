"""What a citizen's message sets off once it is stored: one ordered list of steps, for one row and for many.

Whoever stores messages calls `follow_up` in the same transaction, so that nothing is seen half done. Every
step is idempotent: run again, it leaves the same rows. Most of what arrives begins its conversation; a step
that needs other messages of the conversation passes over those without a query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import history
from inbox.conversations import groups
from inbox.models import Message, TrackedRequest
from inbox.states import OPEN_MESSAGE, Intent, MessageState
from inbox.tracking import surveys
from inbox.understanding import proposals

INGEST = "ingest"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A citizen's message that is stored and still to be followed up; as much of it as needs no query."""

    message_id: int
    text: str
    button: str | None
    begins_thread: bool = False  # nothing else stands in its conversation

    @classmethod
    def of(cls, message: Message) -> Arrival:
        """That of a message which others may stand beside."""
        return cls(message.id, message.text, message.button)


Run = Callable[[Session, Sequence[Arrival]], None]
Columns = Callable[[Session, str], Mapping[str, Any]]


def _nothing(_session: Session, _text: str) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class FollowUpStep:
    """One thing that an arrival sets off."""

    run: Run
    columns: Columns = _nothing
    """What the words alone say, as columns: stored with the row, at no statement of their own."""
    after_change: bool = False
    """Whether it runs again when a message's words or time turn out to be others."""


def columns(session: Session, text: str) -> dict[str, Any]:
    """What the steps know of a message by its words alone, to be stored with it."""
    known: dict[str, Any] = {}
    for step in STEPS:
        known |= step.columns(session, text)
    return known


def follow_up(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Do all that these messages set off. They are stored and NEW, with what `columns` says of them."""
    session.flush()
    for step in STEPS:
        step.run(session, arrivals)


def follow_change(session: Session, message: Message) -> None:
    """Do again what hangs on the words and the time of a message, both of which may have changed."""
    session.flush()
    if message.state in OPEN_MESSAGE:
        for name, value in columns(session, message.text).items():
            setattr(message, name, value)
    for step in STEPS:
        if step.after_change:
            step.run(session, [Arrival.of(message)])


def _beside_others(session: Session, arrivals: Iterable[Arrival], *states: MessageState) -> Iterator[Message]:
    """The messages that others may stand beside, as far as they are in one of `states`."""
    for arrival in arrivals:
        if not arrival.begins_thread:
            message = session.get_one(Message, arrival.message_id)
            if message.state in states:
                yield message


def _call_back_waiting(session: Session, arrivals: Sequence[Arrival]) -> None:
    """The citizen owed an answer in this thread: what waited for it is NEW again, together with it."""
    for message in _beside_others(session, arrivals, MessageState.NEW):
        waiting = session.scalars(
            select(Message).where(
                Message.thread_id == message.thread_id, Message.state == MessageState.WAITING
            )
        ).all()
        for called in waiting:
            history.move(session, called, MessageState.NEW, by=INGEST, details={"because": "citizen_wrote"})
            called.group_id = message.group_id


def _regroup(session: Session, arrivals: Sequence[Arrival]) -> None:
    """What was said in one breath is triaged together."""
    for message in _beside_others(session, arrivals, MessageState.NEW):
        groups.regroup(session, message.thread_id or 0)
        session.flush()


def _assess(session: Session, arrivals: Sequence[Arrival]) -> None:
    """How urgent it is and where it belongs, when several messages are read as one text.

    Of one that stands alone `columns` has said it: a long text is costly to read twice.
    """
    for message in _beside_others(session, arrivals, *OPEN_MESSAGE):
        if len(groups.members(session, message)) > 1:
            proposals.assess_group(session, message)


def _take_rating(session: Session, arrivals: Sequence[Arrival]) -> None:
    """It may be the verdict on an answer, in whatever conversation."""
    for arrival in arrivals:
        if surveys.may_be_a_verdict(arrival.text, arrival.button):
            message = session.get_one(Message, arrival.message_id)
            if message.state is MessageState.NEW:
                surveys.take_verdict(session, message)


def _join_open_request(session: Session, arrivals: Sequence[Arrival]) -> None:
    """A fragment that follows a converted one in the same breath belongs to that request.

    An emergency stays NEW, whatever it follows: a person must see it.
    """
    for message in _beside_others(session, arrivals, MessageState.NEW):
        if message.intent is Intent.EMERGENCY:
            continue
        before = session.scalars(
            select(Message)
            .where(
                Message.thread_id == message.thread_id,
                Message.id != message.id,
                Message.state.is_not(None),
                Message.sent_at <= message.sent_at,
                Message.sent_at >= message.sent_at - groups.MAX_GAP,
            )
            .order_by(Message.sent_at.desc(), Message.id.desc())
            .limit(1)
        ).first()
        if before is None or before.state is not MessageState.CONVERTED or before.request_id is None:
            continue
        request = session.get_one(TrackedRequest, before.request_id)
        if not request.is_open:
            continue
        history.move(
            session,
            message,
            MessageState.CONVERTED,
            by=INGEST,
            details={"because": "fragment"},
            request_id=request.id,
            group_id=before.group_id,
        )


STEPS: tuple[FollowUpStep, ...] = (
    FollowUpStep(_call_back_waiting),
    FollowUpStep(_regroup, after_change=True),
    FollowUpStep(_assess, columns=proposals.proposals, after_change=True),
    FollowUpStep(_take_rating),
    FollowUpStep(_join_open_request),
)
"""In this order: a group is read as one text, and an emergency in it keeps it from joining a request."""
