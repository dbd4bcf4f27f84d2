"""Faults on demand: which fault happens next on a channel, and how often."""

from __future__ import annotations

import threading
from collections.abc import Iterable

SEND_FAULTS = ("refuse", "hang", "accept_then_hang_up")
HOOK_FAULTS = ("duplicate_hook", "late_hook", "drop_hook", "out_of_order")
CALL_FAULTS = ("rate_limit", "server_error", "html_error", "expired_token", "revoked_scope", "slow")
LIST_FAULTS = ("late_index",)
FAULTS = SEND_FAULTS + CALL_FAULTS + HOOK_FAULTS + LIST_FAULTS


class Faults:
    """The remaining count of each (channel, fault)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str], int] = {}

    def put(self, channel: str, fault: str, times: int) -> None:
        """Let the next `times` matching calls or hooks of the channel fail in this way; 0 ends it."""
        with self._lock:
            self._left.pop((channel, fault), None)
            if times > 0:
                self._left[channel, fault] = times

    def take(self, channel: str, among: Iterable[str]) -> str | None:
        """The fault that happens now, or None. Faults set first come first. Lowers the count."""
        with self._lock:
            for (key, fault), left in self._left.items():
                if key == channel and fault in among:
                    if left == 1:
                        del self._left[key, fault]
                    else:
                        self._left[key, fault] = left - 1
                    return fault
        return None

    def left(self) -> list[dict[str, str | int]]:
        """The faults that are still due, with their counts."""
        with self._lock:
            return [
                {"channel": channel, "fault": fault, "times": times}
                for (channel, fault), times in self._left.items()
            ]

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._left.clear()
