"""Waiting for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    """Return as soon as it is true; fail when it does not come to be in `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"it did not come to be in {seconds:g} seconds"
        time.sleep(0.02)
