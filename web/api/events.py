"""The history as a feed: the events after a cursor, oldest first, and the next cursor."""

from __future__ import annotations

from flask import Response
from sqlalchemy.orm import Session

from inbox import feed
from inbox.db import transaction
from inbox.feed import Cursor
from inbox.queries import for_api
from web.api import render, shapes
from web.api.blueprint import EVENTS, api, reads, show
from web.api.bodies import EventQuery
from web.kit.access import needs

NOW = "now"


@api.get("/events", tags=[EVENTS], responses=reads(shapes.Events, 410))
@needs("events.read")
def list_events(query: EventQuery) -> Response:
    """Events, oldest first: who, what kind and ids, never a citizen's words.

    Without `after` the feed starts at the beginning; `after=now` starts at this moment. `next` is always set,
    also when there is nothing new: send it as `after` in the next call.
    """
    with transaction() as session:
        entries, following = feed.changes(session, _cursor(session, query.after), query.limit)
        names = for_api.names(session, requests=[entry.request_id for entry in entries])
        items = [render.event(entry, names) for entry in entries]
    return show(shapes.Events(items=items, next=str(following)))


def _cursor(session: Session, after: str | None) -> Cursor:
    """Raises InvalidInput for text that is no cursor."""
    if after is not None and after != NOW:
        return Cursor.parse(after)
    latest = feed.now_cursor(session)
    return latest if after == NOW else Cursor(latest.epoch, 0, 0)
