"""What needs a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from inbox.models._base import BigId, Table


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
