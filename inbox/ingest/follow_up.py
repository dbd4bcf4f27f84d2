"""The effects of a stored citizen's message: one ordered list of idempotent steps, for one row or many.

Code that stores messages calls `follow_up` in the same transaction, so that no reader sees a message half
processed. Most arrivals start their conversation; steps that need other messages of the conversation skip
those without a query.
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
    """A stored message to follow up: only what is known without a query."""

    message_id: int
    text: str
    button: str | None
    begins_thread: bool = False  # it is the only message of its thread

    @classmethod
    def of(cls, message: Message) -> Arrival:
        """The arrival of a message whose thread may hold others."""
        return cls(message.id, message.text, message.button)


Run = Callable[[Session, Sequence[Arrival]], None]
Columns = Callable[[Session, str], Mapping[str, Any]]


def _nothing(_session: Session, _text: str) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class FollowUpStep:
    """One effect of an arrival."""

    run: Run
    columns: Columns = _nothing
    """Column values that depend only on the text: inserted with the row, without an extra statement."""
    after_change: bool = False
    """Whether it runs again when the text or time of a message changes."""


def columns(session: Session, text: str) -> dict[str, Any]:
    """The column values of all steps for a text, to insert with the message."""
    known: dict[str, Any] = {}
    for step in STEPS:
        known |= step.columns(session, text)
    return known


def follow_up(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Run all steps. The messages are stored, in state NEW, with the values of `columns`."""
    session.flush()
    for step in STEPS:
        step.run(session, arrivals)


def follow_change(session: Session, message: Message) -> None:
    """Assess the text of a message again, and run the steps that depend on its text or time."""
    session.flush()
    if message.state in OPEN_MESSAGE:
        for name, value in columns(session, message.text).items():
            setattr(message, name, value)
    for step in STEPS:
        if step.after_change:
            step.run(session, [Arrival.of(message)])


def _beside_others(session: Session, arrivals: Iterable[Arrival], *states: MessageState) -> Iterator[Message]:
    """The messages in one of `states` whose thread may hold other messages."""
    for arrival in arrivals:
        if not arrival.begins_thread:
            message = session.get_one(Message, arrival.message_id)
            if message.state in states:
                yield message


def _call_back_waiting(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Messages of the thread that waited for the citizen's answer become NEW again, in its group."""
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
    """Group messages that were written within a short time."""
    for message in _beside_others(session, arrivals, MessageState.NEW):
        groups.regroup(session, message.thread_id or 0)
        session.flush()


def _assess(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Assess urgency and suggestions of groups with several messages, which are read as one text.

    `columns` has assessed single messages already; a long text is costly to read twice.
    """
    for message in _beside_others(session, arrivals, *OPEN_MESSAGE):
        group = groups.members(session, message)
        if len(group) > 1:
            proposals.assess_group(session, group)


def _take_rating(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Store a rating of an answer; it may come in another thread than the answer."""
    for arrival in arrivals:
        if surveys.may_be_a_verdict(arrival.text, arrival.button):
            message = session.get_one(Message, arrival.message_id)
            if message.state is MessageState.NEW:
                surveys.take_verdict(session, message)


def _join_open_request(session: Session, arrivals: Sequence[Arrival]) -> None:
    """A message shortly after one that was converted joins the same request.

    An emergency stays NEW in any case: a person must see it.
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
"""The order matters: assessing needs the groups, and joining needs to know the emergencies."""
