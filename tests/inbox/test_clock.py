"""One source of time, which all processes of a data folder can shift together."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inbox import clock
from inbox.settings import settings

ROOT = Path(__file__).parents[2]
MINUTE = timedelta(minutes=1)


def shift() -> timedelta:
    """How far the clock stands from the true time, as whole seconds."""
    return timedelta(seconds=round((clock.now() - datetime.now(UTC)).total_seconds()))


def test_the_clock_is_the_true_time_in_utc_until_it_is_shifted(database: None) -> None:
    assert clock.now().tzinfo is UTC
    assert shift() == timedelta()


def test_a_shift_counts_from_the_true_time_and_not_from_the_last_shift(database: None) -> None:
    clock.shift_by(3600)
    assert shift() == timedelta(hours=1)
    clock.shift_by(-60)
    assert shift() == -MINUTE
    (settings().dir / "clock").unlink()
    assert shift() == timedelta()


def test_a_shift_is_seen_by_another_process_of_the_same_folder(database: None) -> None:
    clock.shift_by(timedelta(days=3).total_seconds())
    told = subprocess.run(
        [sys.executable, "-c", "from inbox import clock; print(clock.now().isoformat())"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert abs(datetime.fromisoformat(told.stdout.strip()) - clock.now()) < MINUTE


def test_nothing_else_of_ours_asks_what_time_it_is() -> None:
    """The database neither: a shifted clock would hold for one half of a row alone."""
    asks = re.compile(
        r"datetime\.now\(|utcnow\(|date\.today\(|func\.now\(|CURRENT_TIMESTAMP|\bnow\(\)[^,]*::"
    )
    asking = {
        str(path.relative_to(ROOT))
        for folder in ("inbox", "worker", "web")
        for path in (ROOT / folder).rglob("*.py")
        if asks.search(path.read_text())
    }
    assert asking == {"inbox/clock.py"}
