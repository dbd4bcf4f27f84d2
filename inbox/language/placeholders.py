"""Checks and fills templates such as "Talebiniz {number} numarasıyla {unit:ours-a} iletildi."

A placeholder is `{variable}` or `{variable:ending}`. Both come from closed lists, so `check_template` can
check a template when an administrator saves it, and rendering cannot fail or access anything else later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from string import Formatter
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from inbox.errors import InvalidInput
from inbox.language.suffixes import SUFFIXES, ours, suffixed
from inbox.refusals import Why
from inbox.wording import Value

ISTANBUL = ZoneInfo("Europe/Istanbul")

VARIABLES = frozenset(
    {
        "salutation",  # "Sayın Ayşe Yılmaz," or "Merhaba,"
        "number",  # of the tracked request
        "unit",  # the directorate that has it
        "neighbourhood",
        "category",
        "day",  # a date: when the work is planned
        "reason",  # of a negative answer, in words
        "text",  # what the unit or the moderator wrote
        "body",  # the outside authority that is responsible
        "hotline",  # the authority's phone number
        "city",  # the municipality's name
        "phone",  # the municipality's phone number
        "signature",  # of the account that replies
    }
)
ENDINGS = SUFFIXES | {"ours"} | {f"ours-{suffix}" for suffix in SUFFIXES}
"""What may follow the colon: a suffix of `suffixes`, "ours" ("… Müdürlüğümüz"), or both ("ours-a")."""

Filling = str | int | date


class BadTemplate(InvalidInput):
    """A template that cannot be rendered. The text names the wrong variable or ending."""

    def __init__(self, why: Why, **values: Value) -> None:
        super().__init__("text", why, **values)


def _parts(template: str) -> list[tuple[str, str | None, str]]:
    """The template as (text, variable, ending). `variable` is None for text at the end."""
    parts: list[tuple[str, str | None, str]] = []
    try:
        for words, variable, ending, conversion in Formatter().parse(template):
            if conversion:
                raise BadTemplate(Why.CONVERSION, conversion=conversion, placeholder=variable or "")
            parts.append((words, variable, ending or ""))
    except ValueError as error:
        raise BadTemplate(Why.BRACES) from error
    return parts


def check_template(template: str, *, language: str = "tr") -> None:
    """Raise BadTemplate for the first unknown placeholder.

    Endings are Turkish grammar and are refused in any other `language`.
    """
    for _, variable, ending in _parts(template):
        if variable is None:
            continue
        if variable not in VARIABLES:
            raise BadTemplate(
                Why.PLACEHOLDER_UNKNOWN, placeholder=variable, existing=tuple(sorted(VARIABLES))
            )
        if ending and ending not in ENDINGS:
            raise BadTemplate(Why.ENDING_UNKNOWN, ending=ending, existing=tuple(sorted(ENDINGS)))
        if ending and language != "tr":
            raise BadTemplate(Why.ENDING_TURKISH, placeholder=variable, ending=ending)


def variables(template: str) -> frozenset[str]:
    """The variables in a template. Raises BadTemplate if its braces do not match."""
    return frozenset(variable for _, variable, _ in _parts(template) if variable is not None)


def day_text(day: date, language: str = "tr") -> str:
    """A day as text, such as "26 Kasım Perşembe". A datetime is converted to Istanbul's time first."""
    if isinstance(day, datetime):
        if day.tzinfo is None:
            raise ValueError(f"a datetime without time zone has no day: {day!r}")
        day = day.astimezone(ISTANBUL).date()
    try:
        locale = Locale.parse(language)
    except UnknownLocaleError:
        locale = Locale.parse("tr")
    pattern = "d MMMM EEEE" if locale.language in {"tr", "ku"} else "EEEE d MMMM"
    return format_date(day, pattern, locale=locale)


def _ended(value: str, ending: str) -> str:
    if not ending or not value:
        return value
    if ending == "ours":
        return ours(value)
    if ending.startswith("ours-"):
        return ours(value, ending.removeprefix("ours-"))
    return suffixed(value, ending)


def render(template: str, values: Mapping[str, Filling], *, language: str = "tr") -> str:
    """Fill a template. Braces inside a value are not interpreted.

    Raises BadTemplate for an unknown variable or ending, and for a variable that is not in `values`. An empty
    value leaves no blank line or double space.
    """
    check_template(template, language=language)
    rendered: list[str] = []
    for words, variable, ending in _parts(template):
        rendered.append(words)
        if variable is None:
            continue
        if variable not in values:
            raise BadTemplate(Why.PLACEHOLDER_EMPTY, placeholder=variable)
        value = values[variable]
        plain = day_text(value, language) if isinstance(value, date) else str(value).strip()
        if not plain and rendered[-1].endswith(" "):
            rendered[-1] = rendered[-1].rstrip(" ")
        rendered.append(_ended(plain, ending))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", "".join(rendered))).strip()


def variant(variants: Sequence[str], turn: int) -> str:
    """The variant for a `turn`; the same `turn` always gives the same one.

    Varied texts matter because platforms refuse many identical replies, and people take them for a robot's.
    """
    if not variants:
        raise ValueError("a text has no variants")
    return variants[turn % len(variants)]
