"""Prepares text for storing (`clean`), searching (`fold`) and sorting (`sort_key`), with Turkish case rules.

Python's `lower` and `upper` follow English ("I".lower() is "i", in Turkish "ı"), and the database has no
Turkish collation, so both are implemented here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

# --- what a text column can hold -------------------------------------------------------------------

_SURROGATE = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def clean(text: str) -> str:
    """`text` as PostgreSQL can store it: no NUL, surrogate pairs joined, U+FFFD for a lone surrogate."""
    text = text.replace("\0", "")
    if _SURROGATE.search(text) is None:
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return _SURROGATE.sub(REPLACEMENT, joined)


# --- case --------------------------------------------------------------------------------------------


def tr_lower(text: str) -> str:
    """Lower case by Turkish rules: I becomes ı, İ becomes i."""
    return unicodedata.normalize("NFC", text).replace("I", "ı").replace("İ", "i").lower()


def tr_upper(text: str) -> str:
    """Upper case by Turkish rules: i becomes İ, ı becomes I."""
    return unicodedata.normalize("NFC", text).replace("i", "İ").replace("ı", "I").upper()


def tr_title(word: str) -> str:
    """One word with its first letter upper case and the others lower case."""
    return tr_upper(word[:1]) + tr_lower(word[1:])


# --- folding, for search, vocabulary and names -------------------------------------------------------

_LATIN = re.compile(
    r"(?:MODIFIER LETTER |NEGATIVE CIRCLED |NEGATIVE SQUARED )?"
    r"LATIN (?:SMALL |CAPITAL |SUBSCRIPT SMALL |SMALL CAPITAL )?LETTER "
    r"(?:SMALL CAPITAL |DOTLESS |LONG |OPEN |INSULAR |TURNED |REVERSED |SIDEWAYS |BARRED |SCRIPT |CLOSED )*"
    r"([A-Z])(?: BAR)?(?: WITH .+)?"
)
_LATIN_BLOCKS = (
    (0x00C0, 0x02B8),  # Latin-1 letters, Extended-A and -B, IPA
    (0x1D00, 0x1DBF),  # phonetic extensions, where "small caps" of nicknames come from
    (0x1E00, 0x1EFF),
    (0x2C60, 0x2C7F),
    (0xA720, 0xA7FF),
    (0xAB30, 0xAB6F),
    (0x1DF00, 0x1DF2A),
    (0x1F150, 0x1F18A),  # white letters on a black disc or square
)
# Letters that do not decompose into a letter and a mark, spelt with a–z.
_SPELT = {
    "æ": "ae", "œ": "oe", "ø": "o", "ð": "d", "þ": "th", "ŋ": "n", "ə": "e", "ǝ": "e", "ɛ": "e", "ɔ": "o",
    "ĸ": "k", "ĳ": "ij", "ʃ": "s", "ʒ": "z", "ɣ": "g", "ɩ": "i", "ʊ": "u", "ʌ": "v", "ɑ": "a", "ƣ": "g",
}  # fmt: skip
_QUOTES = {"’": "'", "‘": "'", "ʼ": "'", "ʹ": "'", "′": "'", "`": "'", "´": "'", "“": '"', "”": '"'}
_INVISIBLE = "\u115f\u1160\u3164\uffa0\u2800\u0640"  # fillers, the blank braille cell, the Arabic stretch


def _folding_table() -> dict[int, str]:
    """The replacements of characters that Unicode normalisation does not change."""
    table: dict[int, str] = {}
    for first, last in _LATIN_BLOCKS:
        for code in range(first, last + 1):
            named = _LATIN.fullmatch(unicodedata.name(chr(code), ""))
            if named is not None:
                table[code] = named[1].lower()
    table.update({ord(letter): spelt for letter, spelt in _SPELT.items()})
    table.update({ord(mark): plain for mark, plain in _QUOTES.items()})
    table.update({ord(gap): "" for gap in _INVISIBLE})
    return table


_FOLDS = _folding_table()
_DROPPED = frozenset({"Cf", "Mn", "Me", "Cc", "Cs"})  # zero-width and bidi marks, accents, controls


class ByCharacter(dict[int, str]):
    """A table for `str.translate` that computes each character's replacement once, when it first occurs."""

    MOST = 4_000  # more than any city's scripts need; an attacker's million characters would fill the memory

    def __init__(self, becomes: Callable[[str], str]) -> None:
        self._becomes = becomes

    def __missing__(self, code: int) -> str:
        found = self._becomes(chr(code))
        if len(self) < self.MOST:
            self[code] = found
        return found


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category in _DROPPED and not character.isspace():
        return ""
    return character


_KEPT = ByCharacter(_kept)


def _fold_once(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(_FOLDS)
    # `lower` too, because Unicode case folding turns Cherokee letters into capitals.
    text = unicodedata.normalize("NFKD", text.casefold().lower()).translate(_FOLDS)
    return unicodedata.normalize("NFKC", text.translate(_KEPT))


def fold(text: str) -> str:
    """`text` in the form that search compares: Latin letters as a–z, digits as 0–9, other scripts unmarked.

    ı and i both become i, so ISPARTA, ısparta and İSPARTA are equal. Zero-width and bidi marks, accents and
    control characters are removed, white space becomes one space. Folding twice changes nothing.
    """
    if text.isascii():
        folded = text.translate(_FOLDS).lower().translate(_KEPT)
    else:
        folded = _fold_once(text)
        while (again := _fold_once(folded)) != folded:
            folded = again
    return " ".join(folded.split())


def beginnings(words: Iterable[str]) -> frozenset[str]:
    """All prefixes of all words, including whole words. Looking up a stem here is faster than a search."""
    return frozenset(word[:end] for word in set(words) for end in range(1, len(word) + 1))


# --- order -------------------------------------------------------------------------------------------

# q, w and x are not Turkish, but Kurdish and foreign names have them: q sorts after p, w and x after v.
_ALPHABET = "abcçdefgğhıijklmnoöpqrsştuüvwxyz"
_RANK = {letter: chr(ord("A") + position) for position, letter in enumerate(_ALPHABET)}
_NUMBER = re.compile(r"\d+")


def sort_key(text: str) -> str:
    """A key whose code-point order is the Turkish alphabet: "Çınar" before "Zafer", ignoring case.

    It also works as a database column under C.UTF-8. Numbers come first, by value (2. Sokak before 10.
    Sokak), then letters, then other scripts. Punctuation counts as a space; apostrophes are ignored.
    """
    keyed: list[str] = []
    for letter in tr_lower(text):
        if letter in _RANK:
            keyed.append(_RANK[letter])
            continue
        for plain in fold(letter) or " ":
            if plain.isdecimal():
                keyed.append(plain)
            elif plain != "'":
                keyed.append(_RANK.get(plain) or (plain if plain.isalpha() else " "))
    words = " ".join("".join(keyed).split())
    return _NUMBER.sub(lambda number: f"{len(number[0].lstrip('0')):03d}{number[0].lstrip('0')}", words)
