"""Texts with gaps: "Talebiniz {number} numarasıyla {unit:ours-a} iletildi." and how the gaps are filled.

A gap is `{variable}` or `{variable:ending}`; both are closed lists, so that a template an administrator saves
is checked once, by `check_template`, and can never fail or reach into anything when a citizen is answered.
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
        "body",  # the outside body that is competent
        "hotline",  # its number
        "city",  # the municipality's name
        "phone",  # its own number
        "signature",  # of the account that speaks
    }
)
ENDINGS = SUFFIXES | {"ours"} | {f"ours-{suffix}" for suffix in SUFFIXES}
"""What may stand after the colon: an ending of `suffixes`, "ours" ("… Müdürlüğümüz"), or both."""

Filling = str | int | date


class BadTemplate(InvalidInput):
    """A template that could not be rendered. Names the variable or ending at fault."""

    def __init__(self, why: Why, **values: Value) -> None:
        super().__init__("text", why, **values)


def _parts(template: str) -> list[tuple[str, str | None, str]]:
    """The template as (words, variable, ending); `variable` is None where only words are left."""
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
    """Nothing, if every gap of the template is known; else BadTemplate naming the first that is not.

    Endings are Turkish grammar and are refused in another `language`."""
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
    """The variables a template asks for. Raises BadTemplate when its braces do not match."""
    return frozenset(variable for _, variable, _ in _parts(template) if variable is not None)


def day_text(day: date, language: str = "tr") -> str:
    """A day as a person says it: "26 Kasım Perşembe". A moment is taken in Istanbul."""
    if isinstance(day, datetime):
        if day.tzinfo is None:
            raise ValueError(f"a moment without time zone has no day: {day!r}")
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
    """The template with its gaps filled; braces inside a value stay what they are.

    Raises BadTemplate for an unknown variable or ending and for one that has no value. An empty value leaves
    no blank line or double space behind."""
    check_template(template, language=language)
    said: list[str] = []
    for words, variable, ending in _parts(template):
        said.append(words)
        if variable is None:
            continue
        if variable not in values:
            raise BadTemplate(Why.PLACEHOLDER_EMPTY, placeholder=variable)
        value = values[variable]
        plain = day_text(value, language) if isinstance(value, date) else str(value).strip()
        if not plain and said[-1].endswith(" "):
            said[-1] = said[-1].rstrip(" ")
        said.append(_ended(plain, ending))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", "".join(said))).strip()


def variant(variants: Sequence[str], turn: int) -> str:
    """The text whose turn it is; the same `turn` always gives the same one.

    Platforms refuse two hundred identical replies, and people read them as a robot's."""
    if not variants:
        raise ValueError("a text has no variants")
    return variants[turn % len(variants)]
