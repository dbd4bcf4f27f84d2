"""Notices when the process that started us has ended, or was asked to stop."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SIGHUP_AND_SIGINT = (1 << 0) | (1 << 1)


@dataclass(frozen=True)
class Parent:
    """The process that started us. If it is pid 1 it never counts as gone."""

    pid: int
    handles: int
    """For `make`: which of SIGHUP and SIGINT it handles (two bits)."""

    @classmethod
    def now(cls) -> Parent:
        """The current parent."""
        pid = os.getppid()
        return cls(pid, _handled_by_make(pid))

    def gone(self) -> str:
        """Why we must stop, as a line for the terminal; empty if we need not.

        If the parent has ended, our parent's pid has changed. `make` does not pass on a SIGHUP or SIGINT that
        was sent to it alone, but it removes its handler for that signal and waits for us: so we watch those.
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
