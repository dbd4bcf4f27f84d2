"""The sandbox's clock: the machine's time plus a shift set by a shared file or a control call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """Aware UTC times. The file is read on every call, so one change shifts all processes at once."""

    def __init__(self, shift_file: str = "") -> None:
        self._file = Path(shift_file) if shift_file else None
        self.shift = timedelta()

    def now(self) -> datetime:
        """The platforms' current time."""
        return datetime.now(UTC) + self.shift + self._shift_of_file()

    def _shift_of_file(self) -> timedelta:
        if self._file is None:
            return timedelta()
        try:
            return timedelta(seconds=float(self._file.read_text(encoding="ascii").strip() or 0))
        except FileNotFoundError:
            return timedelta()


def rfc3339(moment: datetime) -> str:
    """Formats as `2026-05-04T08:30:00+00:00`, with microseconds unless they are 0."""
    return moment.isoformat()


def graph_time(moment: datetime) -> str:
    """Formats as the Graph API does: `2026-05-04T08:30:00+0000`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def x_time(moment: datetime) -> str:
    """Formats as the X API does: `2026-05-04T08:30:00.000Z`."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def unix(moment: datetime) -> int:
    """Whole seconds since 1970."""
    return int(moment.timestamp())
