"""The one source of time. No other module asks the operating system or the database for it.

All processes of one data folder share an offset: the file `clock` there holds a number of seconds. With it a
test or a rehearsal moves a whole running system to another day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from inbox.settings import settings

ISTANBUL = "Europe/Istanbul"


@lru_cache(maxsize=4)
def _shift(file: Path, _changed_ns: int, _size: int) -> timedelta:
    return timedelta(seconds=float(file.read_text() or 0))


def now() -> datetime:
    """The current time in UTC, plus the offset in the data folder's `clock` file."""
    file = settings().dir / "clock"
    try:
        stat = file.stat()
        shift = _shift(file, stat.st_mtime_ns, stat.st_size)
    except FileNotFoundError:
        shift = timedelta()
    return datetime.now(UTC) + shift


def shift_by(seconds: float) -> None:
    """Set the clock offset, in seconds from the true time, for every process of this data folder."""
    file = settings().dir / "clock"
    fresh = file.with_suffix(".new")
    fresh.write_text(str(seconds))
    fresh.replace(file)
