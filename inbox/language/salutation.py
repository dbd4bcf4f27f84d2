"""The salutation of a reply: "Sayın Ayşe Yılmaz," if the profile name looks like a name, else "Merhaba,".

Gender (Bey or Hanım) is not guessed. "Sayın KraL_34" or "Sayın Allah Büyüktür" would be an insult, and
"Merhaba," never is: so anything that is not clearly a name gets "Merhaba,".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from inbox.language.person_names import (
    ARABIC_PRAYERS,
    DOUBTFUL_IN_A_NAME,
    FIRST_NAMES,
    NEVER_IN_A_NAME,
    TITLES,
)
from inbox.language.turkish import clean, fold, tr_lower, tr_title

_LATIN_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_ARABIC_WORD = re.compile(r"[\u0621-\u064a\u066e-\u06d3]+")
_DRAWN_OUT = re.compile(r"(.)\1\1")
_VERB = re.compile(r".+(?:[iu]yor(?:um|uz|lar)?|ecek|acak|elim|alim)")
_PREFIX = re.compile(r"^(?:Mc|Mac|De|El|Al)(?=[A-ZÇĞİÖŞÜ])")
_LONGEST = 60


def _is_latin(word: str) -> bool:
    """Whether the whole word is Latin. A name with a Cyrillic а among Latin letters is a disguise."""
    return _LATIN_WORD.fullmatch(word) is not None and all(
        "LATIN" in unicodedata.name(letter, "") and fold(letter).isalpha()
        for letter in word
        if letter.isalpha()
    )


def _is_well_cased(word: str) -> bool:
    """Ayşe, AYŞE, ayşe, McDonald, O'Neil; not KraL or aYşE."""
    for part in re.split(r"['’-]", _PREFIX.sub("", word.rstrip("."))):
        if not (part.islower() or part.isupper() or part in {tr_title(part), part.capitalize()}):
            return False
    return True


def _is_latin_name(words: list[str]) -> bool:
    keys = [fold(word).rstrip(".") for word in words]
    while keys and keys[0] in TITLES:
        words, keys = words[1:], keys[1:]
    if not 2 <= len(keys) <= 5 or not all(map(_is_well_cased, words)):
        return False
    if any(key in NEVER_IN_A_NAME or _DRAWN_OUT.search(key) or _VERB.fullmatch(key) for key in keys):
        return False
    if any(len(key) == 1 and not word[0].isupper() for key, word in zip(keys, words, strict=True)):
        return False
    first = next(key for key in [*keys, ""] if len(key) != 1)
    if first in FIRST_NAMES:
        return True
    # An unknown first name is accepted only if the words are cased like names and none is doubtful.
    return (
        len(keys) <= 3
        and all(len(key) > 2 and key not in DOUBTFUL_IN_A_NAME for key in keys)
        and not any(word.islower() or word.isupper() for word in words)
    )


def _is_arabic_name(words: list[str]) -> bool:
    keys = [fold(word) for word in words]
    if not 2 <= len(keys) <= 5 or any(key in ARABIC_PRAYERS for key in keys):
        return False
    return all(key != "الله" or (at > 0 and keys[at - 1] == "عبد") for at, key in enumerate(keys))


def _name_words(name: str) -> list[str]:
    name = unicodedata.normalize("NFC", clean(name))
    if len(name) > _LONGEST or any(unicodedata.category(mark) in {"Cf", "Cc"} for mark in name):
        return []
    return re.sub(r"(?<=[^\W\d_]\.)(?=[^\W\d_])", " ", name).split()


def looks_like_a_persons_name(name: str) -> bool:
    """Whether a profile name is clearly a first name and a surname, Turkish, Kurdish, Arabic or similar.

    "Ayşe Yılmaz", "M. Ali Kaya", "Berfîn Şêrko", "أحمد خالد"; not "KraL_34", "🌹Ayşe🌹", "Dua Kapısı".
    """
    words = _name_words(name)
    if words and all(_ARABIC_WORD.fullmatch(word) for word in words):
        return _is_arabic_name(words)
    return bool(words) and all(map(_is_latin, words)) and _is_latin_name(words)


_NAMED: Mapping[str, str] = {"tr": "Sayın {},", "en": "Dear {},", "ar": "مرحباً {}،", "ku": "Birêz {},"}
_PLAIN: Mapping[str, str] = {"tr": "Merhaba,", "en": "Hello,", "ar": "مرحباً،", "ku": "Silav,"}
LANGUAGES = frozenset(_PLAIN)


def salutation(name: str | None, language: str = "tr") -> str:
    """The first line of a reply: "Sayın Ayşe Yılmaz," or "Merhaba,".

    Raises KeyError if `language` is not one of `LANGUAGES`.
    """
    if name is None or not looks_like_a_persons_name(name):
        return _PLAIN[language]
    words = [tr_title(word) if word == tr_lower(word) else word for word in _name_words(name)]
    return _NAMED[language].format(" ".join(words))
