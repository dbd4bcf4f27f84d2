"""Attachments of messages."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models._base import BigId, Link, Table, words
from inbox.states import AttachmentState


class Attachment(Table):
    """A file, location or contact card of a message, with the state of its download."""

    __tablename__ = "attachment"
    __table_args__ = (UniqueConstraint("message_id", "position"),)

    id: Mapped[BigId]
    message_id: Mapped[Link] = mapped_column(ForeignKey("message.id"))
    position: Mapped[int]
    kind: Mapped[str]
    media_id: Mapped[str | None]
    url: Mapped[str | None]
    mime: Mapped[str | None]
    name: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    state: Mapped[AttachmentState] = mapped_column(
        words(AttachmentState, "state"), default=AttachmentState.PENDING
    )
