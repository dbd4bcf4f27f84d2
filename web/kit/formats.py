"""Formats times, numbers and names for people. Only this module converts UTC to Istanbul's time.

All functions are Jinja filters of the same name. Babel writes dates and numbers; the catalogue has the words.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import get_locale, gettext

from inbox.clock import ISTANBUL, now
from web.kit import labels

_ZONE = ZoneInfo(ISTANBUL)
_UNITS: tuple[tuple[Literal["day", "hour", "minute"], int], ...] = (
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
)
_ONE_UNIT_ONLY = 10**9  # a threshold so high that Babel never turns ten days into one week


class NamedRow(Protocol):
    """A row of the municipality's own lists."""

    name_tr: str
    name_en: str


def _language() -> str:
    return str(get_locale() or "tr").partition("_")[0]


def istanbul(moment: datetime | None) -> str:
    """`1 Ocak 2025 01:30`; "" for None. Raises ValueError for a naive datetime."""
    if moment is None:
        return ""
    return format_datetime(_local(moment), "d MMMM y HH:mm", locale=_language())


def istanbul_short(moment: datetime | None) -> str:
    """`01:30` today, `23 Kas 01:30` this year, `23 Kas 2024` in other years; "" for None."""
    if moment is None:
        return ""
    local, today = _local(moment), _local(now())
    if local.date() == today.date():
        return format_time(local, "HH:mm", locale=_language())
    if local.year == today.year:
        return format_datetime(local, "d MMM HH:mm", locale=_language())
    return format_datetime(local, "d MMM y", locale=_language())


def istanbul_day(day: date | datetime | None) -> str:
    """`26 Kasım 2026 Perşembe`; "" for None."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        day = _local(day).date()
    pattern = "d MMMM y EEEE" if _language() == "tr" else "EEEE, d MMMM y"
    return format_date(day, pattern, locale=_language())


def relative(moment: datetime | None) -> str:
    """`5 dakika önce`, `2 gün sonra`, `şimdi`: the distance from now; "" for None."""
    if moment is None:
        return ""
    distance = now() - _local(moment)
    if abs(distance) < timedelta(minutes=1):
        return gettext("just now")
    seconds = abs(distance).total_seconds()
    unit, length = next((unit, length) for unit, length in _UNITS if seconds >= length)
    whole = timedelta(seconds=seconds // length * length)
    return format_timedelta(
        -whole if distance > timedelta() else whole,
        granularity=unit,
        threshold=_ONE_UNIT_ONLY,
        add_direction=True,
        locale=_language(),
    )


def time_left(left: timedelta) -> str:
    """`4 saat`, and minutes below two hours; at least one minute."""
    left = max(left, timedelta(minutes=1))
    return format_timedelta(left, granularity="minute", threshold=2, locale=_language())


def iso(moment: datetime | None) -> str:
    """RFC 3339 with Istanbul's offset, for `<time datetime=…>`; "" for None."""
    return "" if moment is None else _local(moment).isoformat(timespec="seconds")


def number(value: float | None) -> str:
    """`12.345` in Turkish, `12,345` in English; "" for None."""
    return "" if value is None else format_decimal(value, locale=_language())


def request_number(value: int | None) -> str:
    """A request's number as citizens type it: digits without grouping; "" for None."""
    return "" if value is None else str(value)


def name(row: NamedRow | None) -> str:
    """The row's name in the screen's language: English if there is one, else Turkish."""
    if row is None:
        return ""
    return row.name_en if _language() == "en" and row.name_en else row.name_tr


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a datetime without a time zone cannot be shown: {moment!r}")
    return moment.astimezone(_ZONE)


def install(app: Flask) -> None:
    """Register these filters, and the labels, for every template of `app`."""
    for template_filter in (
        istanbul,
        istanbul_short,
        istanbul_day,
        relative,
        iso,
        number,
        request_number,
        name,
    ):
        app.add_template_filter(template_filter)
    app.add_template_filter(labels.label)
    app.jinja_env.globals["labels"] = labels
