"""Checks a reply before it is sent: warnings about its tone, and personal data that must not be public."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from inbox.language.personal_data import Personal, personal_data
from inbox.language.turkish import fold
from inbox.states import Outcome, Urgency


class Tone(StrEnum):
    """The kinds of faults. The first four are personal data, which must not become public."""

    PHONE = "phone"
    IDENTITY_NUMBER = "identity_number"
    IBAN = "iban"
    EMAIL = "email"
    EMOJI = "emoji"  # in a negative, condolence or emergency text
    HOLLOW_PHRASE = "hollow_phrase"  # empty, such as "gereği yapılacaktır"
    NO_DAY = "no_day"  # a promise without a date behind it
    UNFILLED_GAP = "unfilled_gap"  # a {placeholder} that was not filled


@dataclass(frozen=True, slots=True)
class ToneFault:
    """One fault at text[start:end]."""

    what: Tone
    start: int
    end: int

    @property
    def is_personal(self) -> bool:
        """Whether it is personal data, which forbids posting the text in public."""
        return self.what.value in {kind.value for kind in Personal}


_EMOJI = re.compile(
    "(?:[\U0001f1e6-\U0001faff\u2600-\u27bf\u2b50\u2b55\u231a\u231b\u23e9-\u23f3\u203c\u2049\u3030\u303d][\ufe0f\u200d]*)+"
    r"|(?<!\w)[:;=][-']?[)(DPpoO*](?!\w)"
)
_CONDOLENCE = re.compile(
    r"bas(?:iniz|imiz) sag ?ols?un|basin sag olsun|gecmis olsun|allah rahmet|vefat|cenaze"
)
_HOLLOW = re.compile(
    r"gere(?:ğ|g)(?:i|inin|ini)\s+yap[ıi]l\w*|ge?re(?:ğ|g)i\s+(?:için|icin)\s+iletil\w*"
    r"|geregi\s+(?:bilgilerinize|arz)\w*",
    re.IGNORECASE,
)
_NO_DAY = re.compile(
    r"en\s+k[ıi]sa\s+(?:s[üu]re|zaman)(?:de|da|[ıi]c?inde)?\w*|en\s+yak[ıi]n\s+zamanda", re.IGNORECASE
)
_GAP = re.compile(r"\{[a-z_]+(?::[a-z-]*)?\}")


def check_tone(
    text: str,
    *,
    outcome: Outcome | None = None,
    urgency: Urgency | None = None,
    is_public: bool,
    own: Collection[str] = (),
) -> list[ToneFault]:
    """The faults of `text`, in order of position.

    Emoji are faults if the answer's `outcome` is negative, the `urgency` of the citizen's message is high, or
    the text expresses condolences. Personal data are faults only if the text is public; `own` are the
    municipality's public contacts (see `personal_data`).
    """
    found = [
        ToneFault(what, match.start(), match.end())
        for what, pattern in (
            (Tone.HOLLOW_PHRASE, _HOLLOW),
            (Tone.NO_DAY, _NO_DAY),
            (Tone.UNFILLED_GAP, _GAP),
        )
        for match in pattern.finditer(text)
    ]
    is_grave = (
        outcome is Outcome.NEGATIVE
        or urgency in {Urgency.SIREN, Urgency.LOOK_NOW}
        or _CONDOLENCE.search(fold(text)) is not None
    )
    if is_grave:
        found += [ToneFault(Tone.EMOJI, match.start(), match.end()) for match in _EMOJI.finditer(text)]
    if is_public:
        found += [
            ToneFault(Tone(piece.kind.value), piece.start, piece.end)
            for piece in personal_data(text, own=own)
        ]
    return sorted(found, key=lambda finding: (finding.start, finding.what))
