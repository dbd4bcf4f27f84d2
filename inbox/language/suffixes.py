"""Adds Turkish case endings to names and numbers: "Yenikent'te", "Çınar'a", "104233'ün", "Müdürlüğümüze".

Vowel harmony follows the last vowel as pronounced. For a number that is its last word ("104233" ends in üç),
for an abbreviation the last letter's name ("İETT" ends in te); some words are exceptions ("Kemal'in",
"İstiklal'e"). Text that does not end in a Latin letter or digit gets no ending.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from inbox.language.turkish import fold, tr_lower

_FRONT, _BACK, _ROUND = frozenset("eiöü"), frozenset("aıou"), frozenset("oöuü")
_VOWELS = _FRONT | _BACK
_VOICELESS = frozenset("fstkçşhp")
_PLAIN = str.maketrans("âîûêxq", "aiuekk")

_ONES = ("sıfır", "bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz")
_TENS = ("", "on", "yirmi", "otuz", "kırk", "elli", "altmış", "yetmiş", "seksen", "doksan")
_GREAT = ("", "bin", "milyon", "milyar", "trilyon", "katrilyon")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words with a back vowel that nevertheless take front endings (folded).
_SOFT_ENDED = _words(
    "kemal cemal celal bilal hilal ikbal istiklal iclal zuhal nihal kerbela resul saat hal ihtimal terminal "
    "santral festival petrol kontrol alkol rol gol futbol basketbol voleybol harf seyahat ziraat dikkat "
    "sadakat kabul usul mahsul meskul istikbal sual infial hayal"
)
# Last words of names that already have the possessive suffix: they get an n before a case ending.
_POSSESSIVE = _words(
    "mahallesi caddesi sokagi bulvari mudurlugu sefligi baskanligi belediyesi merkezi masasi dairesi idaresi "
    "mudurlukleri isleri sitesi apartmani bloku blogu hastanesi ocagi okulu lisesi kaymakamligi valiligi "
    "bakanligi kurumu kurulu birimi komutanligi emniyeti itfaiyesi karakolu parki bahcesi meydani duragi "
    "koprusu kavsagi carsisi pazari camii camisi kutuphanesi evi konagi yolu cikmazi mezarligi mezarliklari "
    "salonu stadi tesisi tesisleri istasyonu gecidi tuneli deresi koyu ilcesi beldesi hatti ekibi komisyonu "
    "meclisi ofisi temsilciligi subesi kooperatifi yonetimi dernegi vakfi universitesi fakultesi enstitusu "
    "hizmetleri karayollari"
)
_POSSESSIVE_ENDING = re.compile(
    r".{2,}(?:oglu|duzu|basi|koyu|yolu|cesmesi|deresi|tepesi|evleri|kapisi|hisari|pinari)$"
)

_TAIL = re.compile(r"(?:[^\W\d_]|[’'.])+$|\d[\d.]*$")


def _spoken_number(digits: str) -> str:
    """The last spoken word of a whole number: "104233" → "üç", "20" → "yirmi", "1000" → "bin"."""
    digits = digits.lstrip("0")
    if not digits:
        return "sıfır"
    zeros = len(digits) - len(digits.rstrip("0"))
    if zeros == 0:
        return _ONES[int(digits[-1])]
    if zeros == 1:
        return _TENS[int(digits[-2])]
    if zeros == 2:
        return "yüz"
    return _GREAT[zeros // 3] if zeros // 3 < len(_GREAT) else "milyon"


def _read_by_letter(word: str) -> bool:
    """Whether a word in capitals is read letter by letter: İETT, İBB, SMS, but not İSKİ, BEDAŞ, CİMER."""
    if not 2 <= len(word) <= 6 or not word.isupper():
        return False
    letters = tr_lower(word)
    vowels = sum(letter in _VOWELS for letter in letters)
    return vowels == 0 or (len(letters) > 2 and letters[-1] == letters[-2] and letters[-1] not in _VOWELS)


def spoken(name: str) -> str:
    """The pronounced end of `name` in lower case; "" if it does not end in a Latin letter or digit."""
    tail = _TAIL.search(name.rstrip(" .)\"'”’]"))
    if tail is None:
        return ""
    word = tail[0].replace(".", "").replace("'", "").replace("’", "")
    if word.isdecimal():
        return _spoken_number(fold(word))
    if not word.isalpha():
        return ""
    if _read_by_letter(word):
        return "te"
    lower = tr_lower(word).translate(_PLAIN)
    return lower if any(letter in _VOWELS for letter in lower) else ("te" if fold(word).isascii() else "")


def _last_vowel(name: str, pronounced: str) -> str:
    vowel = [letter for letter in pronounced if letter in _VOWELS][-1]
    if vowel in _BACK and fold(name).split()[-1].rpartition("'")[2] in _SOFT_ENDED:
        return {"a": "e", "ı": "i", "o": "ö", "u": "ü"}[vowel]
    return vowel


def _is_possessive(name: str) -> bool:
    words = fold(name).split()
    last = words[-1].strip(".,)\"'")
    if len(words) > 1 and last in _POSSESSIVE:
        return True
    return _POSSESSIVE_ENDING.fullmatch(last) is not None


class _Word:
    """The properties of a name that decide its endings: last vowel, last sound, and buffer letter."""

    def __init__(self, name: str) -> None:
        self.pronounced = spoken(name)
        self.is_empty = not self.pronounced
        vowel = "e" if self.is_empty else _last_vowel(name, self.pronounced)
        self.e = "e" if vowel in _FRONT else "a"
        if vowel in _FRONT:
            self.i = "ü" if vowel in _ROUND else "i"
        else:
            self.i = "u" if vowel in _ROUND else "ı"
        self.ends_in_vowel = self.pronounced[-1:] in _VOWELS
        self.is_possessive = not self.is_empty and self.ends_in_vowel and _is_possessive(name)
        self.d = "t" if self.pronounced[-1:] in _VOICELESS else "d"

    def after_vowel(self, between: str) -> str:
        """The buffer letter between two vowels: n after a possessive, else `between`."""
        if not self.ends_in_vowel:
            return ""
        return "n" if self.is_possessive else between

    @property
    def n(self) -> str:
        return "n" if self.is_possessive else ""


def _locative(word: _Word) -> str:
    return f"{word.n}{'d' if word.is_possessive else word.d}{word.e}"


_ENDINGS: Mapping[str, Callable[[_Word], str]] = {
    "da": _locative,
    "dan": lambda word: f"{_locative(word)}n",
    "a": lambda word: f"{word.after_vowel('y')}{word.e}",
    "i": lambda word: f"{word.after_vowel('y')}{word.i}",
    "in": lambda word: f"{'n' if word.ends_in_vowel else ''}{word.i}n",
    "la": lambda word: f"{'y' if word.ends_in_vowel else ''}l{word.e}",
    "li": lambda word: f"l{word.i}",
    "daki": lambda word: f"{_locative(word)}ki",
}
SUFFIXES = frozenset(_ENDINGS)
"""The suffixes by name: da at, dan from, a to, i object, in of, la with, li native of, daki located at."""


def suffixed(name: str, suffix: str) -> str:
    """`name` with one of `SUFFIXES` after an apostrophe: suffixed("Yenikent", "da") → "Yenikent'te".

    Raises KeyError for any other suffix. A name in another script is returned unchanged.
    """
    ending = _ENDINGS[suffix]
    word = _Word(name)
    return name if word.is_empty else f"{name}'{ending(word)}"


def ours(name: str, suffix: str | None = None) -> str:
    """A unit of the municipality as "our …": "Fen İşleri Müdürlüğümüz", with "a" "Fen İşleri Müdürlüğümüze".

    Without apostrophe, because the possessive makes it a common noun. For Turkish names that end in a word.
    """
    word = _Word(name)
    if word.is_empty:
        return name
    name += f"m{word.i}z" if word.ends_in_vowel else f"{word.i}m{word.i}z"
    if suffix is None:
        return name
    return name + _ENDINGS[suffix](_Word(name))


def locative(name: str) -> str:
    """In or at: "Çınar'da", "Şehitler'de", "Fen İşleri Müdürlüğü'nde"."""
    return suffixed(name, "da")


def ablative(name: str) -> str:
    """From: "Çınar'dan", "Yenikent'ten"."""
    return suffixed(name, "dan")


def dative(name: str) -> str:
    """To: "Çınar'a", "Yenikent'e", "Zafer Mahallesi'ne"."""
    return suffixed(name, "a")


def accusative(name: str) -> str:
    """The object of a verb: "Zafer'i", "İSKİ'yi"."""
    return suffixed(name, "i")


def genitive(name: str) -> str:
    """Of: "104233'ün", "Zafer'in", "İSKİ'nin"."""
    return suffixed(name, "in")
