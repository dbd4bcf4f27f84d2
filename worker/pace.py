"""How long one wake-up may work. Celery ends a task that takes longer, in the middle of whatever it does."""

from __future__ import annotations

import time
from collections.abc import Callable

TURN = 25.0  # seconds; with the longest call still below the tasks' soft time limit


def until_done(step: Callable[[], int], *, seconds: float = TURN) -> bool:
    """Repeat `step` until it finds nothing more to do. False when the time was over first."""
    end = time.monotonic() + seconds
    while step():
        if time.monotonic() >= end:
            return False
    return True
