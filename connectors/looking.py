"""Looking for a reply of ours whose fate is unknown among what stands on the platform. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.values import CannotTell, Found, LookOutcome, NotThere, Outgoing

# Between the platform's clock and ours; platforms also cut their times to whole seconds.
CLOCK_TOLERANCE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class StandingMessage:
    """One public message of our own account. `under_target`: directly under the message we answered."""

    external_id: str
    text: str
    at: datetime
    under_target: bool = True


def may_be_older(outgoing: Outgoing, at: datetime | None) -> bool:
    """Whether something of this time is too old to be the reply, so that a newest-first list may end here."""
    tried = outgoing.first_tried_at
    return tried is not None and at is not None and at < tried - CLOCK_TOLERANCE


def judge(outgoing: Outgoing, ours: Iterable[StandingMessage], *, text: str | None = None) -> LookOutcome:
    """Found when one of ours, of the right time, says the same words; NotThere when none may be it.

    `text` is what was really posted where that is not the reply's own. Replies known to be others are left
    out: under one comment several citizens may be told the same.
    One that stands in the right place and came after we tried, but says something else, may be ours as the
    platform changed it or a colleague's own words: then a person must tell.
    """
    timely = sorted(
        (
            one
            for one in ours
            if not may_be_older(outgoing, one.at) and one.external_id not in outgoing.others
        ),
        key=lambda one: one.at,
    )
    posted = outgoing.text if text is None else text
    for one in timely:
        if _same_words(posted, one.text):
            return Found(one.external_id)
    tried = outgoing.first_tried_at
    if tried is not None:
        tried = tried.replace(microsecond=0)  # platforms' times are whole seconds
    if any(one.under_target and (tried is None or one.at >= tried) for one in timely):
        return CannotTell("something else of ours stands there")
    return NotThere()


def _same_words(ours: str, shown: str) -> bool:
    """Whether the letters and digits are the same: platforms trim and fold blanks."""
    return _squeezed(shown) == _squeezed(ours)


def _squeezed(text: str) -> str:
    kept = "".join(letter for letter in text.casefold() if letter.isalnum())
    return kept or "".join(text.split())
