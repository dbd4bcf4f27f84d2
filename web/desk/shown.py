"""What the desk's screens need to be drawn, and how an action is answered.

Every action answers with the thing it was done to, as it stands afterwards: htmx gets the fragment, a plain
form a redirect to the page. A refusal answers with the same thing, the reason, and what had been typed.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Response, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from inbox import errors, feed, people, queries
from inbox.db import transaction
from inbox.models import Message
from inbox.queries import Conversation
from inbox.states import MessageState
from inbox.values import ReplyKind
from web.desk import alarm_bar
from web.desk.empty import EMPTY
from web.kit import accounts, refusals, request_file, timeline, trail
from web.kit.access import person
from web.kit.can import can
from web.kit.errors import status_of
from web.kit.page import is_fragment
from web.kit.place import InboxPlace, here

log = structlog.get_logger()

VIEW_LINKS = (
    ("new", "inbox", "y"),
    ("waiting", "hourglass", "b"),
    ("answers", "pencil-check", "o"),
    ("uncertain", "zoom-question", "k"),
    ("failed", "mail-x", "f"),
    ("answered", "message-check", "a"),
    ("converted", "ticket", "d"),
    ("dismissed", "archive", "x"),
    ("all", "stack-2", "t"),
)
"""The views of the left pane: name, sign, and the letter after `g`."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an action says when it is done, and by which address it can be undone."""

    words: str
    undo_url: str = ""


# --- reading ----------------------------------------------------------------------------------------


def _sides(session: Session, place: InboxPlace) -> dict[str, Any]:
    return {
        "at": place,
        "counts": queries.counts(session),
        "channels": queries.channels(session),
        "view_links": VIEW_LINKS,
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


# --- answering an action ----------------------------------------------------------------------------


def again(done: Done | None = None, **more: Any) -> Response:
    """The thing the form came from as it stands now, or the next conversation where the form asks for it."""
    group, number = request.form.get("group", type=int), request.form.get("number", type=int)
    if not is_fragment():
        if done:
            flash(done.words, "success")
        return _redirect(group, number)
    if number is not None:
        answer = request_page(number, **more)
    else:
        shown = request.form.get("next", type=int) or group or 0
        answer = conversation_fragment(here(), shown, **more)
        if shown != group:
            answer.headers["HX-Push-Url"] = url_for("desk.conversation", group_id=shown, **here().address)
    if done:
        answer.set_data(
            answer.get_data(as_text=True) + render_template("desk/_toast.html", done=done, group=group)
        )
    answer.headers["HX-Trigger"] = "cozum:changed"
    return answer


def _redirect(group: int | None, number: int | None) -> Response:
    if number is not None:
        target = url_for("desk.request_file", number=number)
    elif group is not None:
        target = url_for("desk.conversation", group_id=group, **here().address)
    else:
        target = url_for("desk.inbox")
    return make_response(redirect(target, code=303))


def refused(error: errors.CoreError) -> Response:
    """The thing the form came from with the reason of the refusal, and everything that had been typed."""
    status = status_of(error)
    if isinstance(error, errors.IllegalMove):
        log.error("illegal_move", what=error.what, key=error.key, state=error.from_, to=error.to)
    more: Mapping[str, Any] = {"refusal": refusals.explain(error), "kept": request.form}
    group, number = request.form.get("group", type=int), request.form.get("number", type=int)
    if number is not None:
        return request_page(number, status=status, **more)
    if group is None:
        raise error
    if is_fragment():
        return conversation_fragment(here(), group, status=status, **more)
    return inbox_page(here(), group_id=group, status=status, **more)
