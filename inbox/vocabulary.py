"""Triage by the city's own vocabulary: what a citizen wants, and whether somebody must look now.

The vocabulary is data an administrator can read: per kind of emergency, rules of phrases that must occur
together and phrases that must not. No single word decides: "ambulans" alone is an emergency in a message of
four words and a complaint about a blocked road in one of forty. Every assessment names the rule that made it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from inbox.states import Intent, Urgency
from inbox.turkish import beginnings, clean, fold, tr_lower

# --- a message as the rules see it -----------------------------------------------------------------

_TOKEN = re.compile(r"[^\W_]+|\?|[\u2600-\u27bf\u2b50\U0001f1e6-\U0001faff]")


class Words:
    """A message as its words, once folded and once only in lower case: "öldü" and "oldu" fold to the same."""

    def __init__(self, text: str) -> None:
        # A capital I is i or ı, nobody knows which; fold takes both for i, and so do exact phrases.
        spoken = tr_lower("".join(c for c in clean(text) if unicodedata.category(c) != "Cf"))
        spoken = "".join(c for c in unicodedata.normalize("NFC", spoken) if unicodedata.category(c) != "Mn")
        self.exact = _TOKEN.findall(spoken)
        self.folded = [fold(word).replace(" ", "") or "_" for word in self.exact]
        self._texts = (self._joined(self.folded), self._joined(self.exact))
        # What a phrase can begin with here: whole words, and all beginnings of words.
        self.known = (frozenset(self.folded), frozenset(self.exact))
        self.beginnings = (beginnings(self.folded), beginnings(self.exact))
        self._length: int = sum(word[0].isalnum() for word in self.exact)

    def __len__(self) -> int:
        return self._length

    @staticmethod
    def _joined(words: list[str]) -> tuple[str, dict[int, int]]:
        starts: dict[int, int] = {}
        place = 1
        for index, word in enumerate(words):
            starts[place] = index
            place += len(word) + 1
        return f" {' '.join(words)} ", starts

    def spans(self, pattern: re.Pattern[str], *, exact: bool) -> Iterator[tuple[int, int]]:
        """First and last word of every place where `pattern`, made of whole words, occurs."""
        text, starts = self._texts[exact]
        for found in pattern.finditer(text):
            first = starts[found.start()]
            yield first, first + found[0].count(" ")


# --- phrases ---------------------------------------------------------------------------------------


def _phrase_pattern(phrase: str) -> str:
    """One phrase as a regular expression over blank-separated words; `*` at a word's end is any ending."""
    words = [
        re.escape(word[:-1]) + r"\S*" if word.endswith("*") else re.escape(word) for word in phrase.split()
    ]
    return " ".join(words)


class _Phrases:
    """Alternatives ("vefat et*|=öldü"), compiled: `=` marks one that is compared with Turkish letters."""

    def __init__(self, alternatives: str) -> None:
        phrases = [phrase.strip() for phrase in alternatives.split("|") if phrase.strip()]
        folded = [fold(phrase) for phrase in phrases if not phrase.startswith("=")]
        exact = [tr_lower(phrase[1:]) for phrase in phrases if phrase.startswith("=")]
        self._forms = [
            (
                is_exact,
                *self._firsts(found),
                re.compile(f"(?<= )(?:{'|'.join(map(_phrase_pattern, found))})(?= )"),
            )
            for found, is_exact in ((folded, False), (exact, True))
            if found
        ]

    @staticmethod
    def _firsts(phrases: list[str]) -> tuple[frozenset[str], frozenset[str]]:
        """The first words of the phrases: whole ones, and beginnings. Looked up before a pattern is run."""
        firsts = [phrase.split()[0] for phrase in phrases]
        return (
            frozenset(first for first in firsts if not first.endswith("*")),
            frozenset(first[:-1] for first in firsts if first.endswith("*")),
        )

    def spans(self, words: Words) -> list[tuple[int, int]]:
        """First and last word of every occurrence."""
        return [
            span
            for is_exact, wholes, beginnings, pattern in self._forms
            if not (
                wholes.isdisjoint(words.known[is_exact]) and beginnings.isdisjoint(words.beginnings[is_exact])
            )
            for span in words.spans(pattern, exact=is_exact)
        ]

    def occur(self, words: Words) -> bool:
        return bool(self.spans(words))


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Alternatives = Annotated[str, Field(min_length=1)]


class Rule(_Frozen):
    """Phrases that must all occur, and phrases of which none may.

    Each entry holds alternatives split by `|`. `within`: every entry lies at most so many words from the
    first. `at_most_words`: of the whole message."""

    all: tuple[Alternatives, ...] = Field(min_length=1)
    none: tuple[Alternatives, ...] = ()
    within: int | None = Field(default=None, ge=0)
    at_most_words: int | None = Field(default=None, ge=1)

    @cached_property
    def _wanted(self) -> tuple[_Phrases, ...]:
        return tuple(map(_Phrases, self.all))

    @cached_property
    def _barred(self) -> tuple[_Phrases, ...]:
        return tuple(map(_Phrases, self.none))

    def holds(self, words: Words) -> bool:
        """Whether the rule speaks of this message."""
        if self.at_most_words is not None and len(words) > self.at_most_words:
            return False
        places = []
        for phrases in self._wanted:
            found = phrases.spans(words)
            if not found:
                return False
            places.append(found)
        if self.within is not None and not self._close(places, self.within):
            return False
        return not any(phrases.occur(words) for phrases in self._barred)

    @staticmethod
    def _close(places: list[list[tuple[int, int]]], within: int) -> bool:
        """Whether somewhere an occurrence of each entry lies near one of the first, none on another."""

        def apart(one: tuple[int, int], other: tuple[int, int]) -> int:
            return max(other[0] - one[1], one[0] - other[1])

        return any(
            all(any(0 < apart(first, other) <= within for other in found) for found in places[1:])
            for first in places[0]
        )

    def __str__(self) -> str:
        return " + ".join(self.all)


