"""Our accounts and lines, and what arrived through them before anything was understood."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models._base import BigId, Link, Table, words
from inbox.states import DifferenceKind
from inbox.values import CallKind


class Channel(Table):
    """One account or line of ours: its credentials, its clock of polling, its health."""

    __tablename__ = "channel"
    __table_args__ = (UniqueConstraint("platform", "external_id"),)

    id: Mapped[BigId]
    key: Mapped[str] = mapped_column(unique=True)
    platform: Mapped[str]
    external_id: Mapped[str]
    name: Mapped[str]
    handle: Mapped[str | None]
    voice: Mapped[str] = mapped_column(default="municipality")  # municipality or mayor
    credentials: Mapped[bytes | None]  # a Fernet token over JSON; `channels.access` opens it
    is_active: Mapped[bool] = mapped_column(default=True)

    paused_until: Mapped[datetime | None]  # a rate limit: sending waits
    access_lost_at: Mapped[datetime | None]  # credentials need a person
    next_poll_at: Mapped[datetime | None]
    polling_until: Mapped[datetime | None]  # the lease of whoever polls now
    last_event_at: Mapped[datetime | None]  # something arrived
    last_call_at: Mapped[datetime | None]
    last_call_ok_at: Mapped[datetime | None]
    last_error: Mapped[str | None]

    next_probe_at: Mapped[datetime | None]  # when the heartbeat looks at it again
    probed_at: Mapped[datetime | None]  # the last probe that the platform answered
    is_subscribed: Mapped[bool | None]  # whether its events come to our hook; None: nobody can say
    token_issued_at: Mapped[datetime | None]
    token_expires_at: Mapped[datetime | None]  # None: never, or the platform does not say
    next_renewal_at: Mapped[datetime | None]  # when its token is to be renewed


class ChannelCursor(Table):
    """From where the next poll of one edge goes on, and what its last page looked like."""

    __tablename__ = "channel_cursor"
    __table_args__ = (UniqueConstraint("channel_id", "edge"),)

    id: Mapped[BigId]
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"))
    edge: Mapped[str]
    cursor: Mapped[str | None]
    last_digest: Mapped[bytes | None]
    updated_at: Mapped[datetime]


class RateBudget(Table):
    """How many calls of one kind a channel may still make: a bucket filled by time, shared by all workers."""

    __tablename__ = "rate_budget"
    __table_args__ = (UniqueConstraint("channel_id", "kind"),)

    id: Mapped[BigId]
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"))
    kind: Mapped[CallKind] = mapped_column(words(CallKind, "kind"))
    most: Mapped[int | None]  # calls in `seconds`, where the city sets them; None: as the connector says
    seconds: Mapped[float | None]
    left: Mapped[float]  # calls in the bucket at `counted_at`
    counted_at: Mapped[datetime]
    used: Mapped[float | None]  # share of the platform's own limit, as it told; 1.0 is all of it
    pace: Mapped[float | None]  # calls a second until `resets_at`, when the platform's limit is near
    resets_at: Mapped[datetime | None]


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


class ReconcileRun(Table):
    """How the comparing of one channel with its platform stands: asked for, under way, ended."""

    __tablename__ = "reconcile_run"

    id: Mapped[BigId]
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"), unique=True)
    due_at: Mapped[datetime | None]  # asked for; None: nobody waits for it
    leased_until: Mapped[datetime | None]  # a worker is at it
    tries: Mapped[int] = mapped_column(default=0)  # since it was asked for
    ended_at: Mapped[datetime | None]  # the last run that read everything
    differences: Mapped[int] = mapped_column(default=0)  # open after that
    failure: Mapped[str | None]  # why the last run broke off


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
