"""Enums whose members carry an English sentence.

The API and the logs use the sentence as it is; the web translates it. Babel finds it by the mark `N_`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeVar

Member = TypeVar("Member", bound="Worded")


def N_(sentence: str) -> str:  # noqa: N802 - the name that gettext gives it
    """Mark `sentence` for translation and return it unchanged."""
    return sentence


class Worded(StrEnum):
    """`NAME = "key", N_("A sentence that may name %(values)s.")`. The key is stable, the sentence is not."""

    sentence: str

    def __new__(cls, key: str, sentence: str) -> Self:
        """A member whose value is `key`, with `sentence` as an attribute."""
        member = str.__new__(cls, key)
        member._value_ = key
        member.sentence = sentence
        return member

    def say(self, values: Mapping[str, Value]) -> str:
        """The English sentence filled with `values`. Raises KeyError when one is missing."""
        return self.sentence % {name: plain(value) for name, value in values.items()}


def encode(member: Worded, details: str = "") -> str:
    """The text for a column: `key`, or `key: details`."""
    return f"{member.value}: {details}" if details else member.value


def decode(enum: type[Member], text: str) -> tuple[Member, str] | None:
    """Parse the text of `encode`; None when it begins with no key of `enum`."""
    key, _, details = text.partition(": ")
    found = next((member for member in enum if member.value == key), None)
    return None if found is None else (found, details)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and what kind of thing it is (a phone number, an address)."""

    kind: StrEnum
    text: str


Value = str | int | StrEnum | Piece | tuple["Value", ...]
"""What a sentence may be filled with. Enum members are translated too."""


def plain(value: Value) -> str:
    """`value` as text in an English sentence."""
    match value:
        case tuple():
            return ", ".join(plain(part) for part in value)
        case Piece(kind, text):
            return f"{plain(kind)} ({text})"
        case Worded():
            return value.sentence
        case StrEnum():
            return value.value
        case _:
            return str(value)
