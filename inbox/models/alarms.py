"""What needs a person: alarms, and where a platform shows something else than we hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models._base import BigId, Link, Table, words
from inbox.models.channels import Channel
from inbox.states import DifferenceKind


class Alarm(Table):
    """Something that will not mend itself. At most one is open of each kind about each subject."""

    __tablename__ = "alarm"
    __table_args__ = (
        Index("uq_alarm_open", "kind", "subject", unique=True, postgresql_where=text("cleared_at IS NULL")),
    )

    id: Mapped[BigId]
    kind: Mapped[str]  # e.g. "reconcile", "silent", "token_expires"
    subject: Mapped[str]  # what it is about: a channel's key, mostly
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # numbers, ids and keys; no citizen's words
    raised_at: Mapped[datetime]
    last_raised_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    cleared_at: Mapped[datetime | None]


class ReconcileDifference(Table):
    """One thing that a platform shows otherwise than we hold it. Ids and times; the words are on the rows."""

    __tablename__ = "reconcile_difference"
    __table_args__ = (
        Index(
            "uq_reconcile_difference_open",
            "channel_id",
            "kind",
            "external_id",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    id: Mapped[BigId]
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"))
    kind: Mapped[DifferenceKind] = mapped_column(words(DifferenceKind, "kind"))
    external_id: Mapped[str]
    message_id: Mapped[Link | None] = mapped_column(ForeignKey("message.id"))
    reply_id: Mapped[Link | None] = mapped_column(ForeignKey("reply.id"))
    permalink: Mapped[str | None]
    their_at: Mapped[datetime | None]  # when it was written, by the platform's clock
    our_at: Mapped[datetime | None]  # when ours was received or sent
    found_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[Link | None] = mapped_column(ForeignKey("user.id"))  # None: by itself

    channel: Mapped[Channel] = relationship(lazy="raise")
