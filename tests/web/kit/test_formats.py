"""Times in Istanbul, numbers and names, as people here read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_babel import force_locale

from inbox.clock import now
from web.kit import formats

NEW_YEAR = datetime(2024, 12, 31, 22, 30, tzinfo=UTC)


@pytest.fixture(params=["tr", "en"])
def language(app: Flask, request: pytest.FixtureRequest) -> Iterator[str]:
    with app.test_request_context(), force_locale(request.param):
        yield request.param


@pytest.fixture
def turkish(app: Flask) -> Iterator[None]:
    with app.test_request_context(), force_locale("tr"):
        yield


def test_a_moment_is_told_in_istanbuls_time(language: str) -> None:
    assert formats.istanbul(NEW_YEAR) == {"tr": "1 Ocak 2025 01:30", "en": "1 January 2025 01:30"}[language]


def test_a_summer_before_2016_had_summer_time_and_a_later_winter_has_none(turkish: None) -> None:
    assert formats.istanbul(datetime(2015, 1, 15, 12, tzinfo=UTC)) == "15 Ocak 2015 14:00"
    assert formats.istanbul(datetime(2020, 1, 15, 12, tzinfo=UTC)) == "15 Ocak 2020 15:00"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        formats.istanbul(datetime(2025, 1, 1))  # noqa: DTZ001


def test_nothing_is_shown_for_no_moment(language: str) -> None:
    shown = [
        formats.istanbul(None),
        formats.istanbul_short(None),
        formats.istanbul_day(None),
        formats.iso(None),
    ]
    assert shown == ["", "", "", ""]


def test_a_short_moment_says_as_much_as_is_needed(turkish: None) -> None:
    assert formats.istanbul_short(now()) == formats.istanbul(now())[-5:]
    assert formats.istanbul_short(NEW_YEAR) == "1 Oca 2025"


def test_a_day_is_told_with_its_weekday(language: str) -> None:
    told = formats.istanbul_day(date(2026, 11, 26))
    assert told == {"tr": "26 Kasım 2026 Perşembe", "en": "Thursday, 26 November 2026"}[language]
    assert formats.istanbul_day(datetime(2026, 11, 25, 22, tzinfo=UTC)) == told


@pytest.mark.parametrize(
    ("away", "tr", "en"),
    [
        (timedelta(seconds=-20), "şimdi", "just now"),
        (timedelta(minutes=-5), "5 dakika önce", "5 minutes ago"),
        (timedelta(minutes=-1), "1 dakika önce", "1 minute ago"),
        (timedelta(hours=-3), "3 saat önce", "3 hours ago"),
        (timedelta(days=-2), "2 gün önce", "2 days ago"),
        (timedelta(minutes=5, seconds=5), "5 dakika sonra", "in 5 minutes"),
        (timedelta(hours=1, seconds=5), "1 saat sonra", "in 1 hour"),
        (timedelta(days=2, seconds=5), "2 gün sonra", "in 2 days"),
    ],
)
def test_how_long_ago_is_told_in_words(language: str, away: timedelta, tr: str, en: str) -> None:
    assert formats.relative(now() + away) == {"tr": tr, "en": en}[language]


def test_numbers_have_the_points_of_the_language_and_request_numbers_none(language: str) -> None:
    assert formats.number(12345) == {"tr": "12.345", "en": "12,345"}[language]
    assert formats.request_number(104233) == "104233"


def test_a_row_is_called_by_its_name_in_the_language(language: str) -> None:
    row = SimpleNamespace(name_tr="Fen İşleri", name_en="Public Works")
    assert formats.name(row) == {"tr": "Fen İşleri", "en": "Public Works"}[language]
    assert formats.name(SimpleNamespace(name_tr="Fen İşleri", name_en="")) == "Fen İşleri"
    assert formats.name(None) == ""
