"""The sandbox's own time: the machine's, moved ahead by a shared file or by a control call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """Aware UTC moments. The file is read each time, so that moving it moves all processes at once."""

    def __init__(self, shift_file: str = "") -> None:
        self._file = Path(shift_file) if shift_file else None
        self.shift = timedelta()

    def now(self) -> datetime:
        """The present moment as the platforms see it."""
        return datetime.now(UTC) + self.shift + self._shift_of_file()

    def _shift_of_file(self) -> timedelta:
        if self._file is None:
            return timedelta()
        try:
            return timedelta(seconds=float(self._file.read_text(encoding="ascii").strip() or 0))
        except FileNotFoundError:
            return timedelta()


def rfc3339(moment: datetime) -> str:
    """`2026-05-04T08:30:00+00:00`, to the microsecond when there is one."""
    return moment.isoformat()


def graph_time(moment: datetime) -> str:
    """As the Graph API writes it: `2026-05-04T08:30:00+0000`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def x_time(moment: datetime) -> str:
    """As the X API writes it: `2026-05-04T08:30:00.000Z`."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def unix(moment: datetime) -> int:
    """Whole seconds since 1970."""
    return int(moment.timestamp())
