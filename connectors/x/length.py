"""The length of a text as X counts it. In doubt it counts more, so that X never refuses a text as too long.

Source: docs.x.com, "Counting characters"; the published configuration v3 of twitter-text. The one library on
PyPI (twitter-text-parser 3.0.0) takes minutes for a long word and fails on a lone surrogate.
"""

from __future__ import annotations

import re
import unicodedata

MAX_LENGTH = 280
LINK_LENGTH = 23  # every link is rewritten to t.co
# Letters that count one: Latin to Georgian, and general punctuation. All others count two.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))

_HOST = r"(?:[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?\.)+"
# The end of a link with a scheme is guessed early rather than late: the rest is counted as text.
_LINK = re.compile(
    rf"(?<![a-z0-9@#$/.-])https?://{_HOST}[a-z]{{2,}}(?::[0-9]+)?(?:[/?][a-z0-9/?=&%_.~+-]*[a-z0-9/=_+-]|/)?",
    re.IGNORECASE,
)
# Without a scheme only a known top-level domain makes a link: it counts as a link if that is longer.
_BARE_LINK = re.compile(rf"(?<![a-z0-9@#$/._-]){_HOST}[a-z]{{2,}}(?![a-z0-9@-])", re.IGNORECASE)

_PICTURE = "[\u203c-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
_TONED = f"{_PICTURE}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
# An emoji of several code points counts as one character; one of a single code point like any other.
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag
    "|[0-9#*]\ufe0f\u20e3"  # a keycap
    f"|[\U0001f300-\U0001faff][\U0001f3fb-\U0001f3ff]?\ufe0f?(?:\u200d{_TONED})*"
    f"|{_PICTURE}\ufe0f(?:\u200d{_TONED})*"
)


def weighted_length(text: str) -> int:
    """The weighted length of `text`: Turkish letters 1, CJK and emoji 2, a link 23, after composing (NFC)."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    rest, links = _LINK.subn(" ", composed)
    # A space replaces the link, so that the text around it is not joined; it is not counted.
    weight = links * (LINK_LENGTH - 1)
    weight += sum(max(0, LINK_LENGTH - len(found[0])) for found in _BARE_LINK.finditer(rest))
    rest, emoji = _EMOJI.subn("", rest)
    return weight + emoji * 2 + sum(_weight(letter) for letter in rest)


def _weight(letter: str) -> int:
    code = ord(letter)
    return 1 if any(low <= code <= high for low, high in _LIGHT) else 2
