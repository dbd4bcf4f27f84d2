"""Assesses intent and urgency of a message by the city's own vocabulary.

The vocabulary is data that an administrator can read. For each kind of emergency it has rules: phrases that
must occur together, and phrases that must not occur. No single word decides: "ambulans" is an emergency in a
message of four words, but may be a complaint about a blocked road in one of forty. Every assessment names its
rule.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from inbox.language.turkish import ByCharacter, beginnings, clean, fold, tr_lower
from inbox.states import Intent, Urgency

# --- the words of a message ------------------------------------------------------------------------

_TOKEN = re.compile(r"[^\W_]+|\?|[\u2600-\u27bf\u2b50\U0001f1e6-\U0001faff]")


_SPOKEN = ByCharacter(lambda c: "" if unicodedata.category(c) == "Cf" else c)
_UNMARKED = ByCharacter(lambda c: "" if unicodedata.category(c) == "Mn" else c)


@lru_cache(maxsize=4_096)
def _folded(word: str) -> str:
    """`fold`, cached because most words are frequent."""
    return fold(word).replace(" ", "") or "_"


class Words:
    """The words of a message, folded and also in exact lower case, because "öldü" and "oldu" fold alike."""

    def __init__(self, text: str) -> None:
        # A typed capital I may mean i or ı.
        spoken = unicodedata.normalize("NFC", tr_lower(clean(text).translate(_SPOKEN)))
        self.exact = _TOKEN.findall(spoken.translate(_UNMARKED))
        self.folded = list(map(_folded, self.exact))
        self._texts = (self._joined(self.folded), self._joined(self.exact))
        # Everything that a phrase can begin with here, in the notation of _Phrases.firsts: whole words
        # (with a space) and all beginnings of words; with "=" for exact phrases.
        self.firsts = frozenset(
            [
                *beginnings(self.folded),
                *(f"{word} " for word in self.folded),
                *(f"={first}" for first in beginnings(self.exact)),
                *(f"={word} " for word in self.exact),
            ]
        )
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
        """The indexes of the first and last word of every match of `pattern`, which matches whole words."""
        text, starts = self._texts[exact]
        for found in pattern.finditer(text):
            first = starts[found.start()]
            yield first, first + found[0].count(" ")


# --- phrases ---------------------------------------------------------------------------------------


def _phrase_pattern(phrase: str) -> str:
    """A phrase as a regular expression over words with spaces between; `*` at a word's end is any ending."""
    words = [
        re.escape(word[:-1]) + r"\S*" if word.endswith("*") else re.escape(word) for word in phrase.split()
    ]
    return " ".join(words)


class _Phrases:
    """Compiled alternatives, such as "vefat et*|=öldü". `=` marks one that is compared without folding."""

    def __init__(self, alternatives: str) -> None:
        phrases = [phrase.strip() for phrase in alternatives.split("|") if phrase.strip()]
        folded = [fold(phrase) for phrase in phrases if not phrase.startswith("=")]
        exact = [tr_lower(phrase[1:]) for phrase in phrases if phrase.startswith("=")]
        self._forms = [
            (is_exact, re.compile(f"(?<= )(?:{'|'.join(map(_phrase_pattern, found))})(?= )"))
            for found, is_exact in ((folded, False), (exact, True))
            if found
        ]
        self.firsts = frozenset(  # the beginnings, which are looked up before a slower pattern runs
            [*map(self._first, folded), *(f"={first}" for first in map(self._first, exact))]
        )

    @staticmethod
    def _first(phrase: str) -> str:
        """A phrase's first word: followed by a space, or without one if only its beginning counts."""
        first = phrase.split()[0]
        return first[:-1] if first.endswith("*") else f"{first} "

    def spans(self, words: Words) -> list[tuple[int, int]]:
        """The indexes of the first and last word of every occurrence."""
        if self.firsts.isdisjoint(words.firsts):
            return []
        return [span for is_exact, pattern in self._forms for span in words.spans(pattern, exact=is_exact)]

    def occur(self, words: Words) -> bool:
        return bool(self.spans(words))


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Alternatives = Annotated[str, Field(min_length=1)]


class Rule(_Frozen):
    """Phrases that must all occur, and phrases of which none may occur.

    Each entry has alternatives, separated by `|`. `within`: the largest distance in words of every entry from
    the first one. `at_most_words`: the longest message that the rule applies to.
    """

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

    @property
    def firsts(self) -> frozenset[str]:
        """The beginnings of its first entry, in the notation of Words.firsts."""
        return self._wanted[0].firsts

    def holds(self, words: Words) -> bool:
        """Whether the rule matches the message."""
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
        """Whether an occurrence of every entry is near the same occurrence of the first, without overlap."""

        def distance(first: tuple[int, int], other: tuple[int, int]) -> int:
            return max(other[0] - first[1], first[0] - other[1])

        return any(
            all(any(0 < distance(first, other) <= within for other in found) for found in places[1:])
            for first in places[0]
        )

    def __str__(self) -> str:
        return " + ".join(self.all)


