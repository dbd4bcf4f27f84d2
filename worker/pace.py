"""How long one wake-up may work, and how its calls keep out of each other's way.

Celery ends a task that takes longer than its limit, in the middle of whatever it does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

TURN = 25.0  # seconds; with the longest call still below the tasks' soft time limit
LANES = 8
_PATIENCE = 0.5  # seconds until a lane counts as held up


def until_done(step: Callable[[], int], *, seconds: float = TURN) -> bool:
    """Repeat `step` until it finds nothing more to do. False when the time was over first."""
    end = time.monotonic() + seconds
    while step():
        if time.monotonic() >= end:
            return False
    return True


def side_by_side(step: Callable[[], int], *, seconds: float = TURN, lanes: int = LANES) -> bool:
    """Repeat `step` until it finds nothing more to do. False when the time was over first.

    One lane works; whenever all lanes are held up by a call, another looks for work beside them, so that a
    process waiting for one platform still serves the rest. `step` must be safe to run in several threads.
    Raises what a step raised, when all lanes have ended.
    """
    end = time.monotonic() + seconds
    finished = True

    def lane() -> bool:
        return until_done(step, seconds=max(0.0, end - time.monotonic()))

    with ThreadPoolExecutor(lanes, thread_name_prefix="lane") as pool:
        open_lanes: set[Future[bool]] = {pool.submit(lane)}
        while open_lanes:
            ended, open_lanes = wait(open_lanes, timeout=_PATIENCE)
            for one in ended:
                finished = one.result() and finished
            if not ended and len(open_lanes) < lanes and time.monotonic() < end:
                open_lanes.add(pool.submit(lane))
    return finished
