"""Live without reload: a browser hears which rows changed, and the page fetches those parts again.

Here is what may be told to whom, and who may listen. A browser that was let in is told by the event loop
(`web.serving.streams`); one that finds no place there asks `/live/changes` every few seconds instead.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, make_response, request

from inbox import feed
from inbox.db import transaction
from inbox.errors import CursorExpired
from inbox.feed import Cursor
from inbox.models import HistoryEntry
from inbox.states import Role
from web.kit.access import needs, person

blueprint = Blueprint("live", __name__)

MOST_ENTRIES = 500
"""Whoever is further behind than this fetches everything instead."""


@dataclass(frozen=True, slots=True)
class Change:
    """What changed between two places of the history: ids with the letter of their table."""

    cursor: Cursor  # the place after it
    ids: tuple[str, ...]
    new: bool  # a message arrived
    request_ids: frozenset[int]
    all: bool = False  # the history began anew: fetch everything

    def told_to(self, role: Role) -> dict[str, object]:
        """What `role` may know of it. A unit officer learns which requests moved, not whose words."""
        if role is not Role.UNIT_OFFICER:
            return {"ids": self.ids, "new": self.new, "all": self.all}
        return {"ids": sorted(f"r{row}" for row in self.request_ids), "new": False, "all": self.all}

    def concerns(self, role: Role) -> bool:
        """Whether it is worth telling `role` at all."""
        return role is not Role.UNIT_OFFICER or bool(self.request_ids) or self.all

    def event(self, role: Role) -> bytes | None:
        """A server-sent event for `role`, its id the cursor to go on from; None: it says them nothing."""
        if not self.concerns(role):
            return None
        return f"id: {self.cursor}\nevent: changed\ndata: {json.dumps(self.told_to(role))}\n\n".encode()


def change(entries: Sequence[HistoryEntry], cursor: Cursor) -> Change:
    """Some entries, read together, as one change."""
    ids: dict[str, None] = {}
    for entry in entries:
        for letter, row in (("m", entry.message_id), ("r", entry.request_id), ("p", entry.reply_id)):
            if row is not None:
                ids[f"{letter}{row}"] = None
    return Change(
        cursor=cursor,
        ids=tuple(ids),
        new=any(entry.kind == "message.opened" for entry in entries),
        request_ids=frozenset(entry.request_id for entry in entries if entry.request_id is not None),
    )


def changes_after(cursor: Cursor) -> Change | None:
    """What happened since `cursor`, read in one short transaction; None: nothing."""
    try:
        with transaction() as session:
            entries, reached = feed.changes(session, cursor, MOST_ENTRIES)
            if len(entries) < MOST_ENTRIES:
                return change(entries, reached) if entries else None
            reached = feed.now_cursor(session)
    except CursorExpired:
        with transaction() as session:
            reached = feed.now_cursor(session)
    return Change(reached, (), new=True, request_ids=frozenset(), all=True)


# --- views ------------------------------------------------------------------------------------------

QUESTION = "cozum.live"
"""Where in its scope the event loop leaves a `Question` for `stream` to answer."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Who was let in to a stream: their role, what they missed, and up to where that was read."""

    role: Role
    missed: Change | None
    reached: Cursor


@dataclass(slots=True)
class Question:
    """Whether whoever sent a request may listen; no `answer`: they may not, or nobody has looked yet."""

    answer: Admission | None = None


def _asked_cursor() -> Cursor:
    """From where the browser goes on. Raises InvalidInput."""
    return Cursor.parse(request.headers.get("Last-Event-ID") or request.args.get("after", ""))


@blueprint.get("/live")
@needs("feed.read")
def stream() -> Response:
    """Let somebody in: the event loop answers with these headers, then tells them what happens.

    503 where no event loop serves.
    """
    cursor = _asked_cursor()
    question = request.environ.get("asgi.scope", {}).get(QUESTION)
    if question is None:
        return make_response("", 503)
    with transaction() as session:
        reached = feed.now_cursor(session)
    # A place that is still to come misses nothing, either, and the streams go on from one that is here.
    if cursor.epoch == reached.epoch and cursor >= reached:
        question.answer = Admission(person().role, None, reached)
    else:
        missed = changes_after(cursor)
        question.answer = Admission(person().role, missed, missed.cursor if missed else reached)
    answer = Response(iter(()), content_type="text/event-stream; charset=utf-8")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


@blueprint.get("/live/changes")
@needs("feed.read")
def changes() -> Response:
    """The same for a browser that must ask: a list of at most one change, with its cursor."""
    found, role = changes_after(_asked_cursor()), person().role
    heard = [found] if found is not None and found.concerns(role) else []
    return make_response(jsonify([{**each.told_to(role), "cursor": str(each.cursor)} for each in heard]))
