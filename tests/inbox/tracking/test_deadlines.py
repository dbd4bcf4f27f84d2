"""Deadlines count working days."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from inbox import tracking

ISTANBUL = ZoneInfo("Europe/Istanbul")


def test_a_deadline_skips_weekends_and_public_holidays() -> None:
    friday = datetime(2026, 10, 23, 16, 59, tzinfo=ISTANBUL)  # 28 October is a half day, 29 a holiday
    assert tracking.due_at(friday, working_days=5).date() == date(2026, 11, 2)
    assert tracking.due_at(friday, working_days=1).date() == date(2026, 10, 26)


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(ISTANBUL)),  # noqa: DTZ001
    st.integers(1, 30),
)
def test_a_deadline_is_a_working_day_and_more_days_are_never_sooner(start: datetime, days: int) -> None:
    due = tracking.due_at(start, working_days=days)
    assert due.weekday() < 5
    assert due > start
    assert tracking.due_at(start, working_days=days + 1) > due
