"""Refused bodies are counted, in all and by the hour, and no two counters get in each other's way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from inbox import clock
from inbox.db import transaction
from inbox.ingest import hook_counts
from inbox.models import HookCount, HookRefusal


def reject(hook: str = "meta") -> None:
    with transaction() as session:
        hook_counts.count_rejected(session, hook)


def by_hour() -> list[tuple[str, str, int]]:
    with transaction() as session:
        rows = session.scalars(select(HookRefusal).order_by(HookRefusal.hour, HookRefusal.why)).all()
        return [(row.hook, row.why, row.count) for row in rows]


def test_bodies_refused_at_once_are_all_counted(database: None) -> None:
    reject()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: reject(), range(19)))
    with transaction() as session:
        row = session.scalars(select(HookCount)).one()
        assert (row.hook, row.rejected) == ("meta", 20)
        assert row.last_rejected_at is not None


def test_a_new_hour_and_another_reason_are_counted_apart(database: None) -> None:
    hour = clock.now().replace(minute=10, second=0, microsecond=0)
    true_time = clock.now()

    def at(minutes: int) -> None:
        clock.shift_by((hour - true_time).total_seconds() + 60 * minutes)

    at(0)
    reject()
    at(40)
    reject()
    with transaction() as session:
        hook_counts.count_refused(session, "meta", "size")
    at(60)
    reject()
    assert by_hour() == [("meta", "signature", 2), ("meta", "size", 1), ("meta", "signature", 1)]
