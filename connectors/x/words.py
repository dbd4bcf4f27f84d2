"""Small readings that all of X's bodies share: texts, ids that hold a time, people, files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.payload import moment
from connectors.x.shapes import Variant
from inbox.values import Author, AuthorKey, KeyScope

PLATFORM = "x"

_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
# X's ids count milliseconds since this moment in their upper bits, since November 2010.
_FIRST_MILLISECOND = 1_288_834_974_657
_FIRST_SUCH_ID = 29_700_859_247
_EDITABLE = timedelta(hours=1)


def unescaped(text: str) -> str:
    """`text` as it was typed: X escapes exactly these three, once; any other entity was typed so."""
    return re.sub("&(?:amp|lt|gt);", lambda found: _ENTITIES[found[0]], text)


def happened(id: Any) -> datetime | None:
    """When the thing with this id came to be, or None for an id that does not tell."""
    if not isinstance(id, str) or not re.fullmatch("[0-9]{11,19}", id) or int(id) < _FIRST_SUCH_ID:
        return None
    return moment((int(id) >> 22) + _FIRST_MILLISECOND)


def written(first_id: str, at: datetime) -> datetime:
    """When a post was first written of which an edit, of the moment `at`, is told: its first id says so.

    `at` itself where the id does not tell, or tells more than edits can be apart.
    """
    first = happened(first_id)
    return first if first is not None and timedelta(0) <= at - first <= _EDITABLE else at


def author(id: str | None, name: str | None, handle: str | None) -> Author | None:
    """A person on X; None where X does not say who it is."""
    return Author((AuthorKey(KeyScope.X, id),), name=name or None, handle=handle or None) if id else None


def permalink(handle: str | None, id: str) -> str | None:
    """Where a post can be seen; X finds it by its id whatever the name says."""
    if not re.fullmatch("[0-9]{1,19}", id):
        return None
    named = handle if handle and re.fullmatch("[A-Za-z0-9_]{1,15}", handle) else "i"
    return f"https://x.com/{named}/status/{id}"


def language(lang: str | None) -> str | None:
    """The language X recognised; its own codes for "none" and for tags (und, qme, zxx …) count as none."""
    return lang if lang and re.fullmatch("[a-z]{2}", lang) else None


def best_file(variants: Sequence[Variant]) -> Variant | None:
    """The one of a video's files that plays everywhere and shows most."""
    films = [each for each in variants if each.url and each.content_type == "video/mp4"]
    return max(films, key=lambda each: each.rate, default=None)
