"""Tracked requests, the units' answers, our replies and the citizens' verdicts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Sequence, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models._base import BigId, Link, Table, words
from inbox.models.channels import Channel
from inbox.models.city import Category, Neighbourhood, Unit
from inbox.models.messages import Message, Thread
from inbox.models.people import User
from inbox.states import Outcome, ReplyState, RequestState
from inbox.values import Receipt, ReplyKind

REQUEST_NUMBERS = Sequence("request_number", start=10_001, metadata=Table.metadata)
"""One sequence for all years; a check digit is appended: see `tracking.next_number`."""


class TrackedRequest(Table):
    """A promise with a number, a unit and a deadline."""

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
    planned_until: Mapped[date | None]  # told to the citizen; on that day it is in the unit's hands again
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


class Answer(Table):
    """What a unit said to a request: done, not possible, not our competence, or planned."""

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
    """Words of staff about a message or request. Apart from history, so that they can be erased."""

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


class Reply(Table):
    """One thing we say to one message's author, and how far it came."""

    __tablename__ = "reply"
    __table_args__ = (
        UniqueConstraint("answer_id", "thread_id"),
        Index(
            "uq_reply_platform_external_id",
            "platform",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index(
            "ix_reply_unfinished",
            "channel_id",
            "thread_id",
            "id",
            postgresql_where=text("state IN ('READY', 'SENDING', 'UNCERTAIN')"),
        ),
        Index("ix_reply_request_id", "request_id", postgresql_where=text("request_id IS NOT NULL")),
        Index("ix_reply_message_id", "message_id"),
        Index("ix_reply_state_id", "state", "id"),
        Index(
            "ix_reply_sent_answers",
            "sent_at",
            postgresql_where=text("kind = 'answer' AND state = 'SENT' AND request_id IS NOT NULL"),
        ),
        CheckConstraint("kind != 'rating' OR rates_reply_id IS NOT NULL", name="rating_rates"),
    )

    id: Mapped[BigId]
    platform: Mapped[str]
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"))  # the door it goes out by
    thread_id: Mapped[Link] = mapped_column(ForeignKey("thread.id"))
    message_id: Mapped[Link] = mapped_column(ForeignKey("message.id"))  # the citizen's message it answers
    request_id: Mapped[Link | None] = mapped_column(ForeignKey("tracked_request.id"))
    answer_id: Mapped[Link | None] = mapped_column(ForeignKey("answer.id"))
    rates_reply_id: Mapped[Link | None] = mapped_column(ForeignKey("reply.id"), unique=True)
    kind: Mapped[ReplyKind] = mapped_column(words(ReplyKind, "kind"))
    state: Mapped[ReplyState] = mapped_column(words(ReplyState, "state"), default=ReplyState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    text: Mapped[str]
    choices: Mapped[list[Any]] = mapped_column(JSONB, default=list)  # [[id, title], …]
    in_private: Mapped[bool] = mapped_column(default=False)
    compose_key: Mapped[str | None] = mapped_column(
        unique=True
    )  # made by the client: a double click is one reply
    written_by_id: Mapped[Link | None] = mapped_column(ForeignKey("user.id"))
    approved_by_id: Mapped[Link | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    draft_reason: Mapped[str | None]  # why a READY one went back to DRAFT

    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    first_tried_at: Mapped[datetime | None]
    looks: Mapped[int] = mapped_column(default=0)
    next_look_at: Mapped[datetime | None]
    failure: Mapped[str | None]

    external_id: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    receipt: Mapped[Receipt | None] = mapped_column(words(Receipt, "receipt"))
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]

    channel: Mapped[Channel] = relationship(lazy="raise")
    thread: Mapped[Thread] = relationship(lazy="raise")
    message: Mapped[Message] = relationship(lazy="raise")
    request: Mapped[TrackedRequest | None] = relationship(lazy="raise", viewonly=True)
    written_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[written_by_id])
    approved_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[approved_by_id])
    rating: Mapped[Rating | None] = relationship(lazy="raise", back_populates="reply")


class Rating(Table):
    """One citizen's verdict on one reply."""

    __tablename__ = "rating"
    __table_args__ = (CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),)

    id: Mapped[BigId]
    reply_id: Mapped[Link] = mapped_column(ForeignKey("reply.id"), unique=True)
    message_id: Mapped[Link | None] = mapped_column(ForeignKey("message.id"))  # the words it came in
    stars: Mapped[int]
    text: Mapped[str | None]
    rated_at: Mapped[datetime]

    reply: Mapped[Reply] = relationship(lazy="raise", back_populates="rating")
