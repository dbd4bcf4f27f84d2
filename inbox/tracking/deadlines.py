"""Deadlines in working days, in Istanbul's time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

from inbox import clock

_END_OF_OFFICE = time(17, 30)


def due_at(start: datetime, *, working_days: int, off: frozenset[date] = frozenset()) -> datetime:
    """17:30 on the `working_days`-th working day after `start`, in Istanbul's time.

    Saturdays, Sundays, Turkey's public holidays and the days in `off` do not count.
    """
    zone = ZoneInfo(clock.ISTANBUL)
    day = start.astimezone(zone).date()
    public = holidays.country_holidays("TR", years=range(day.year, day.year + 3))
    left = working_days
    while left > 0:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in public and day not in off:
            left -= 1
    return datetime.combine(day, _END_OF_OFFICE, zone)
