"""Limits how long one task works, and runs slow calls in parallel.

Celery kills a task that exceeds its time limit, whatever it is doing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

TURN = 25.0  # seconds; plus the longest call, still below the soft time limit of the tasks
LANES = 8
_PATIENCE = 0.5  # seconds until a lane counts as blocked


def until_done(step: Callable[[], int], *, seconds: float = TURN) -> bool:
    """Repeat `step` until it returns 0. False when the time was over first."""
    end = time.monotonic() + seconds
    while step():
        if time.monotonic() >= end:
            return False
    return True


def side_by_side(step: Callable[[], int], *, seconds: float = TURN, lanes: int = LANES) -> bool:
    """Repeat `step` until it returns 0, in up to `lanes` threads. False when the time was over first.

    It starts with one lane and adds one whenever all are blocked in a call, so that a slow platform does not
    delay the others. `step` must be thread-safe. An exception of a step is raised after all lanes have ended.
    """
    end = time.monotonic() + seconds
    finished = True

    def lane() -> bool:
        return until_done(step, seconds=max(0.0, end - time.monotonic()))

    with ThreadPoolExecutor(lanes, thread_name_prefix="lane") as pool:
        open_lanes: set[Future[bool]] = {pool.submit(lane)}
        while open_lanes:
            ended, open_lanes = wait(open_lanes, timeout=_PATIENCE)
            for lane_result in ended:
                finished = lane_result.result() and finished
            if not ended and len(open_lanes) < lanes and time.monotonic() < end:
                open_lanes.add(pool.submit(lane))
    return finished
