"""The append-only history: the audit trail and the live feed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from inbox.models._base import BigId, Link, Table


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The name of the type in DDL."""
        return "xid8"


class HistoryEntry(Table):
    """One event: kind and ids, never a citizen's words. A trigger rejects updates and deletes."""

    __tablename__ = "history_entry"
    __table_args__ = (
        Index("ix_history_entry_xact_id", "xact", "id"),
        Index("ix_history_entry_request_id", "request_id", postgresql_where=text("request_id IS NOT NULL")),
        Index("ix_history_entry_message_id", "message_id", postgresql_where=text("message_id IS NOT NULL")),
        Index("ix_history_entry_reply_id", "reply_id", postgresql_where=text("reply_id IS NOT NULL")),
    )

    id: Mapped[BigId]
    xact: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))
    at: Mapped[datetime]
    kind: Mapped[str]  # e.g. "message.moved", "reply.created"
    by: Mapped[str]  # "user:7", or the name of the part of the program, e.g. "ingest"
    user_id: Mapped[Link | None] = mapped_column(ForeignKey("user.id"))
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    request_id: Mapped[int | None] = mapped_column(BigInteger)
    reply_id: Mapped[int | None] = mapped_column(BigInteger)
    channel_id: Mapped[int | None] = mapped_column(BigInteger)
    from_state: Mapped[str | None]
    to_state: Mapped[str | None]
    version: Mapped[int | None]  # of the row after the change
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class FeedEpoch(Table):
    """The number of restores into another cluster. A cursor of an older epoch has expired."""

    __tablename__ = "feed_epoch"

    id: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(default=1)
