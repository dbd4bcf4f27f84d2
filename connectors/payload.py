"""Parses what platforms send: JSON to storable values, ids and times in any of their formats.

Connectors read every body with `read_json`, which removes NUL and lone surrogates: both are legal JSON
escapes, and PostgreSQL refuses both in text.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from inbox.values import UnreadablePayload

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The range of plausible timestamps: 1970 to 2200, in seconds.
_EARLIEST, _LATEST = 1, 7_258_118_400


class PayloadShape(BaseModel):
    """The base of models for parts of a body. Unknown keys are ignored; types are strict."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


S = TypeVar("S", bound=PayloadShape)


def _id_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# A platform's id: digits or opaque text, sent as a string or by some as a number.
Id = Annotated[str, BeforeValidator(_id_text), StringConstraints(min_length=1, max_length=512)]


@lru_cache(maxsize=1)
def read_json(raw: bytes | str) -> Any:
    """The JSON value in `raw`, with storable strings. Raises UnreadablePayload. Do not change the result.

    The last result is cached, because every platform is asked whether a body is its own.
    """
    try:
        return _storable(json.loads(raw, parse_constant=_no_number))
    except (ValueError, RecursionError) as error:
        raise UnreadablePayload(f"not JSON that can be read: {type(error).__name__}") from None


def read_object(raw: bytes | str) -> dict[str, Any]:
    """The JSON object in `raw`. Raises UnreadablePayload."""
    read = read_json(raw)
    if not isinstance(read, dict):
        raise UnreadablePayload(f"a JSON object was expected, not a {type(read).__name__}")
    return read


def outermost(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`, or {} if it has none. For `claims`, which must not raise."""
    try:
        return read_object(raw)
    except UnreadablePayload:
        return {}


def part(shape: type[S], value: Any) -> S | None:
    """`value` parsed as `shape`; None if it does not fit."""
    try:
        return shape.model_validate(value)
    except ValidationError:
        return None


def word(value: Any) -> str:
    """A platform's own name of a kind, or "?" if it is not a plain word. Safe for counters and logs."""
    return value if isinstance(value, str) and re.fullmatch(r"[\w.:-]{1,60}", value, re.ASCII) else "?"


def items(value: Any) -> list[Any]:
    """`value` if it is a list, else []."""
    return value if isinstance(value, list) else []


def moment(value: Any) -> datetime | None:
    """A platform's time as an aware datetime in UTC; None if it is missing, unreadable or implausible.

    Accepts Unix seconds or milliseconds (number or text), ISO 8601 with an offset or `Z`, and the form
    `Wed Oct 10 20:19:24 +0000 2018` of X API v1.1.
    """
    if isinstance(value, str) and not re.fullmatch(r"\d{1,16}(\.\d{1,9})?", value):
        return _in_words(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    if seconds > _LATEST:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC) if _EARLIEST <= seconds <= _LATEST else None


def _in_words(value: str) -> datetime | None:
    if len(value) > 64:
        return None
    for read in (datetime.fromisoformat, _v1_moment, parsedate_to_datetime):
        try:
            told = read(value)
            seconds = told.timestamp() if told.tzinfo else 0
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
        if _EARLIEST <= seconds <= _LATEST:
            return told.astimezone(UTC)
    return None


def _v1_moment(value: str) -> datetime:
    return datetime.strptime(value, "%a %b %d %H:%M:%S %z %Y")


def _storable(value: Any) -> Any:
    match value:
        case str():
            return _UNSTORABLE.sub(lambda found: "" if found[0] == "\x00" else "\ufffd", value)
        case list():
            return [_storable(each) for each in value]
        case dict():
            return {_storable(key): _storable(each) for key, each in value.items()}
        case _:
            return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
