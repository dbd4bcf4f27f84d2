"""Finds phone, identity and account numbers and e-mail addresses in a text that will be public.

No reply may be posted with somebody's phone number in it, so the search reads digits as a person does:
Arabic-Indic and full-width digits, keycaps, O for 0 and l for 1 among digits, with brackets, dots, dashes and
spaces between them, ignoring invisible characters. The municipality's own public numbers are allowed, and a
request number (104233) does not count as a phone number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban
from stdnum.tr import tckimlik


class Personal(StrEnum):
    """The kinds of personal data."""

    PHONE = "phone"
    IDENTITY_NUMBER = "identity_number"
    IBAN = "iban"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class PersonalDatum:
    """One piece of personal data at text[start:end]."""

    kind: Personal
    start: int
    end: int


# --- normalising digits ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _View:
    """The text with plain digits, without invisible characters; `places` are the original indexes."""

    text: str
    places: tuple[int, ...]

    def found(self, kind: Personal, start: int, end: int) -> PersonalDatum:
        return PersonalDatum(kind, self.places[start], self.places[end - 1] + 1)


_INVISIBLE = {"Cf", "Mn", "Me"}
_ZEROS, _ONES = "OoОоΟοＯｏ", "Il|ı"
_DIGIT_LIKE = re.compile(f"[0-9{_ZEROS}{re.escape(_ONES)}]+")


def _plain(character: str) -> str:
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    normal = unicodedata.normalize("NFKC", character)
    return normal if len(normal) == 1 else character


def _view(text: str) -> _View:
    kept = [(place, c) for place, c in enumerate(text) if unicodedata.category(c) not in _INVISIBLE]
    plain = "".join(_plain(c) for _, c in kept)

    def as_digits(run: re.Match[str]) -> str:
        around = plain[max(0, run.start() - 1) : run.start()] + plain[run.end() : run.end() + 1]
        only_zeros = all(c in _ZEROS for c in run[0])
        if any(c.isalpha() for c in around) or not (only_zeros or re.search("[0-9]", run[0])):
            return run[0]
        return "".join("0" if c in _ZEROS else "1" if c in _ONES else c for c in run[0])

    return _View(_DIGIT_LIKE.sub(as_digits, plain), tuple(place for place, _ in kept))


# --- phone numbers ---------------------------------------------------------------------------------

_SEPARATOR = r"[\s.\-‐‑–—_/\\()\[\]{}·•*~'\"|+=,;:]{1,4}"
_RUN = re.compile(rf"\+?[(\[]?[0-9]+(?:{_SEPARATOR}[0-9]+)*")
_GROUP = re.compile("[0-9]+")
_DATE_OR_TIME = re.compile(
    r"(?<![0-9])(?:[0-3]?[0-9]([./-])[01]?[0-9]\1(?:19|20)[0-9]{2}|[0-2]?[0-9]:[0-5][0-9])(?![0-9])"
)
# Groupings in which ten digits without a leading 0 count as a landline, and seven as a local number.
_LANDLINE_GROUPS = {(10,), (3, 7), (3, 3, 4), (3, 3, 2, 2), (3, 4, 3), (3, 2, 2, 3), (3, 3, 4)}
_LOCAL_GROUPS = {(3, 2, 2), (3, 4)}


def _national(digits: str) -> str:
    """The ten digits after +90, 0090, 90 or 0; other numbers as they are."""
    for prefix in ("0090", "90", "0"):
        if digits.startswith(prefix) and len(digits) - len(prefix) == 10:
            return digits[len(prefix) :]
    return digits


def _is_phone(digits: str, groups: tuple[int, ...], between: str) -> bool:
    national = _national(digits)
    has_prefix = national != digits
    if len(national) == 10:
        if national[0] == "5" or national[:3] == "850":
            return has_prefix or not set(between) & set(",;:\n")
        if national[0] in "234":
            return has_prefix or groups in _LANDLINE_GROUPS
    return len(digits) == 7 and digits[0] not in "01" and groups in _LOCAL_GROUPS and "," not in between


def _phones(view: _View, own: frozenset[str]) -> Iterator[PersonalDatum]:
    text = view.text
    # A run that begins with a date is no phone number: "5.11.2026 9:30" has ten digits and starts with 5.
    in_dates = {place for date in _DATE_OR_TIME.finditer(text) for place in range(*date.span())}
    taken: set[int] = set()
    for run in _RUN.finditer(text):
        groups = list(_GROUP.finditer(text, run.start(), run.end()))
        first = 0
        while first < len(groups):
            # Try the longest number that starts at this group. Groups are never split, so 104233 stays whole.
            for last in range(min(len(groups), first + 14), first, -1):
                start, end = groups[first].start(), groups[last - 1].end()
                digits = "".join(group[0] for group in groups[first:last])
                if len(digits) > 14 or (start in in_dates and not digits.startswith(("90", "00"))):
                    continue
                sizes = tuple(len(group[0]) for group in groups[first:last])
                between = re.sub("[0-9]", "", text[start:end])
                if _is_phone(digits, sizes, between):
                    taken.update(range(start, end))
                    if _national(digits) not in own:
                        yield view.found(Personal.PHONE, start, end)
                    first = last - 1
                    break
            first += 1
    for match in PhoneNumberMatcher(text, "TR", leniency=Leniency.VALID, max_tries=1000):
        national = str(match.number.national_number or "")
        if not taken & set(range(match.start, match.end)) and national not in own and len(national) > 6:
            yield view.found(Personal.PHONE, match.start, match.end)


# --- identity numbers, accounts, addresses ---------------------------------------------------------

_IDENTITY = re.compile(rf"(?<![0-9])[1-9](?:(?:{_SEPARATOR})?[0-9]){{10}}(?![0-9])")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[\s.\-]{0,2}[0-9]{2}(?:[\s.\-]{0,2}[A-Za-z0-9]){11,30}")
_TURKISH_IBAN = re.compile(r"(?<![A-Za-z])[Tt][Rr][\s.\-:]{0,2}[0-9]{2}(?:[\s.\-]{0,2}[0-9]){20,22}")
_AT = r"(?:@|\s*[(\[{]\s*(?:at|et|@)\s*[)\]}]\s*|\s+at\s+)"
_DOT = r"(?:\.|\s*[(\[{]\s*(?:dot|nokta|\.)\s*[)\]}]\s*|\s+(?:dot|nokta)\s+)"
_EMAIL = re.compile(rf"(?<![\w.+\-])[\w.+\-]+{_AT}(?P<domain>[\w\-]+(?:{_DOT}[\w\-]+)+)", re.IGNORECASE)
_LOOSE_EMAIL = re.compile(
    r"(?<![\w.+\-])[\w.+\-]+\s?@\s?"
    r"(?P<domain>(?:gmail|g\s?mail|hotmail|outlook|yahoo|icloud|yandex|mynet|live|msn|windowslive)"
    r"\s?\.\s?\w+)",
    re.IGNORECASE,
)


def _identity_numbers(view: _View, _own: frozenset[str]) -> Iterator[PersonalDatum]:
    for number in _IDENTITY.finditer(view.text):
        if tckimlik.is_valid(re.sub("[^0-9]", "", number[0])):
            yield view.found(Personal.IDENTITY_NUMBER, number.start(), number.end())


def _ibans(view: _View, _own: frozenset[str]) -> Iterator[PersonalDatum]:
    for account in _TURKISH_IBAN.finditer(view.text):
        yield view.found(Personal.IBAN, account.start(), account.end())
    for account in _IBAN.finditer(view.text):
        end = account.end()
        # A word may follow the number directly: try shorter ends at spaces.
        while end > account.start():
            if iban.is_valid(re.sub(r"[^A-Za-z0-9]", "", view.text[account.start() : end])):
                yield view.found(Personal.IBAN, account.start(), end)
                break
            end = view.text.rfind(" ", account.start(), end)


def _emails(view: _View, own: frozenset[str]) -> Iterator[PersonalDatum]:
    for pattern in (_EMAIL, _LOOSE_EMAIL):
        for address in pattern.finditer(view.text):
            domain = re.sub(r"\s", "", address["domain"]).lower()
            if "@" + domain not in own:
                yield view.found(Personal.EMAIL, address.start(), address.end())


_SEARCHES: tuple[Callable[[_View, frozenset[str]], Iterator[PersonalDatum]], ...] = (
    _ibans,
    _emails,
    _phones,  # before identity numbers: eleven of the twelve digits in 905… may have a valid checksum
    _identity_numbers,
)


def personal_data(text: str, *, own: Collection[str] = ()) -> list[PersonalDatum]:
    """All personal data in `text`, in order and without overlaps.

    `own`: the municipality's public contacts, which are allowed: phone numbers in any spelling ("444 04 11",
    "185") and e-mail domains ("@esenyurt.bel.tr").
    """
    view = _view(text)
    ours = frozenset(
        contact.lower() if "@" in contact else _national(re.sub("[^0-9]", "", contact)) for contact in own
    )
    found: list[PersonalDatum] = []
    for search in _SEARCHES:
        for piece in search(view, ours):
            if all(piece.end <= other.start or piece.start >= other.end for other in found):
                found.append(piece)
    return sorted(found, key=lambda piece: piece.start)
