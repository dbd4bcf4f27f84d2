"""Our accounts and lines, and what arrived through them before anything was understood."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models._base import BigId, Link, Table, words
from inbox.states import RawEventState
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


class RawEvent(Table):
    """What arrived, byte for byte. Its state is the ingest queue."""

    __tablename__ = "raw_event"
    __table_args__ = (
        # A hook repeated to the letter is the same hook; a polled page may truly come again (A, B, A).
        Index(
            "uq_raw_event_source_digest",
            "source",
            "digest",
            unique=True,
            postgresql_where=text("starts_with(source, 'hook:')"),
        ),
        Index("ix_raw_event_pending", "id", postgresql_where=text("state = 'PENDING'")),
    )

    id: Mapped[BigId]
    source: Mapped[str]  # "hook:meta", "hook:x", "poll:<channel key>:<edge>", "replay"
    body: Mapped[bytes | None]  # emptied after the time the city sets
    digest: Mapped[bytes]
    received_at: Mapped[datetime]
    state: Mapped[RawEventState] = mapped_column(words(RawEventState, "state"), default=RawEventState.PENDING)
    attempts: Mapped[int] = mapped_column(
        default=0
    )  # counted before the work, so that a killer is counted too
    not_before: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]
    error: Mapped[str | None]  # its class and place, never the words of a body
    counts: Mapped[
        dict[str, Any] | None
    ]  # what it became: messages, changes, receipts, unsupported, set_aside


class SetAside(Table):
    """One part of a body that could not be applied, or that we do not understand. Its siblings stand."""

    __tablename__ = "set_aside"
    __table_args__ = (UniqueConstraint("raw_event_id", "position"),)

    id: Mapped[BigId]
    raw_event_id: Mapped[Link] = mapped_column(ForeignKey("raw_event.id"))
    position: Mapped[int]  # of the fact in its body; -1: the whole body
    channel_id: Mapped[Link | None] = mapped_column(ForeignKey("channel.id"))
    kind: Mapped[str]  # unsupported, failed or unknown_account
    what: Mapped[str]
    first_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]

    raw_event: Mapped[RawEvent] = relationship(lazy="raise")
    channel: Mapped[Channel | None] = relationship(lazy="raise")


class ParkedFact(Table):
    """An edit, deletion or receipt of something not yet known: it waits here until that comes."""

    __tablename__ = "parked_fact"
    __table_args__ = (UniqueConstraint("raw_event_id", "position"),)

    id: Mapped[BigId]
    raw_event_id: Mapped[Link] = mapped_column(ForeignKey("raw_event.id"))
    position: Mapped[int]
    platform: Mapped[str]
    external_id: Mapped[str]
    our_reference: Mapped[str | None]
    fact: Mapped[dict[str, Any]]
    parked_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)  # that failed


Index("ix_parked_fact_platform_external_id", ParkedFact.platform, ParkedFact.external_id)


class HookCount(Table):
    """How often a hook was knocked at, and how often with a wrong signature."""

    __tablename__ = "hook_count"

    hook: Mapped[str] = mapped_column(primary_key=True)
    rejected: Mapped[int] = mapped_column(default=0)
    last_rejected_at: Mapped[datetime | None]


class HookRefusal(Table):
    """How many bodies a hook refused in one hour, and why. A row an hour at most: kept for good."""

    __tablename__ = "hook_refusal"

    hook: Mapped[str] = mapped_column(primary_key=True)
    why: Mapped[str] = mapped_column(primary_key=True)  # signature or size
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]
