"""Citizens, their conversations and messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, UniqueConstraint, and_, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models._base import BigId, Link, Table, words
from inbox.models.channels import Channel
from inbox.models.media import Attachment
from inbox.states import Intent, MessageState, Urgency
from inbox.values import MessageKind


class Person(Table):
    """Several contacts that are the same citizen, as a moderator found. Remove a contact to undo it."""

    __tablename__ = "person"

    id: Mapped[BigId]
    created_at: Mapped[datetime]


class Contact(Table):
    """One citizen as one platform knows them."""

    __tablename__ = "contact"

    id: Mapped[BigId]
    platform: Mapped[str]
    name: Mapped[str | None]
    handle: Mapped[str | None]
    phone: Mapped[str | None]
    named_at: Mapped[
        datetime | None
    ]  # when the platform reported these names; older reports do not overwrite them
    person_id: Mapped[Link | None] = mapped_column(ForeignKey("person.id"))
    first_seen_at: Mapped[datetime]

    keys: Mapped[list[ContactKey]] = relationship(lazy="raise", back_populates="contact")


class ContactKey(Table):
    """One id of a contact on its platform. A contact may have several, e.g. an id and a phone number."""

    __tablename__ = "contact_key"
    __table_args__ = (UniqueConstraint("scope", "value"),)

    id: Mapped[BigId]
    contact_id: Mapped[Link] = mapped_column(ForeignKey("contact.id"), index=True)
    scope: Mapped[str]
    value: Mapped[str]
    rank: Mapped[int]  # 0 is the most reliable to send to

    contact: Mapped[Contact] = relationship(lazy="raise", back_populates="keys")


class Thread(Table):
    """One conversation: one citizen under one public post, or one private chat."""

    __tablename__ = "thread"
    __table_args__ = (UniqueConstraint("channel_id", "key"),)

    id: Mapped[BigId]
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"))
    key: Mapped[str]
    conversation: Mapped[str | None]  # the public post's external id; None: a private chat
    contact_id: Mapped[Link | None] = mapped_column(ForeignKey("contact.id"), index=True)
    last_citizen_at: Mapped[datetime | None]  # by the platform's clock; the private reply window starts here

    channel: Mapped[Channel] = relationship(lazy="raise")
    contact: Mapped[Contact | None] = relationship(lazy="raise")


class Message(Table):
    """One message of a citizen, or one of ours, in the same shape for all platforms. A post has no state.

    Messages of one author in one thread, each within ten minutes of the one before, form a group. `group_id`
    is the id of its first message; triage acts on the whole group.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("platform", "external_id"),
        CheckConstraint("(state IS NULL) = (is_ours OR kind = 'post')", name="state_where_work"),
        CheckConstraint(
            "(intent = 'emergency') = (urgency IN ('siren', 'look_now'))", name="emergency_is_urgent"
        ),
        Index("ix_message_state_id", "state", "id", postgresql_where=text("state IS NOT NULL")),
        Index("ix_message_thread_id_sent_at", "thread_id", "sent_at"),
        Index("ix_message_group_id", "group_id"),
        Index(
            "ix_message_channel_id_received_at",
            "channel_id",
            "received_at",
            postgresql_where=text("state IS NOT NULL"),
        ),
        Index("ix_message_request_id", "request_id", postgresql_where=text("request_id IS NOT NULL")),
        Index("ix_message_conversation", "platform", "conversation"),
        Index(
            "ix_message_search_text",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
    )

    id: Mapped[BigId]
    platform: Mapped[str]
    external_id: Mapped[str]
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"))  # the channel it reached us by first
    thread_id: Mapped[Link | None] = mapped_column(ForeignKey("thread.id"))  # None: a post
    author_id: Mapped[Link | None] = mapped_column(ForeignKey("contact.id"), index=True)
    kind: Mapped[MessageKind] = mapped_column(words(MessageKind, "kind"))
    is_ours: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str]
    search_text: Mapped[str]
    conversation: Mapped[str | None]
    parent_external_id: Mapped[str | None]
    permalink: Mapped[str | None]
    button: Mapped[str | None]
    language: Mapped[str | None]
    sent_at: Mapped[datetime]  # the platform's clock
    received_at: Mapped[datetime]  # ours
    observed_at: Mapped[datetime]  # of the newest fact about its text
    text_since: Mapped[datetime]  # of the oldest fact with the current text
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    visibility_at: Mapped[datetime | None]  # of the newest fact about hiding
    raw_event_id: Mapped[Link | None] = mapped_column(ForeignKey("raw_event.id"))

    state: Mapped[MessageState | None] = mapped_column(words(MessageState, "state"))
    version: Mapped[int] = mapped_column(default=1)
    group_id: Mapped[Link | None] = mapped_column(ForeignKey("message.id"))
    intent: Mapped[Intent] = mapped_column(words(Intent, "intent"), default=Intent.REQUEST)
    urgency: Mapped[Urgency] = mapped_column(words(Urgency, "urgency"), default=Urgency.NORMAL)
    suggested_unit_id: Mapped[Link | None] = mapped_column(ForeignKey("unit.id"))
    suggested_category_id: Mapped[Link | None] = mapped_column(ForeignKey("category.id"))
    suggested_neighbourhood_id: Mapped[Link | None] = mapped_column(ForeignKey("neighbourhood.id"))
    suggestion_confidence: Mapped[float | None]
    request_id: Mapped[Link | None] = mapped_column(ForeignKey("tracked_request.id"))
    changed_after_conversion: Mapped[bool] = mapped_column(default=False)

    channel: Mapped[Channel] = relationship(lazy="raise")
    thread: Mapped[Thread | None] = relationship(lazy="raise")
    author: Mapped[Contact | None] = relationship(lazy="raise")
    attachments: Mapped[list[Attachment]] = relationship(lazy="raise", order_by="Attachment.position")
    doors: Mapped[list[MessageDoor]] = relationship(lazy="raise")

    @hybrid_property
    def is_new_emergency(self) -> bool:
        """Whether it may be an emergency and nobody has dealt with it."""
        return self.state is MessageState.NEW and self.intent is Intent.EMERGENCY

    @is_new_emergency.inplace.expression
    @classmethod
    def _is_new_emergency_in_sql(cls) -> ColumnElement[bool]:
        return and_(cls.state == MessageState.NEW, cls.intent == Intent.EMERGENCY)


class MessageDoor(Table):
    """A channel that one message reached us by. A post that mentions two of our accounts has two rows."""

    __tablename__ = "message_door"
    __table_args__ = (UniqueConstraint("message_id", "channel_id"),)

    id: Mapped[BigId]
    message_id: Mapped[Link] = mapped_column(ForeignKey("message.id"))
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"))

    channel: Mapped[Channel] = relationship(lazy="raise")


class FormerText(Table):
    """The text of a message before an edit. Kept apart from history so that it can be erased."""

    __tablename__ = "former_text"
    __table_args__ = (UniqueConstraint("message_id", "observed_at"),)

    id: Mapped[BigId]
    message_id: Mapped[Link] = mapped_column(ForeignKey("message.id"))
    text: Mapped[str]
    observed_at: Mapped[datetime]
