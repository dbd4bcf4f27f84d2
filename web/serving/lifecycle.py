"""Stops the serving process: live streams, which would last for minutes, end at once.

The serving process, a child of `web.__main__`, reads a pipe whose other end the parent holds. The parent
closes its end on a stop signal; the kernel closes it when the parent is killed. The child sees end of file
either way.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_stopping = threading.Event()
_callbacks: list[Callable[[], object]] = []


def stopping() -> bool:
    """Whether this process is stopping."""
    return _stopping.is_set()


def stop() -> None:
    """Mark this process as stopping and call every callback, which end its streams."""
    _stopping.set()
    for callback in list(_callbacks):
        callback()


@contextmanager
def called_at_stop(callback: Callable[[], object]) -> Iterator[None]:
    """Within the block, call `callback` on a stop, in any thread; at once if the process already stops."""
    _callbacks.append(callback)
    try:
        if stopping():
            callback()
        yield
    finally:
        _callbacks.remove(callback)


def stop_with_parent(pipe: int, *, grace_seconds: float) -> None:
    """End the streams when the other end of `pipe` closes, and the process if the parent is dead.

    A living parent sends the stop signal itself. If it was killed, this process sends SIGTERM to itself and
    exits after `grace_seconds` at the latest.
    """
    parent = os.getppid()

    def listen() -> None:
        while os.read(pipe, 1):
            pass
        stop()
        deadline = time.monotonic() + grace_seconds
        orphaned = False
        while time.monotonic() < deadline:
            if not orphaned and os.getppid() != parent:
                orphaned = True
                os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.1)
        if orphaned:
            os._exit(1)

    threading.Thread(target=listen, name="stop-with-parent", daemon=True).start()
