"""Tracked requests, answers of units, notes of staff and ratings of citizens."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, ForeignKey, Index, Sequence, and_, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.clock import now
from inbox.models._base import BigId, Link, Table, words
from inbox.models.city import Category, Neighbourhood, Unit
from inbox.models.conversations import Message
from inbox.models.people import User
from inbox.models.replies import Reply
from inbox.states import OPEN_REQUEST, WITH_THE_UNIT, Outcome, RequestState

REQUEST_NUMBERS = Sequence("request_number", start=10_001, metadata=Table.metadata)
"""Request numbers without their check digit, which `tracking.next_number` appends."""


class TrackedRequest(Table):
    """A request with a number, a responsible unit and a deadline."""

    __tablename__ = "tracked_request"
    __table_args__ = (Index("ix_tracked_request_unit_id_state", "unit_id", "state", "id"),)

    id: Mapped[BigId]
    number: Mapped[int] = mapped_column(BigInteger, unique=True)
    state: Mapped[RequestState] = mapped_column(words(RequestState, "state"), default=RequestState.WITH_UNIT)
    version: Mapped[int] = mapped_column(default=1)
    unit_id: Mapped[Link] = mapped_column(ForeignKey("unit.id"))
    category_id: Mapped[Link] = mapped_column(ForeignKey("category.id"))
    neighbourhood_id: Mapped[Link | None] = mapped_column(ForeignKey("neighbourhood.id"))
    priority: Mapped[str] = mapped_column(default="normal")  # normal, high
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    planned_until: Mapped[
        date | None
    ]  # the day the citizen was told; then the request is open with the unit again
    part_of_id: Mapped[Link | None] = mapped_column(ForeignKey("tracked_request.id"))

    unit: Mapped[Unit] = relationship(lazy="raise")
    category: Mapped[Category] = relationship(lazy="raise")
    neighbourhood: Mapped[Neighbourhood | None] = relationship(lazy="raise")
    messages: Mapped[list[Message]] = relationship(
        lazy="raise",
        primaryjoin="TrackedRequest.id == foreign(Message.request_id)",
        order_by="Message.id",
        viewonly=True,
    )
    answers: Mapped[list[Answer]] = relationship(lazy="raise", order_by="Answer.id")
    replies: Mapped[list[Reply]] = relationship(lazy="raise", order_by="Reply.id", viewonly=True)

    # Each property has a Python and an SQL form; a test compares the two over random rows.

    @hybrid_property
    def is_open(self) -> bool:
        """Whether we must take the next step."""
        return self.state in OPEN_REQUEST

    @is_open.inplace.expression
    @classmethod
    def _is_open_in_sql(cls) -> ColumnElement[bool]:
        return cls.state.in_(OPEN_REQUEST)

    @hybrid_property
    def is_overdue(self) -> bool:
        """Whether it is open after its deadline."""
        return self.is_open and self.due_at < now()

    @is_overdue.inplace.expression
    @classmethod
    def _is_overdue_in_sql(cls) -> ColumnElement[bool]:
        return and_(cls.is_open, cls.due_at < now())

    @hybrid_property
    def is_planned(self) -> bool:
        """Whether the unit has planned it for a day that the citizen was told."""
        return self.state in WITH_THE_UNIT and self.planned_until is not None

    @is_planned.inplace.expression
    @classmethod
    def _is_planned_in_sql(cls) -> ColumnElement[bool]:
        return and_(cls.state.in_(WITH_THE_UNIT), cls.planned_until.is_not(None))


class Answer(Table):
    """A unit's answer to a request."""

    __tablename__ = "answer"

    id: Mapped[BigId]
    request_id: Mapped[Link] = mapped_column(ForeignKey("tracked_request.id"), index=True)
    outcome: Mapped[Outcome] = mapped_column(words(Outcome, "outcome"))
    text: Mapped[str]
    until: Mapped[date | None]
    unit_id: Mapped[Link] = mapped_column(ForeignKey("unit.id"))
    user_id: Mapped[Link | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime]

    unit: Mapped[Unit] = relationship(lazy="raise")
    user: Mapped[User | None] = relationship(lazy="raise")


class Note(Table):
    """A note of staff about one message, request or reply. Not in the history, so that it can be erased."""

    __tablename__ = "note"
    __table_args__ = (
        CheckConstraint("num_nonnulls(message_id, request_id, reply_id) = 1", name="one_subject"),
        Index("ix_note_message_id", "message_id", postgresql_where=text("message_id IS NOT NULL")),
        Index("ix_note_request_id", "request_id", postgresql_where=text("request_id IS NOT NULL")),
    )

    id: Mapped[BigId]
    message_id: Mapped[Link | None] = mapped_column(ForeignKey("message.id"))
    request_id: Mapped[Link | None] = mapped_column(ForeignKey("tracked_request.id"))
    reply_id: Mapped[Link | None] = mapped_column(ForeignKey("reply.id"))
    use: Mapped[str]  # note, dismiss, return, reopen, reroute, withdraw
    reason_id: Mapped[Link | None] = mapped_column(ForeignKey("reason.id"))
    text: Mapped[str]
    user_id: Mapped[Link | None] = mapped_column(ForeignKey("user.id"))
    written_at: Mapped[datetime]


class Rating(Table):
    """A citizen's rating of one reply."""

    __tablename__ = "rating"
    __table_args__ = (CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),)

    id: Mapped[BigId]
    reply_id: Mapped[Link] = mapped_column(ForeignKey("reply.id"), unique=True)
    message_id: Mapped[Link | None] = mapped_column(ForeignKey("message.id"))  # the message that gave it
    stars: Mapped[int]
    text: Mapped[str | None]
    rated_at: Mapped[datetime]

    reply: Mapped[Reply] = relationship(lazy="raise", back_populates="rating")
