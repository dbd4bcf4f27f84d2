"""Whether the process that started us still wants us: it lives, and it was not told to stop."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SIGHUP_AND_SIGINT = (1 << 0) | (1 << 1)


@dataclass(frozen=True)
class Parent:
    """The process that started us, as it was at the start. Pid 1 never counts as gone."""

    pid: int
    handles: int
    """For `make`: which of SIGHUP and SIGINT it handles (two bits)."""

    @classmethod
    def now(cls) -> Parent:
        """The parent at this moment."""
        pid = os.getppid()
        return cls(pid, _handled_by_make(pid))

    def gone(self) -> str:
        """Why we must stop, as a line for the terminal; empty while all is well.

        A parent that ended, however it ended, is noticed by its number. `make` does not pass on a SIGHUP or
        SIGINT that was sent to it alone; but it drops its handler for what it received, and waits for us.
        """
        if os.getppid() != self.pid:
            return "Stopping, because the process that started this one is gone."
        if self.handles and _handled_by_make(self.pid) != self.handles:
            return "Stopping, because make was told to stop."
        return ""


def _handled_by_make(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    if fields.get("Name") not in ("make", "gmake"):
        return 0
    return int(fields["SigCgt"], 16) & SIGHUP_AND_SIGINT
