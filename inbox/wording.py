"""Enums whose members carry the English sentence that they are said with.

The sentence stands once, here in the core: the API and the logs say it as it is, the web translates it. Babel
finds it by the mark `N_`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeVar

Member = TypeVar("Member", bound="Worded")


def N_(sentence: str) -> str:  # noqa: N802 - the name that gettext gives it
    """The sentence itself, marked to be translated."""
    return sentence


class Worded(StrEnum):
    """`NAME = "key", N_("A sentence that may name %(values)s.")`. The key is stable, the sentence is not."""

    sentence: str

    def __new__(cls, key: str, sentence: str) -> Self:
        """The member is its key; its sentence rides along."""
        member = str.__new__(cls, key)
        member._value_ = key
        member.sentence = sentence
        return member

    def say(self, values: Mapping[str, Value]) -> str:
        """The English sentence with its values filled in. KeyError: a value is missing, a mistake of ours."""
        return self.sentence % {name: plain(value) for name, value in values.items()}


def encode(member: Worded, details: str = "") -> str:
    """As a column keeps it: `key`, or `key: details`."""
    return f"{member.value}: {details}" if details else member.value


def decode(enum: type[Member], text: str) -> tuple[Member, str] | None:
    """The member and the details that `kept` wrote; None for text that begins with no key of `enum`."""
    key, _, details = text.partition(": ")
    found = next((member for member in enum if member.value == key), None)
    return None if found is None else (found, details)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of somebody's text, and what it was found to be."""

    kind: StrEnum
    text: str


Value = str | int | StrEnum | Piece | tuple["Value", ...]
"""What a sentence may name. An enum's member is a word of its own in each language."""


def plain(value: Value) -> str:
    """A value as it stands in an English sentence."""
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
