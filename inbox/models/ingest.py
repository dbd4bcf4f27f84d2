"""What arrived before anything was understood, what waits for something, and what hooks refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models._base import BigId, Link, Table, words
from inbox.models.channels import Channel
from inbox.states import RawEventState


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
    source: Mapped[str]  # "hook:<family>", "poll:<channel key>:<edge>", "replay"
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


Index("ix_parked_fact_platform_external_id", ParkedFact.platform, ParkedFact.external_id)
