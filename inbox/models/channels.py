"""Our channels: polling, rate limits, alarms, and the comparison with their platforms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models._base import BigId, Link, Table, words
from inbox.states import DifferenceKind
from inbox.values import CallKind


class Channel(Table):
    """One account or phone number of ours: credentials, polling times and health."""

    __tablename__ = "channel"
    __table_args__ = (UniqueConstraint("platform", "external_id"),)

    id: Mapped[BigId]
    key: Mapped[str] = mapped_column(unique=True)
    platform: Mapped[str]
    external_id: Mapped[str]
    name: Mapped[str]
    handle: Mapped[str | None]
    voice: Mapped[str] = mapped_column(default="municipality")  # municipality or mayor
    credentials: Mapped[bytes | None]  # a Fernet token over JSON; `channels.credentials` decrypts it
    is_active: Mapped[bool] = mapped_column(default=True)

    paused_until: Mapped[datetime | None]  # a rate limit: sending waits
    access_lost_at: Mapped[datetime | None]  # credentials need a person
    next_poll_at: Mapped[datetime | None]
    polling_until: Mapped[datetime | None]  # the lease of the worker that polls it
    last_event_at: Mapped[datetime | None]  # when something last arrived
    last_call_at: Mapped[datetime | None]
    last_call_ok_at: Mapped[datetime | None]
    last_error: Mapped[str | None]

    next_probe_at: Mapped[datetime | None]  # when the heartbeat checks it again
    probed_at: Mapped[datetime | None]  # the last successful probe
    is_subscribed: Mapped[bool | None]  # whether its events come to our hook; None: not known
    token_issued_at: Mapped[datetime | None]
    token_expires_at: Mapped[datetime | None]  # None: never, or the platform does not say
    next_renewal_at: Mapped[datetime | None]  # when its token is to be renewed


class ChannelCursor(Table):
    """Where the next poll of one edge continues, and the digest of its last page."""

    __tablename__ = "channel_cursor"
    __table_args__ = (UniqueConstraint("channel_id", "edge"),)

    id: Mapped[BigId]
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"))
    edge: Mapped[str]
    cursor: Mapped[str | None]
    last_digest: Mapped[bytes | None]
    updated_at: Mapped[datetime]


class RateBudget(Table):
    """A token bucket: how many calls of one kind a channel may still make. Shared by all workers."""

    __tablename__ = "rate_budget"
    __table_args__ = (UniqueConstraint("channel_id", "kind"),)

    id: Mapped[BigId]
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"))
    kind: Mapped[CallKind] = mapped_column(words(CallKind, "kind"))
    most: Mapped[int | None]  # calls in `seconds`, set by the city; None: the connector's limit
    seconds: Mapped[float | None]
    left: Mapped[float]  # calls in the bucket at `counted_at`
    counted_at: Mapped[datetime]
    used: Mapped[float | None]  # share of the platform's limit, as it reported; 1.0 is all of it
    pace: Mapped[float | None]  # calls a second until `resets_at`, when the platform's limit is near
    resets_at: Mapped[datetime | None]


class Alarm(Table):
    """A problem that needs a person. At most one is open per kind and subject."""

    __tablename__ = "alarm"
    __table_args__ = (
        Index("uq_alarm_open", "kind", "subject", unique=True, postgresql_where=text("cleared_at IS NULL")),
    )

    id: Mapped[BigId]
    kind: Mapped[str]  # e.g. "reconcile", "silent", "token_expires"
    subject: Mapped[str]  # usually the key of a channel
    details: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # numbers, ids and keys; never a citizen's words
    raised_at: Mapped[datetime]
    last_raised_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    cleared_at: Mapped[datetime | None]


class ReconcileRun(Table):
    """The comparison of one channel with its platform: scheduled, running or finished. One row a channel."""

    __tablename__ = "reconcile_run"

    id: Mapped[BigId]
    channel_id: Mapped[Link] = mapped_column(ForeignKey("channel.id"), unique=True)
    due_at: Mapped[datetime | None]  # scheduled for; None: not scheduled
    leased_until: Mapped[datetime | None]  # the lease of the worker that runs it
    tries: Mapped[int] = mapped_column(default=0)  # since it was scheduled
    ended_at: Mapped[datetime | None]  # the end of the last complete run
    differences: Mapped[int] = mapped_column(default=0)  # open after the last complete run
    failure: Mapped[str | None]  # why the last run failed


class ReconcileDifference(Table):
    """One difference between a platform and our rows: ids and times, no texts."""

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
    resolved_by_id: Mapped[Link | None] = mapped_column(
        ForeignKey("user.id")
    )  # None: a later run did not find it any more

    channel: Mapped[Channel] = relationship(lazy="raise")