class EmergencyKind(_Frozen):
    """One kind of emergency, with the rules of its two tiers."""

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
    """Words that hint at an emergency, with a weight that counts once, however many of them occur."""

    weight: int = Field(ge=1)
    words: Alternatives

    @cached_property
    def _phrases(self) -> _Phrases:
        return _Phrases(self.words)

    def first_match(self, words: Words) -> str | None:
        """The first of its words that occurs in the message."""
        found = self._phrases.spans(words)
        return " ".join(words.folded[found[0][0] : found[0][1] + 1]) if found else None


class Hints(_Frozen):
    """Weighted cues for emergencies without a rule. A sum of `threshold` or more is `look_now`."""

    threshold: int = Field(ge=1)
    at_most_words: int = Field(ge=1)
    cues: tuple[Cue, ...]
    none: tuple[Alternatives, ...] = ()

    @cached_property
    def _barred(self) -> tuple[_Phrases, ...]:
        return tuple(map(_Phrases, self.none))

    def found(self, words: Words) -> str | None:
        """The matched words if the cues reach the threshold, else None."""
        if len(words) > self.at_most_words:
            return None
        hints = [
            (words_found, cue.weight)
            for cue in self.cues
            if (words_found := cue.first_match(words)) is not None
        ]
        if sum(weight for _, weight in hints) < self.threshold or any(p.occur(words) for p in self._barred):
            return None
        return " + ".join(words_found for words_found, _ in hints)


class Vocabulary(_Frozen):
    """The city's vocabulary: named sets of words, kinds of emergencies, rules of the other intents.

    `$name` in a rule is replaced by the alternatives of that set when the vocabulary is built.
    """

    sets: Mapping[str, str] = Field(default_factory=dict)
    emergencies: tuple[EmergencyKind, ...]
    hints: tuple[Hints, ...] = ()
    praise: tuple[Rule, ...] = ()
    irrelevant: tuple[Rule, ...] = ()
    question: tuple[Rule, ...] = ()

    @cached_property
    def _emergency_rules(self) -> list[tuple[Urgency, EmergencyKind, Rule]]:
        """All rules in the order in which they are tried."""
        return [
            *((Urgency.SIREN, kind, rule) for kind in self.emergencies for rule in kind.siren),
            *((Urgency.LOOK_NOW, kind, rule) for kind in self.emergencies for rule in kind.look_now),
        ]

    @cached_property
    def _places(self) -> Mapping[str, frozenset[int]]:
        """Indexes into `_emergency_rules`, by the beginning of the rule's first entry."""
        places: dict[str, set[int]] = {}
        for place, (_, _, rule) in enumerate(self._emergency_rules):
            for first in rule.firsts:
                places.setdefault(first, set()).add(place)
        return {first: frozenset(found) for first, found in places.items()}

    def emergency_rules(self, words: Words) -> Iterator[tuple[Urgency, EmergencyKind, Rule]]:
        """The rules that could match the message, sirens first."""
        begun = words.firsts & self._places.keys()
        for place in sorted(frozenset[int]().union(*(self._places[first] for first in begun))):
            yield self._emergency_rules[place]

    @model_validator(mode="before")
    @classmethod
    def _resolve_sets(cls, raw: Any) -> Any:
        """Replace the names of sets by their words. Raises ValueError for an unknown name."""
        if not isinstance(raw, dict):
            return raw
        sets: dict[str, str] = dict(raw.get("sets") or {})

        def resolved(text: str) -> str:
            def words(name: re.Match[str]) -> str:
                if name[1] not in sets:
                    raise ValueError(f"there is no set ${name[1]}; the sets are: {', '.join(sorted(sets))}")
                return resolved(sets[name[1]])

            return re.sub(r"\$([a-z_]+)", words, text)

        def walk(value: Any) -> Any:
            if isinstance(value, str):
                return resolved(value)
            if isinstance(value, (list, tuple)):
                return [walk(item) for item in value]
            if isinstance(value, dict):
                return {key: walk(item) for key, item in value.items()}
            return value

        return walk(raw)


# --- the assessment --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assessment:
    """The assessment of a message. `matched`: the emergency's key or the intent, and the rule."""

    intent: Intent
    urgency: Urgency
    kind: str | None = None  # of the emergency
    matched: str | None = None


def _emergency(words: Words, vocabulary: Vocabulary) -> Assessment | None:
    for urgency, kind, rule in vocabulary.emergency_rules(words):
        if rule.holds(words) and not kind.is_barred(words):
            return Assessment(Intent.EMERGENCY, urgency, kind.key, f"{kind.key}: {rule}")
    for hints in vocabulary.hints:
        found = hints.found(words)
        if found is not None:
            return Assessment(Intent.EMERGENCY, Urgency.LOOK_NOW, "other", f"other: {found}")
    return None


def assess(text: str, vocabulary: Vocabulary) -> Assessment:
    """The intent and urgency of a message, or of the joined texts of a group.

    Only emergencies are `siren` or `look_now`; a question is `prompt`; everything else is `normal`. A message
    that no rule matches is a request, so that no complaint is lost.
    """
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
