"""Waiting for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import text

from inbox import db


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    """Return as soon as it is true; fail when it does not come to be in `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"it did not come to be in {seconds:g} seconds"
        time.sleep(0.02)


def somebody_waits_for_a_lock() -> bool:
    """Whether a transaction of the test's database waits for a row that another one holds."""
    with db.transaction() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
