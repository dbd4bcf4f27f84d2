"""The history in words: one line an entry, with who and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from inbox.models import HistoryEntry
from web.kit import filters

_MOVES: Mapping[tuple[str, str], LazyString] = {
    ("message.opened", "NEW"): _l("The message arrived"),
    ("message.moved", "NEW"): _l("The message was opened again"),
    ("message.moved", "WAITING"): _l("We asked; the citizen owes an answer"),
    ("message.moved", "ANSWERED"): _l("The message was answered"),
    ("message.moved", "CONVERTED"): _l("The message became a request"),
    ("message.moved", "DISMISSED"): _l("The message was dismissed"),
    ("request.opened", "WITH_UNIT"): _l("The request was opened and given to the unit"),
    ("request.moved", "WITH_UNIT"): _l("The request is with the unit again"),
    ("request.moved", "RETURNED"): _l("The unit returned the request"),
    ("request.moved", "RESPONDED"): _l("The unit answered"),
    ("request.moved", "CLOSED"): _l("The request was closed"),
    ("request.moved", "CANCELLED"): _l("The request was cancelled"),
    ("reply.opened", "DRAFT"): _l("A reply was drafted"),
    ("reply.moved", "DRAFT"): _l("The reply is a draft again"),
    ("reply.moved", "READY"): _l("The reply was approved"),
    ("reply.moved", "SENDING"): _l("The reply is being sent"),
    ("reply.moved", "SENT"): _l("The reply was sent"),
    ("reply.moved", "UNCERTAIN"): _l("It is uncertain whether the reply is public"),
    ("reply.moved", "FAILED"): _l("The reply could not be sent"),
    ("reply.moved", "WITHDRAWN"): _l("The reply was withdrawn"),
}

_EVENTS: Mapping[str, LazyString] = {
    "message.opened": _l("One of our own messages was seen"),
    "message.door": _l("The message names one more of our accounts"),
    "message.edited": _l("The citizen edited the message"),
    "message.deleted": _l("The citizen deleted the message"),
    "message.hidden": _l("The message was hidden"),
    "message.unhidden": _l("The message is shown again"),
    "request.planned": _l("The unit planned the work"),
    "request.rerouted": _l("The request was given to another unit"),
    "request.came_back": _l("The planned day came: it is with the unit again"),
    "request.noted": _l("A note was written"),
    "reply.edited": _l("The text of the reply was changed"),
    "reply.rated": _l("The citizen rated the answer"),
    "reply.sent": _l("The platform took the reply"),
    "reply.delivered": _l("The reply was delivered"),
    "reply.read": _l("The citizen read the reply"),
    "reply.stands_there": _l("The reply was found on the platform after all"),
    "reply.failed": _l("The platform could not deliver the reply"),
}


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One entry of the history in words."""

    at: datetime
    words: str
    who: str


def lines(entries: Sequence[HistoryEntry], names: Mapping[int, str]) -> list[TrailLine]:
    """The entries in words, in the same order. `names`: user id → name."""
    return [
        TrailLine(
            entry.at, words(entry.kind, entry.to_state, entry.details), filters.who(entry.user_id, names)
        )
        for entry in entries
    ]


def words(kind: str, to_state: str | None, details: Mapping[str, Any] | None = None) -> str:
    """The words for an entry's kind, new state and details; the kind itself if it has no words."""

    if kind == "reply.rated" and details:
        return gettext("The citizen gave %(stars)s of 5 stars", stars=details.get("stars", "?"))
    known = _MOVES.get((kind, to_state or "")) or _EVENTS.get(kind)
    return str(known) if known is not None else kind
