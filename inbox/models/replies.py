"""Replies, the library of texts, and deeds."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models._base import BigId, Link, Table, words
from inbox.models.channels import Channel
from inbox.models.conversations import Message, Thread
from inbox.models.people import User
from inbox.states import ReplyState
from inbox.values import Receipt, ReplyKind

if TYPE_CHECKING:
    from inbox.models.tracking import Rating, TrackedRequest


class Reply(Table):
    """One reply to the author of one message, and its delivery."""

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
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"))  # the account that sends it
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
    )  # made by the client, so that a double click makes one reply
    written_by_id: Mapped[Link | None] = mapped_column(ForeignKey("user.id"))
    approved_by_id: Mapped[Link | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    draft_reason: Mapped[str | None]  # why it went back to DRAFT

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


class ReplyText(Table):
    """A text of the library; its variants are used in turn. Syntax: `inbox.language.placeholders`."""

    __tablename__ = "reply_text"
    __table_args__ = (UniqueConstraint("key", "language", "scope", "voice"),)

    id: Mapped[BigId]
    key: Mapped[str]
    kind: Mapped[str]  # a ReplyKind
    outcome: Mapped[str | None]  # for answers: the Outcome of the unit's answer
    language: Mapped[str]
    scope: Mapped[str]  # public, private or any
    voice: Mapped[str]  # municipality, mayor or any
    variants: Mapped[list[str]]
    is_active: Mapped[bool] = mapped_column(default=True)


class Deed(Table):
    """An idempotent action on the platform: hide, like, delete, mark as read."""

    __tablename__ = "deed"

    id: Mapped[BigId]
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"))
    message_id: Mapped[Link] = mapped_column(ForeignKey("message.id"))
    kind: Mapped[str]
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    failure: Mapped[str | None]
