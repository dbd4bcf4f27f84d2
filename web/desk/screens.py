"""Renders the desk's screens: collects the context of each template and returns the response."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from flask import Response, make_response, render_template
from sqlalchemy.orm import Session

from inbox import feed, people, queries
from inbox.db import transaction
from inbox.queries import Conversation
from web.desk import alarm_bar
from web.desk.empty import EMPTY
from web.kit import accounts, actions, request_file, timeline, trail
from web.kit.access import person
from web.kit.can import can
from web.kit.page import is_fragment
from web.kit.place import InboxPlace

log = structlog.get_logger()

# --- contexts ---------------------------------------------------------------------------------------


def _counts_and_channels(session: Session, place: InboxPlace) -> dict[str, Any]:
    return {
        "at": place,
        "counts": queries.counts(session),
        "channels": queries.channels(session),
        "view_links": actions.VIEWS,
        "empty_words": EMPTY,
    }


def views_context(session: Session, place: InboxPlace) -> dict[str, Any]:
    """The context of the left pane."""
    return _counts_and_channels(session, place)


def list_context(
    session: Session, place: InboxPlace, *, after: str | None, open_group: int | None
) -> dict[str, Any]:
    """The context of the middle pane, which also shows the counts of the left one."""
    listing = queries.inbox(session, view=place.view, channel=place.channel, q=place.q, after=after)
    return {**_counts_and_channels(session, place), "listing": listing, "open_group": open_group}


def conversation_context(session: Session, place: InboxPlace, group_id: int) -> dict[str, Any]:
    """The context of the right pane. Raises NotFound."""
    conversation = queries.conversation(session, group_id)
    group = conversation.group
    names = {user.id: user.name for user in people.all_users(session)}
    units, categories = queries.units(session), queries.categories(session)
    neighbourhoods = queries.neighbourhoods(session)
    replies = conversation.request.replies if conversation.request else conversation.replies
    return {
        "at": place,
        "conversation": conversation,
        "open_group": group.group_id,
        "names": names,
        "timeline": timeline.timeline(conversation),
        "drafts": timeline.drafts(conversation),
        "siblings": timeline.siblings(replies),
        "history": trail.lines(conversation.history, names),
        "can": can(group),
        "doors": accounts.doors(group),
        "is_private": accounts.is_private(group),
        "units": units,
        "categories": categories,
        "neighbourhoods": neighbourhoods,
        "reasons": queries.reasons(session, use="dismiss"),
        "suggested": {
            "unit": _key(units, [message.suggested_unit_id for message in group.messages]),
            "category": _key(categories, [message.suggested_category_id for message in group.messages]),
            "neighbourhood": _key(
                neighbourhoods, [message.suggested_neighbourhood_id for message in group.messages]
            ),
        },
        "compose_key": uuid.uuid4().hex,
        "live_ids": _live_ids(conversation),
        "kept": None,
        "refusal": "",
    }


def _key(rows: Any, ids: list[int | None]) -> str | None:
    """The key of the last id in `ids` that is in `rows`: the latest message's suggestion."""
    keys = {row.id: row.key for row in rows}
    return next((keys[row_id] for row_id in reversed(ids) if row_id in keys), None)


def _live_ids(conversation: Conversation) -> str:
    """The rows whose live changes reload the pane, as `m12 p3 r4`. "new": also when any message arrives."""
    ids = [f"m{message.id}" for message in conversation.thread_messages]
    ids += [f"p{reply.id}" for reply in conversation.replies]
    if conversation.request:
        ids.append(f"r{conversation.request.request.id}")
    return " ".join([*ids, "new"])


# --- pages ------------------------------------------------------------------------------------------


def inbox_page(
    place: InboxPlace,
    *,
    group_id: int | None = None,
    after: str | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    """The whole inbox, with the conversation `group_id` open. `more` overrides the template's context."""
    with transaction() as session:
        context: dict[str, Any] = {"cursor": str(feed.now_cursor(session)), "conversation": None}
        if group_id is not None:
            context |= conversation_context(session, place, group_id)
        context |= list_context(session, place, after=after, open_group=context.get("open_group"))
        context["alarm_lines"] = alarm_bar.lines(session, person())
    return make_response(render_template("desk/inbox.html", **(context | more)), status)


def conversation_fragment(place: InboxPlace, group_id: int, *, status: int = 200, **more: Any) -> Response:
    """The right pane alone. `more` overrides the template's context."""
    with transaction() as session:
        context = conversation_context(session, place, group_id)
    return make_response(render_template("desk/_conversation.html", **(context | more)), status)


def request_page(number: int, *, status: int = 200, **more: Any) -> Response:
    """A request's file: the whole page, or for htmx the file alone. `more` overrides the context."""
    with transaction() as session:
        cursor = str(feed.now_cursor(session))
        context = request_file.context(session, number)
    if is_fragment():
        return make_response(render_template("desk/_file.html", **(context | more)), status)
    return make_response(render_template("desk/file.html", cursor=cursor, **(context | more)), status)
