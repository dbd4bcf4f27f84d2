"""What the desk's screens need to be drawn, and the screens themselves."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from flask import Response, make_response, render_template
from sqlalchemy.orm import Session

from inbox import feed, people, queries
from inbox.db import transaction
from inbox.models import Message
from inbox.queries import Conversation
from inbox.states import MessageState
from inbox.values import ReplyKind
from web.desk import alarm_bar
from web.desk.empty import EMPTY
from web.kit import accounts, actions, request_file, timeline, trail
from web.kit.access import person
from web.kit.can import can
from web.kit.page import is_fragment
from web.kit.place import InboxPlace

log = structlog.get_logger()

# --- reading ----------------------------------------------------------------------------------------


def _sides(session: Session, place: InboxPlace) -> dict[str, Any]:
    return {
        "at": place,
        "counts": queries.counts(session),
        "channels": queries.channels(session),
        "view_links": actions.VIEWS,
        "empty_words": EMPTY,
    }


def views_context(session: Session, place: InboxPlace) -> dict[str, Any]:
    """The left pane."""
    return _sides(session, place)


def list_context(
    session: Session, place: InboxPlace, *, after: str | None, open_group: int | None
) -> dict[str, Any]:
    """The middle pane (and the left one's counts, which it repeats)."""
    listing = queries.inbox(session, view=place.view, channel=place.channel, q=place.q, after=after)
    return {**_sides(session, place), "listing": listing, "open_group": open_group}


def conversation_context(session: Session, place: InboxPlace, group_id: int) -> dict[str, Any]:
    """The right pane. Raises NotFound."""
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
    """The key of the row the latest message of the group proposes."""
    keys = {row.id: row.key for row in rows}
    return next((keys[one] for one in reversed(ids) if one in keys), None)


def _live_ids(conversation: Conversation) -> str:
    ids = [f"m{message.id}" for message in conversation.thread_messages]
    ids += [f"p{reply.id}" for reply in conversation.replies]
    if conversation.request:
        ids.append(f"r{conversation.request.request.id}")
    return " ".join([*ids, "new"])


def kind_of_reply(message: Message, *, is_question: bool) -> ReplyKind:
    """What a reply typed at the desk is: on what is a request already, a word in between."""
    if message.state is MessageState.CONVERTED:
        return ReplyKind.INTERIM
    return ReplyKind.QUESTION if is_question else ReplyKind.ANSWER


# --- pages ------------------------------------------------------------------------------------------


def inbox_page(
    place: InboxPlace,
    *,
    group_id: int | None = None,
    after: str | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    """The whole inbox, with one conversation open where `group_id` names one."""
    with transaction() as session:
        context: dict[str, Any] = {"cursor": str(feed.now_cursor(session)), "conversation": None}
        if group_id is not None:
            context |= conversation_context(session, place, group_id)
        context |= list_context(session, place, after=after, open_group=context.get("open_group"))
        context["alarm_lines"] = alarm_bar.lines(session, person())
    return make_response(render_template("desk/inbox.html", **(context | more)), status)


def conversation_fragment(place: InboxPlace, group_id: int, *, status: int = 200, **more: Any) -> Response:
    """The right pane alone."""
    with transaction() as session:
        context = conversation_context(session, place, group_id)
    return make_response(render_template("desk/_conversation.html", **(context | more)), status)


def request_page(number: int, *, status: int = 200, **more: Any) -> Response:
    """A request's file: the page, or for htmx the file alone."""
    with transaction() as session:
        cursor = str(feed.now_cursor(session))
        context = request_file.context(session, number)
    if is_fragment():
        return make_response(render_template("desk/_file.html", **(context | more)), status)
    return make_response(render_template("desk/file.html", cursor=cursor, **(context | more)), status)
