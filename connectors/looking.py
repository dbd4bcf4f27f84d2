"""Decides whether a reply with an uncertain outcome is among our messages on the platform. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.values import CannotTell, Found, LookOutcome, NotThere, Outgoing

# The platform's clock differs from ours, and platforms truncate their times to whole seconds.
CLOCK_TOLERANCE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class StandingMessage:
    """A public message of ours on the platform. `under_target`: directly under the citizen's message."""

    external_id: str
    text: str
    at: datetime
    under_target: bool = True


def may_be_older(outgoing: Outgoing, at: datetime | None) -> bool:
    """Whether a message of this time is too old to be the reply, so that a newest-first list can end."""
    tried = outgoing.first_tried_at
    return tried is not None and at is not None and at < tried - CLOCK_TOLERANCE


def judge(outgoing: Outgoing, ours: Iterable[StandingMessage], *, text: str | None = None) -> LookOutcome:
    """Found if one of our messages since the first attempt has the same words; NotThere if none can be it.

    `text` is the posted text if it differs from the reply's. `outgoing.others` are messages known to be other
    replies: under one comment several citizens may get the same answer.
    CannotTell if a message in the right place and time has other words: the platform may have changed ours,
    or a colleague wrote it.
    """
    timely = sorted(
        (
            message
            for message in ours
            if not may_be_older(outgoing, message.at) and message.external_id not in outgoing.others
        ),
        key=lambda message: message.at,
    )
    posted = outgoing.text if text is None else text
    for message in timely:
        if _same_words(posted, message.text):
            return Found(message.external_id)
    tried = outgoing.first_tried_at
    if tried is not None:
        tried = tried.replace(microsecond=0)  # platforms' times are whole seconds
    if any(message.under_target and (tried is None or message.at >= tried) for message in timely):
        return CannotTell("something else of ours stands there")
    return NotThere()


def _same_words(ours: str, theirs: str) -> bool:
    """Whether letters and digits are the same. Platforms change white space."""
    return _squeezed(theirs) == _squeezed(ours)


def _squeezed(text: str) -> str:
    kept = "".join(letter for letter in text.casefold() if letter.isalnum())
    return kept or "".join(text.split())
