"""Live updates: a browser gets the ids of changed rows and fetches those parts of the page again.

This module decides who may listen and what each role gets. The event loop (`web.serving.streams`) writes the
stream. A browser that gets no stream polls `/live/changes` every few seconds.
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
"""A browser that missed more entries than this reloads everything."""


@dataclass(frozen=True, slots=True)
class Change:
    """The rows that changed between two cursors."""

    cursor: Cursor  # the end of the change
    ids: tuple[str, ...]  # m12, r3 and p4: a message, a request and a reply
    new: bool  # a message arrived
    request_ids: frozenset[int]
    all: bool = False  # the browser must reload everything

    def seen_by(self, role: Role) -> dict[str, object]:
        """The change as `role` may see it. Unit officers get ids of requests only."""
        if role is not Role.UNIT_OFFICER:
            return {"ids": self.ids, "new": self.new, "all": self.all}
        return {"ids": sorted(f"r{row}" for row in self.request_ids), "new": False, "all": self.all}

    def concerns(self, role: Role) -> bool:
        """Whether `role` may see any part of the change."""
        return role is not Role.UNIT_OFFICER or bool(self.request_ids) or self.all

    def event(self, role: Role) -> bytes | None:
        """A server-sent event for `role`, with the cursor as its id; None if it does not concern the role."""
        if not self.concerns(role):
            return None
        return f"id: {self.cursor}\nevent: changed\ndata: {json.dumps(self.seen_by(role))}\n\n".encode()


def change(entries: Sequence[HistoryEntry], cursor: Cursor) -> Change:
    """Merge `entries`, which end at `cursor`, into one change."""
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
    """The changes since `cursor`, read in a short transaction; None if there are none."""
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
"""The key in the ASGI scope of the `Question` that the event loop asks `stream`."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Permission to open a stream: the user's role, the change they missed, and the cursor after it."""

    role: Role
    missed: Change | None
    reached: Cursor


@dataclass(slots=True)
class Question:
    """Asks `stream` whether a user may listen. `answer` stays None where they may not."""

    answer: Admission | None = None


def _browser_cursor() -> Cursor:
    """The cursor from which the browser continues. Raises InvalidInput."""
    return Cursor.parse(request.headers.get("Last-Event-ID") or request.args.get("after", ""))


@blueprint.get("/live")
@needs("feed.read")
def stream() -> Response:
    """Check that the user may listen. The event loop sends these headers and then writes the stream.

    503 under a server without the event loop's streams, such as Flask's test client.
    """
    cursor = _browser_cursor()
    question = request.environ.get("asgi.scope", {}).get(QUESTION)
    if question is None:
        return make_response("", 503)
    with transaction() as session:
        reached = feed.now_cursor(session)
    # A cursor in the future misses nothing either; its stream starts from the present.
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
    """The same for a browser that polls: a list of at most one change, with its cursor."""
    found, role = changes_after(_browser_cursor()), person().role
    if found is None or not found.concerns(role):
        return make_response(jsonify([]))
    return make_response(jsonify([{**found.seen_by(role), "cursor": str(found.cursor)}]))
