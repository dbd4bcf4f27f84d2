"""The live feed: the history, read with a cursor.

A cursor over ids alone would lose rows: a smaller id may be committed after a larger one. So entries are
ordered by transaction id, and only those of transactions older than every running one are read.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Text, cast, literal_column, select, tuple_, update
from sqlalchemy.orm import Session

from inbox.errors import CursorExpired, InvalidInput
from inbox.models import FeedEpoch, HistoryEntry
from inbox.models.history import Xid8
from inbox.refusals import Why


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A position in the feed: the reader has all entries up to it. As text: `epoch.xact.id`."""

    epoch: int
    xact: int
    id: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.xact}.{self.id}"

    @staticmethod
    def parse(text: str) -> Cursor:
        """Parse `epoch.xact.id`. Raises InvalidInput."""
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
            raise InvalidInput("after", Why.NOT_A_CURSOR)
        return Cursor(*(int(part) for part in parts))


def _epoch(session: Session) -> int:
    return session.scalar(select(FeedEpoch.epoch)) or 1


_xact_text = cast(HistoryEntry.xact, Text).label("xact_text")


_settled = literal_column("pg_snapshot_xmin(pg_current_snapshot())", Xid8)


def now_cursor(session: Session) -> Cursor:
    """The position after every entry that can be read now."""
    last = session.execute(
        select(_xact_text, HistoryEntry.id)
        .where(HistoryEntry.xact < _settled)
        .order_by(HistoryEntry.xact.desc(), HistoryEntry.id.desc())
        .limit(1)
    ).first()
    return Cursor(_epoch(session), int(last[0]) if last else 0, last[1] if last else 0)


def changes(session: Session, after: Cursor, limit: int = 500) -> tuple[list[HistoryEntry], Cursor]:
    """The entries after `after`, oldest first, and the cursor for the next call.

    Raises CursorExpired when the history was restored after the cursor was made.
    """
    epoch = _epoch(session)
    if after.epoch != epoch:
        raise CursorExpired()
    rows = session.execute(
        select(HistoryEntry, _xact_text)
        .where(
            tuple_(HistoryEntry.xact, HistoryEntry.id)
            > tuple_(cast(literal_column(f"'{after.xact:d}'"), Xid8), after.id),
            HistoryEntry.xact < _settled,
        )
        .order_by(HistoryEntry.xact, HistoryEntry.id)
        .limit(limit)
    ).all()
    if not rows:
        return [], after
    last, xact = rows[-1]
    return [entry for entry, _ in rows], Cursor(epoch, int(xact), last.id)


def raise_epoch(session: Session) -> None:
    """Invalidate every cursor handed out so far. Called after a restore: transaction ids start anew."""
    session.execute(update(FeedEpoch).values(epoch=FeedEpoch.epoch + 1))
