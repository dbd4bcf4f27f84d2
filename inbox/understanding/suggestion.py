"""Suggests where a message belongs: the neighbourhood by name, the category by words, the unit by category.

Every suggestion can be explained by words of the message, and a person decides. Names that are also ordinary
words, people or other places ("Zafer", "Örnek", "Fatih") count only in the locative or beside "mah.".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from inbox.language.turkish import beginnings, fold


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A neighbourhood with all its names and aliases, in any script."""

    key: str
    names: tuple[str, ...]
    is_ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """A category. `stems`: folded beginnings of words, or phrases of such beginnings."""

    key: str
    unit: str | None
    stems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The suggested keys; None where no word suggests one.

    `confidence` in the category is between 0 and 1. `words` are the words that led to the suggestion.
    """

    unit: str | None = None
    category: str | None = None
    neighbourhood: str | None = None
    confidence: float = 0.0
    words: tuple[str, ...] = ()


_WORD = re.compile(r"[^\W_]+")
# The endings of a name, folded.
_SUFFIX = r"(?:n?d[ea]|t[ea]|n?d[ea]n|t[ea]n|n?d[ea]ki|t[ea]ki|n[iu]n|[iu]n|[yn]?[eaiu]|l[iu]|l[ea]r)?"
_LOCATIVE = re.compile(r"(?:n?d[ea]|t[ea]|n?d[ea]n|t[ea]n|n?d[ea]ki|t[ea]ki)")
_IS_NEIGHBOURHOOD = re.compile(r"m(?:ah|h)(?:al+e\w*)?|mahal\w*|m|حي")
_IS_SOMETHING_ELSE = re.compile(
    r"cad\w*|cd|sok\w*|sk|bulv\w*|blv|park\w*|okul\w*|lise\w*|ilkokul\w*|ortaokul\w*|cami\w*|hastane\w*|apart\w*|apt|"
    r"site\w*|durag\w*|durak\w*|meydan\w*|kopru\w*|stad\w*|univers\w*|belediye\w*|ilce\w*|kultur|saglik|metrobus"
)


def _beginning(stem: str) -> str:
    """A pattern for words that begin with `stem`. Stems of two letters, like "su", match whole words only."""
    return re.escape(stem) + (r"\w*" if len(stem) > 2 else "")


@dataclass(frozen=True)
class CityWords:
    """All names and stems of a city, compiled once for all messages."""

    places: tuple[KnownPlace, ...]
    topics: tuple[Topic, ...]
    # Each with the beginning of its first word, which is looked up before the slower pattern runs.
    _names: tuple[tuple[str, re.Pattern[str], KnownPlace], ...] = field(init=False, repr=False, compare=False)
    _stems: tuple[tuple[str, re.Pattern[str], int, Topic], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = {
            (" ".join(_WORD.findall(fold(name))), place) for place in self.places for name in place.names
        }
        # The longest name first: "Fatih Sultan Mehmet" is not Fatih.
        ordered = sorted(names, key=lambda pair: (-len(pair[0]), pair[0]))
        patterns = tuple(
            (
                name.split()[0],
                re.compile(rf"(?<= ){re.escape(name)}(?P<suffix>(?: ?{_SUFFIX}))(?= )"),
                place,
            )
            for name, place in ordered
            if name
        )
        stems = tuple(
            (
                stem.split()[0],
                re.compile("(?<= )" + " ".join(map(_beginning, stem.split())) + "(?= )"),
                2 if " " in stem else 1,
                topic,
            )
            for topic in self.topics
            for stem in topic.stems
        )
        object.__setattr__(self, "_names", patterns)
        object.__setattr__(self, "_stems", stems)

    def neighbourhood(self, words: str) -> tuple[KnownPlace, str] | None:
        """The best-matching neighbourhood in folded words with spaces around them, and the matched text."""
        seen: list[tuple[int, int, KnownPlace, str]] = []  # (strength, -position, place, matched text)
        taken: list[tuple[int, int]] = []
        begun = beginnings(words.split())
        for first, pattern, place in self._names:
            if first not in begun:
                continue
            for found in pattern.finditer(words):
                if any(found.start() < end and start < found.end() for start, end in taken):
                    continue
                strength = _strength(words, found, place)
                if strength:
                    taken.append(found.span())
                    seen.append((strength, -found.start(), place, found[0].strip()))
        if not seen:
            return None
        best = max(seen, key=lambda match: match[:2])
        return best[2], best[3]

    def topic(self, words: str) -> tuple[Topic, float, tuple[str, ...]] | None:
        """The topic with the highest score, its confidence, and the words that matched."""
        scores: dict[str, int] = {}
        reasons: dict[str, list[str]] = {}
        begun = beginnings(words.split())
        for first, pattern, weight, topic in self._stems:
            if first not in begun:
                continue
            found = pattern.findall(words)
            if found:
                scores[topic.key] = scores.get(topic.key, 0) + weight * min(len(found), 2)
                reasons.setdefault(topic.key, []).append(found[0])
        if not scores:
            return None
        best = max(self.topics, key=lambda topic: scores.get(topic.key, 0))
        total = sum(scores.values())
        # One matching word proves little; many of one topic and none of another prove much.
        confidence = scores[best.key] / (total + 1)
        return best, round(confidence, 2), tuple(reasons[best.key])


def _strength(words: str, found: re.Match[str], place: KnownPlace) -> int:
    """0: not this neighbourhood; 1: named; 2: named with "mah." after it."""
    after = _WORD.findall(words[found.end() : found.end() + 40])[:1]
    suffix = found["suffix"].strip()
    if after and _IS_NEIGHBOURHOOD.fullmatch(after[0]):
        return 0 if suffix in {"li", "lu"} else 2  # Çınarlı Mahallesi is not Çınar Mahallesi
    if after and _IS_SOMETHING_ELSE.fullmatch(after[0]):
        return 0
    before = _WORD.findall(words[: found.start()])[-1:]
    if before and re.fullmatch(r"mahalle(?:m|miz|si|sinin)?|mah", before[0]):
        return 1
    if place.is_ambiguous and not _LOCATIVE.fullmatch(suffix):
        return 0
    return 1


def suggest(text: str, city: CityWords) -> Proposal:
    """The suggestion for a message, by the city's names and stems."""
    words = f" {' '.join(_WORD.findall(fold(text)))} "
    place = city.neighbourhood(words)
    topic = city.topic(words)
    return Proposal(
        unit=topic[0].unit if topic else None,
        category=topic[0].key if topic else None,
        neighbourhood=place[0].key if place else None,
        confidence=topic[1] if topic else 0.0,
        words=(*(topic[2] if topic else ()), *((place[1],) if place else ())),
    )


def city_words(places: Iterable[KnownPlace], topics: Iterable[Topic]) -> CityWords:
    """Compile names and stems for `suggest`."""
    return CityWords(tuple(places), tuple(topics))
