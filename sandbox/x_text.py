"""X's treatment of a text, by the rules of twitter-text: weighted length, escaping, entities."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

LONGEST = 280
URL_LENGTH = 23
_URL = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_MENTION = re.compile(r"(?<![A-Za-z0-9_@])@([A-Za-z0-9_]{1,20})(?![A-Za-z0-9_])")
_HASHTAG = re.compile(r"(?<![\w#])#(\w*[^\W\d]\w*)")
# An emoji with its modifiers and joined emoji counts as one character of weight two.
_PICTURE = (
    "[\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001faff]"
)
_MODIFIED = _PICTURE + "[\ufe0f\U0001f3fb-\U0001f3ff]*"
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|[0-9#*]\ufe0f?\u20e3"
    f"|{_MODIFIED}(?:\u200d{_MODIFIED})+"
    f"|[\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*"
    f"|{_PICTURE}\ufe0f"
)
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))


def weighted_length(text: str) -> int:
    """The length of `text` as X counts it: most Latin letters 1, others and emoji 2, a link 23."""
    normal = unicodedata.normalize("NFC", text)
    without_links, links = _URL.subn("", normal)
    without_emoji, emoji = _EMOJI.subn("", without_links)
    weight = links * URL_LENGTH + emoji * 2
    for letter in without_emoji:
        code = ord(letter)
        weight += 1 if any(low <= code <= high for low, high in _LIGHT) else 2
    return weight


def escaped(text: str) -> str:
    """`text` with &, < and > as HTML entities, as in X's v2 answers."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shortened(text: str, id: str) -> str:
    """The truncated `text` of a long post, whose full text is in `note_tweet`."""
    return text[: LONGEST - 26].rstrip() + "… https://t.co/" + id[-10:]


def entities(text: str, ids_by_handle: dict[str, str]) -> dict[str, Any]:
    """The mentions (with the user id, if known) and hashtags in `text`."""
    found: dict[str, Any] = {}
    mentions = [
        {
            "start": match.start(),
            "end": match.end(),
            "username": match[1],
            **({"id": ids_by_handle[match[1].lower()]} if match[1].lower() in ids_by_handle else {}),
        }
        for match in _MENTION.finditer(text)
    ]
    hashtags = [
        {"start": match.start(), "end": match.end(), "tag": match[1]} for match in _HASHTAG.finditer(text)
    ]
    if mentions:
        found["mentions"] = mentions
    if hashtags:
        found["hashtags"] = hashtags
    return found
