"""What the city says of itself: kept whole, and quiet hours in its own time."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlalchemy.orm import Session

from inbox.city import CityProfile, current_profile, save_profile
from inbox.clock import ISTANBUL


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo(ISTANBUL))


@pytest.mark.parametrize(
    ("moment", "asked"),
    [
        (at(23, 12), at(23, 12)),
        (at(23, 20, 59), at(23, 20, 59)),
        (at(23, 21), at(24, 9)),
        (at(23, 23, 30), at(24, 9)),
        (at(24, 3), at(24, 9)),
        (at(24, 9), at(24, 9)),
    ],
)
def test_nobody_is_asked_in_the_quiet_hours_that_go_over_midnight(moment: datetime, asked: datetime) -> None:
    assert CityProfile().after_quiet_hours(moment) == asked


@pytest.mark.parametrize(
    ("moment", "asked"), [(at(23, 12, 30), at(23, 14)), (at(23, 14), at(23, 14)), (at(23, 3), at(23, 3))]
)
def test_quiet_hours_may_lie_within_a_day(moment: datetime, asked: datetime) -> None:
    noon = CityProfile(quiet_from=time(12), quiet_until=time(14))
    assert noon.after_quiet_hours(moment) == asked


def test_equal_ends_are_no_quiet_hours() -> None:
    never = CityProfile(quiet_from=time(12), quiet_until=time(12))
    assert never.after_quiet_hours(at(23, 12)) == at(23, 12)


def test_a_city_that_said_nothing_has_the_usual_settings_and_what_it_says_is_kept_whole(
    session: Session,
) -> None:
    assert current_profile(session) == CityProfile()
    told = CityProfile(name="Esenyurt Belediyesi", service_days=5, signatures={"mayor": "Başkan"})
    save_profile(session, told)
    session.flush()
    session.expire_all()
    assert current_profile(session) == told


@pytest.mark.parametrize("days", [0, 61])
def test_a_promise_of_no_day_or_of_months_is_refused(days: int) -> None:
    with pytest.raises(ValidationError, match="service_days"):
        CityProfile(service_days=days)
