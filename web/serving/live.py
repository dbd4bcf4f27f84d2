"""Live without reload: one stream a browser tells which rows changed, and the page fetches those parts again.

One thread a process, the hub, reads the history every fraction of a second while somebody listens, and hands
what it found to every stream. Streams hold a web thread each, so there are at most half as many as threads;
whoever comes later is told 503 and asks `/live/changes` every few seconds instead. A stream holds no
connection to the database, beats every ten seconds, and ends at once when the process stops.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

import structlog
from flask import Blueprint, Response, current_app, jsonify, make_response, request
from sqlalchemy.exc import SQLAlchemyError

from inbox import feed
from inbox.db import transaction
from inbox.errors import CursorExpired
from inbox.feed import Cursor
from inbox.models import HistoryEntry, User
from inbox.states import Role
from web.kit.access import needs, person
from web.serving import lifecycle

log = structlog.get_logger()
blueprint = Blueprint("live", __name__)

LOOK_SECONDS = 0.4
BEAT_SECONDS = 10.0
STEP_SECONDS = 0.5
"""How soon a stream sees that the process stops."""
LONGEST_SECONDS = 600.0
"""A stream ends after this and the browser comes back by itself: a log-out or a new role then counts."""
WEB_THREADS = 64
MOST_ENTRIES = 500
"""Whoever is further behind than this fetches everything instead."""


@dataclass(frozen=True, slots=True)
class Change:
    """What changed between two places of the history: ids with the letter of their table."""

    cursor: str
    ids: tuple[str, ...]
    new: bool  # a message arrived
    request_ids: frozenset[int]
    all: bool = False  # the history began anew: fetch everything

    def told_to(self, user: User) -> dict[str, object]:
        """What `user` may know of it. A unit officer learns which requests moved, not whose words."""
        if user.role is not Role.UNIT_OFFICER:
            return {"ids": self.ids, "new": self.new, "all": self.all}
        return {"ids": sorted(f"r{one}" for one in self.request_ids), "new": False, "all": self.all}

    def concerns(self, user: User) -> bool:
        """Whether it is worth telling `user` at all."""
        return user.role is not Role.UNIT_OFFICER or bool(self.request_ids) or self.all


def change(entries: Sequence[HistoryEntry], cursor: Cursor) -> Change:
    """The entries of one look as one change."""
    ids: dict[str, None] = {}
    for entry in entries:
        for letter, row in (("m", entry.message_id), ("r", entry.request_id), ("p", entry.reply_id)):
            if row is not None:
                ids[f"{letter}{row}"] = None
    return Change(
        cursor=str(cursor),
        ids=tuple(ids),
        new=any(entry.kind == "message.opened" for entry in entries),
        request_ids=frozenset(entry.request_id for entry in entries if entry.request_id is not None),
    )


def _changes_after(cursor: Cursor) -> Change | None:
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
    return Change(str(reached), (), new=True, request_ids=frozenset(), all=True)


# --- the hub ----------------------------------------------------------------------------------------


@dataclass
class Hub:
    """Reads the history for all streams of this process, while there are any."""

    listeners: set[SimpleQueue[Change]] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    thread: threading.Thread | None = None

    def join(self, cursor: Cursor, *, most: int) -> SimpleQueue[Change] | None:
        """A queue that hears every change from now on, or None when `most` listen already.

        The first listener's `cursor` is where reading begins.
        """
        with self.lock:
            if len(self.listeners) >= most:
                return None
            queue: SimpleQueue[Change] = SimpleQueue()
            self.listeners.add(queue)
            if self.thread is None:
                self.thread = threading.Thread(
                    target=self._read, args=(cursor,), name="live-hub", daemon=True
                )
                self.thread.start()
            return queue

    def leave(self, queue: SimpleQueue[Change]) -> None:
        """This listener is gone."""
        with self.lock:
            self.listeners.discard(queue)

    def _read(self, cursor: Cursor) -> None:
        while True:
            with self.lock:
                if not self.listeners or lifecycle.stopping():
                    self.thread = None
                    return
            try:
                found = _changes_after(cursor)
                if found is not None:
                    cursor = Cursor.parse(found.cursor)
                    self._tell(found)
            except SQLAlchemyError as error:
                log.warning("live_feed_waits", error=type(error).__name__)
                lifecycle.pause(2.0)
            lifecycle.pause(LOOK_SECONDS)

    def _tell(self, found: Change) -> None:
        with self.lock:
            for queue in self.listeners:
                queue.put(found)


hub = Hub()


# --- views ------------------------------------------------------------------------------------------


def _asked_cursor() -> Cursor:
    """From where the browser goes on. Raises InvalidInput."""
    return Cursor.parse(request.headers.get("Last-Event-ID") or request.args.get("after", ""))


@blueprint.get("/live")
@needs("feed.read")
def stream() -> Response:
    """Server-sent events: `changed` with ids, its id the cursor to go on from."""
    user, cursor = person(), _asked_cursor()
    most = int(current_app.config.get("WEB_THREADS", WEB_THREADS)) // 2
    if lifecycle.stopping() or (queue := hub.join(cursor, most=most)) is None:
        return make_response("", 503)
    try:
        # Read after joining: what happens meanwhile comes twice rather than never.
        missed = _changes_after(cursor)
    except BaseException:
        hub.leave(queue)
        raise
    answer = Response(_events(queue, user, missed), content_type="text/event-stream; charset=utf-8")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    answer.call_on_close(lambda: hub.leave(queue))
    return answer


def _events(queue: SimpleQueue[Change], user: User, missed: Change | None) -> Iterator[str]:
    yield "retry: 2000\n\n"
    if missed is not None and missed.concerns(user):
        yield _event(missed, user)
    silent = lived = 0.0
    while not lifecycle.stopping() and lived < LONGEST_SECONDS:
        try:
            found = queue.get(timeout=STEP_SECONDS)
        except Empty:
            silent, lived = silent + STEP_SECONDS, lived + STEP_SECONDS
            if silent >= BEAT_SECONDS:
                silent = 0.0
                yield ": beat\n\n"
            continue
        lived += LOOK_SECONDS
        if found.concerns(user):
            silent = 0.0
            yield _event(found, user)


def _event(found: Change, user: User) -> str:
    return f"id: {found.cursor}\nevent: changed\ndata: {json.dumps(found.told_to(user))}\n\n"


@blueprint.get("/live/changes")
@needs("feed.read")
def changes() -> Response:
    """The same for a browser that must ask: a list of at most one change, with its cursor."""
    found = _changes_after(_asked_cursor())
    user = person()
    told = [{**found.told_to(user), "cursor": found.cursor}] if found and found.concerns(user) else []
    return make_response(jsonify(told))
