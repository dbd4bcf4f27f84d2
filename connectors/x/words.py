"""Helpers for all of X's bodies: texts, ids that contain a time, people, files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.payload import moment
from connectors.x.shapes import Variant
from inbox.values import Author, AuthorKey

PLATFORM = "x"

_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
# Since November 2010 the upper bits of X's ids count milliseconds since this time.
_FIRST_MILLISECOND = 1_288_834_974_657
_FIRST_SUCH_ID = 29_700_859_247
_EDITABLE = timedelta(hours=1)


def unescaped(text: str) -> str:
    """`text` as typed. X escapes exactly these three characters, once; other entities were typed."""
    return re.sub("&(?:amp|lt|gt);", lambda found: _ENTITIES[found[0]], text)


def happened(id: Any) -> datetime | None:
    """The creation time in an id; None for an id without one."""
    if not isinstance(id, str) or not re.fullmatch("[0-9]{11,19}", id) or int(id) < _FIRST_SUCH_ID:
        return None
    return moment((int(id) >> 22) + _FIRST_MILLISECOND)


def written(first_id: str, at: datetime) -> datetime:
    """The time of a post's first version, from its first id, if an edit at time `at` is reported.

    `at` itself if the id has no time, or one further back than X allows edits.
    """
    first = happened(first_id)
    return first if first is not None and timedelta(0) <= at - first <= _EDITABLE else at


def author(id: str | None, name: str | None, handle: str | None) -> Author | None:
    """A person on X; None if X gives no id."""
    return Author((AuthorKey(PLATFORM, id),), name=name or None, handle=handle or None) if id else None


def permalink(handle: str | None, id: str) -> str | None:
    """The URL of a post. X finds it by the id, whatever the handle."""
    if not re.fullmatch("[0-9]{1,19}", id):
        return None
    named = handle if handle and re.fullmatch("[A-Za-z0-9_]{1,15}", handle) else "i"
    return f"https://x.com/{named}/status/{id}"


def language(lang: str | None) -> str | None:
    """The language that X recognised; None for its codes without a language (und, qme, zxx …)."""
    return lang if lang and re.fullmatch("[a-z]{2}", lang) else None


def best_file(variants: Sequence[Variant]) -> Variant | None:
    """The MP4 file of a video with the highest bitrate."""
    films = [each for each in variants if each.url and each.content_type == "video/mp4"]
    return max(films, key=lambda each: each.rate, default=None)