class EmergencyKind(_Frozen):
    """One kind of emergency: its names and the rules of its two tiers."""

    key: str
    name_tr: str
    name_en: str
    none: tuple[Alternatives, ...] = ()
    siren: tuple[Rule, ...] = ()
    look_now: tuple[Rule, ...] = ()

    @cached_property
    def _barred(self) -> tuple[_Phrases, ...]:
        return tuple(map(_Phrases, self.none))

    def is_barred(self, words: Words) -> bool:
        return any(phrases.occur(words) for phrases in self._barred)


class Cue(_Frozen):
    """Words that hint at an emergency, and by how much; however many of them occur, they count once."""

    weight: int = Field(ge=1)
    words: Alternatives

    @cached_property
    def _phrases(self) -> _Phrases:
        return _Phrases(self.words)

    def said(self, words: Words) -> str | None:
        """The first of its words that stands in the message."""
        found = self._phrases.spans(words)
        return " ".join(words.folded[found[0][0] : found[0][1] + 1]) if found else None


class Hints(_Frozen):
    """What no rule foresaw: hints that add up. At `threshold` and above somebody looks now."""

    threshold: int = Field(ge=1)
    at_most_words: int = Field(ge=1)
    cues: tuple[Cue, ...]
    none: tuple[Alternatives, ...] = ()

    @cached_property
    def _barred(self) -> tuple[_Phrases, ...]:
        return tuple(map(_Phrases, self.none))

    def found(self, words: Words) -> str | None:
        """The hints that add up to an emergency, in words; None when they do not."""
        if len(words) > self.at_most_words:
            return None
        hints = [(said, cue.weight) for cue in self.cues if (said := cue.said(words)) is not None]
        if sum(weight for _, weight in hints) < self.threshold or any(p.occur(words) for p in self._barred):
            return None
        return " + ".join(said for said, _ in hints)


class Vocabulary(_Frozen):
    """The city's words: named sets, emergencies by kind, and the rules of the other intents.

    In a rule `$name` stands for the alternatives of a set. Sets are resolved when the vocabulary is built."""

    sets: Mapping[str, str] = Field(default_factory=dict)
    emergencies: tuple[EmergencyKind, ...]
    hints: tuple[Hints, ...] = ()
    praise: tuple[Rule, ...] = ()
    irrelevant: tuple[Rule, ...] = ()
    question: tuple[Rule, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _resolve_sets(cls, raw: Any) -> Any:
        """Put the sets' words in the place of their names; an unknown name is an error that says so."""
        if not isinstance(raw, dict):
            return raw
        sets: dict[str, str] = dict(raw.get("sets") or {})

        def resolved(text: str) -> str:
            def words(name: re.Match[str]) -> str:
                if name[1] not in sets:
                    raise ValueError(f"there is no set ${name[1]}; there are: {', '.join(sorted(sets))}")
                return resolved(sets[name[1]])

            return re.sub(r"\$([a-z_]+)", words, text)

        def walk(value: Any) -> Any:
            if isinstance(value, str):
                return resolved(value)
            if isinstance(value, (list, tuple)):
                return [walk(one) for one in value]
            if isinstance(value, dict):
                return {key: walk(one) for key, one in value.items()}
            return value

        return walk(raw)


# --- the assessment --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the vocabulary makes of a message. `matched`: the emergency's key or the intent, and the rule."""

    intent: Intent
    urgency: Urgency
    kind: str | None = None  # of the emergency
    matched: str | None = None


def _emergency(words: Words, vocabulary: Vocabulary) -> Assessment | None:
    kinds = [kind for kind in vocabulary.emergencies if not kind.is_barred(words)]
    for urgency in (Urgency.SIREN, Urgency.LOOK_NOW):
        for kind in kinds:
            for rule in kind.siren if urgency is Urgency.SIREN else kind.look_now:
                if rule.holds(words):
                    return Assessment(Intent.EMERGENCY, urgency, kind.key, f"{kind.key}: {rule}")
    for hints in vocabulary.hints:
        found = hints.found(words)
        if found is not None:
            return Assessment(Intent.EMERGENCY, Urgency.LOOK_NOW, "other", f"other: {found}")
    return None


def assess(text: str, vocabulary: Vocabulary) -> Assessment:
    """Intent and urgency of a message, or of the joined texts of fragments that belong together.

    An emergency, and nothing else, is `siren` or `look_now`; a question is `prompt`; all else is `normal`.
    What no rule knows is a request: nobody's complaint is lost as chatter."""
    words = Words(text)
    emergency = _emergency(words, vocabulary)
    if emergency is not None:
        return emergency
    for intent, rules in (
        (Intent.PRAISE, vocabulary.praise),
        (Intent.IRRELEVANT, vocabulary.irrelevant),
        (Intent.QUESTION, vocabulary.question),
    ):
        for rule in rules:
            if rule.holds(words):
                urgency = Urgency.PROMPT if intent is Intent.QUESTION else Urgency.NORMAL
                return Assessment(intent, urgency, matched=f"{intent}: {rule}")
    return Assessment(Intent.REQUEST, Urgency.NORMAL)
