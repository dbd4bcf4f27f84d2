"""When the server stops: live streams end at once, so that a stop takes seconds and not for ever.

The process that serves (`web.__main__` starts it) listens on a pipe whose other end the parent holds. The
parent closes its end when it is told to stop; the kernel closes it when the parent is killed. Both read
here as the end of the pipe.
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
    """Whether this process was told to stop."""
    return _stopping.is_set()


def stop() -> None:
    """Tell every stream of this process to end."""
    _stopping.set()
    for callback in list(_callbacks):
        callback()


@contextmanager
def called_at_stop(callback: Callable[[], object]) -> Iterator[None]:
    """Call `callback`, from whichever thread, when a stop comes meanwhile; at once when it came already."""
    _callbacks.append(callback)
    try:
        if stopping():
            callback()
        yield
    finally:
        _callbacks.remove(callback)


def stop_with_parent(pipe: int, *, grace_seconds: float) -> None:
    """Stop the streams when the other end of `pipe` closes, and this process soon after.

    The server itself ends on the signal that the parent sends. A parent killed hard sends none: then this
    process sends it to itself, and is gone after `grace_seconds` at the latest.
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
