"""Facebook pages: replying to comments and chats, finding a sent reply, polling, surveying, probing.

Sources: Graph API "Object comments" (8,000 characters, filter, order), "Send API" (recipient, 2,000
characters, metadata), "Private replies" (one to a comment, within seven days).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from connectors import graph, graph_poll, graph_survey
from connectors.facebook.polled import EDGE_FEED, PLATFORM
from connectors.graph import Graph
from connectors.http import PlatformError, Rejected, cannot_tell, outcome_of
from connectors.looking import StandingMessage, judge, may_be_older
from connectors.meta import SURVEY, listed
from connectors.payload import moment
from inbox.failures import Failure
from inbox.values import (
    Access,
    CannotTell,
    LookOutcome,
    MessageKind,
    Outgoing,
    PolledPage,
    ProbeOutcome,
    SendOutcome,
    Sent,
)

MAX_COMMENT = 8000
MAX_CHAT = 2000
EDGES = (EDGE_FEED, SURVEY)

_COMMENT = "id,message,from,created_time,parent{id},permalink_url,is_hidden,attachment"
_NEWEST_FIRST = ".filter(stream).order(reverse_chronological)"


def _newest_comment(post: Any) -> datetime | None:
    newest = listed(post.get("comments"))
    return moment(newest[0].get("created_time")) if newest and isinstance(newest[0], dict) else None


# `filter(stream)` lists replies among the comments, so that the newest of both come first.
_PLAN = graph_poll.Plan(
    platform=PLATFORM,
    head=EDGE_FEED,
    time_field="created_time",
    head_args={
        "limit": 10,
        "fields": "id,message,from,created_time,permalink_url,is_hidden,"
        f"comments.limit(50){_NEWEST_FIRST}{{{_COMMENT}}}",
    },
    head_posts=10,
    head_comments=None,
    survey_args={
        "limit": 25,
        "fields": f"id,created_time,comments.limit(1){_NEWEST_FIRST}{{id,created_time}}",
    },
    survey_most=500,
    comments_args={
        "limit": 50,
        "filter": "stream",
        "order": "reverse_chronological",
        "fields": _COMMENT,
    },
    comment_count=lambda _post: None,
    newest_comment=_newest_comment,
)


def poll(access: Access, edge: str, cursor: str | None) -> PolledPage:
    """The next page of new posts and comments. Raises PlatformError."""
    return graph_poll.poll(_PLAN, access, edge, cursor)


def survey(access: Access, since: datetime) -> Iterator[PolledPage]:
    """All comments under the page's posts since `since`. Raises PlatformError."""
    return graph_survey.survey(_PLAN, access, since)


def probe(access: Access) -> ProbeOutcome:
    """Whether the token still gives access to the page."""
    return graph.probe(access, "me", "id,name")


def send(access: Access, outgoing: Outgoing) -> SendOutcome:
    """Reply to a comment or visitor's post in public, or to a citizen in private."""
    try:
        page = Graph(access)
        if is_public(outgoing):
            _refuse_long(outgoing.text, MAX_COMMENT)
            return Sent(page.post(outgoing.to_external_id, "comments", message=outgoing.text))
        _refuse_long(outgoing.text, MAX_CHAT)
        message = {"text": outgoing.text, "metadata": outgoing.reference}
        return Sent(
            page.post(
                access.account,
                "messages",
                id_in="message_id",
                recipient=_recipient(access, outgoing),
                messaging_type="RESPONSE",
                message=message,
            )
        )
    except PlatformError as error:
        return outcome_of(error)


def look(access: Access, outgoing: Outgoing) -> LookOutcome:
    """Find a sent reply under the citizen's comment, or under its parent, because threads are flattened.

    A private message cannot be found this way: its echo carries our reference.
    """
    if not is_public(outgoing):
        return CannotTell("a private message shows itself by its echo only")
    try:
        page = Graph(access)
        above = outgoing.to_external_id
        if outgoing.to_external_id != outgoing.conversation:
            parent = page.get(above, fields="id,parent{id}").body.get("parent")
            above = str(parent["id"]) if isinstance(parent, dict) and parent.get("id") else above
        return judge(outgoing, _our_comments(page, access, outgoing, above))
    except PlatformError as error:
        return cannot_tell(error)


def is_public(outgoing: Outgoing) -> bool:
    """Whether the reply is a public comment."""
    in_chat = outgoing.to_kind is MessageKind.CHAT or outgoing.conversation is None
    return not outgoing.in_private and not in_chat


def _our_comments(page: Graph, access: Access, outgoing: Outgoing, above: str) -> list[StandingMessage]:
    found: list[StandingMessage] = []
    for answer in page.pages(
        above,
        "comments",
        limit=100,
        filter="stream",
        order="reverse_chronological",
        fields="id,message,from,created_time,parent{id}",
    ):
        comments = [one for one in listed(answer.body) if isinstance(one, dict)]
        for one in comments:
            at, author = moment(one.get("created_time")), one.get("from")
            if at is None or not isinstance(author, dict) or str(author.get("id")) != access.account:
                continue
            direct = above == outgoing.to_external_id
            found.append(
                StandingMessage(str(one.get("id")), str(one.get("message") or ""), at, under_target=direct)
            )
        if comments and may_be_older(outgoing, moment(comments[-1].get("created_time"))):
            break
    return found


def _recipient(access: Access, outgoing: Outgoing) -> dict[str, str]:
    """The recipient of a private message: the author of a comment or visitor's post, or a chat's citizen."""
    if outgoing.in_private and outgoing.to_kind is not MessageKind.CHAT:
        is_post = outgoing.to_external_id == outgoing.conversation
        return {"post_id" if is_post else "comment_id": outgoing.to_external_id}
    for key in outgoing.recipient:
        if key.scope == f"{PLATFORM}:{access.account}":
            return {"id": key.value}
    raise Rejected("this page knows no private address of the citizen", reason=Failure.NO_RECIPIENT)


def _refuse_long(text: str, most: int) -> None:
    if len(text) > most:
        raise Rejected(f"{len(text)} characters, at most {most} are taken", reason=Failure.TOO_LONG)
