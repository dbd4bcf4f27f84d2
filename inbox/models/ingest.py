"""Raw bodies, parts of them that were set aside or parked, and counts of refused hooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.models._base import BigId, Link, Table, words
from inbox.models.channels import Channel
from inbox.states import RawEventState


class RawEvent(Table):
    """One received body, byte for byte. The rows in state PENDING are the ingest queue."""

    __tablename__ = "raw_event"
    __table_args__ = (
        # A hook with the same body is a repetition. A polled page may return to an earlier state (A, B, A).
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
    body: Mapped[bytes | None]  # NULL when it was deleted after the retention time
    digest: Mapped[bytes]
    received_at: Mapped[datetime]
    state: Mapped[RawEventState] = mapped_column(words(RawEventState, "state"), default=RawEventState.PENDING)
    attempts: Mapped[int] = mapped_column(
        default=0
    )  # counted before the work, so that a body that kills its worker is counted too
    not_before: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]
    error: Mapped[str | None]  # class and code location, never text of the body
    counts: Mapped[
        dict[str, Any] | None
    ]  # facts by result: messages, changes, receipts, unsupported, set_aside, …


class SetAside(Table):
    """One part of a body that could not be applied or is not supported. Other parts are not affected."""

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
    """A deletion or receipt that arrived before its message or reply."""

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
    tries: Mapped[int] = mapped_column(default=0)  # failed tries


class HookCount(Table):
    """How many bodies with a wrong signature a hook rejected."""

    __tablename__ = "hook_count"

    hook: Mapped[str] = mapped_column(primary_key=True)
    rejected: Mapped[int] = mapped_column(default=0)
    last_rejected_at: Mapped[datetime | None]


class HookRefusal(Table):
    """How many bodies a hook refused in one hour, by reason. Few rows, so they are never deleted."""

    __tablename__ = "hook_refusal"

    hook: Mapped[str] = mapped_column(primary_key=True)
    why: Mapped[str] = mapped_column(primary_key=True)  # signature or size
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


Index("ix_parked_fact_platform_external_id", ParkedFact.platform, ParkedFact.external_id)
