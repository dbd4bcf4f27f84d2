"""Instagram accounts: replying to comments, mentions and chats, finding a sent reply, polling, probing.

Sources: Instagram Platform "IG Comment replies" (a reply to a reply is put under the top comment), "IG User
mentions", "Send messages" (1,000 bytes), "Private replies" (one to a comment, within seven days).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from connectors import graph, graph_poll, graph_survey
from connectors.graph import Graph
from connectors.http import PlatformError, Rejected, cannot_tell, outcome_of
from connectors.instagram.normalise import EDGE_MEDIA, PLATFORM
from connectors.looking import StandingMessage, judge
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

MAX_COMMENT = 2200
MAX_CHAT = 1000
EDGES = (EDGE_MEDIA, SURVEY)

_REPLY = "id,text,timestamp,from,username,hidden,parent_id"
_COMMENT = f"{_REPLY},replies.limit(50){{{_REPLY}}}"
_HEAD_COMMENTS = 50
_READ_FIRST_SECONDS = 10.0  # sending makes two calls, and both must end within the lease


def length(text: str) -> int:
    """The length in UTF-8 bytes, as in private messages; comments are counted less strictly."""
    return len(text.encode(errors="replace"))


def _comment_count(media: Any) -> int | None:
    count = media.get("comments_count")
    return count if isinstance(count, int) else None


# No list has comments and replies together, newest first. A changed comment count under a post is the only
# sign of a new reply to an old comment.
_PLAN = graph_poll.Plan(
    platform=PLATFORM,
    head=EDGE_MEDIA,
    time_field="timestamp",
    head_args={
        "limit": 10,
        "fields": f"id,caption,permalink,timestamp,comments.limit({_HEAD_COMMENTS}){{{_COMMENT}}}",
    },
    head_posts=10,
    head_comments=_HEAD_COMMENTS,
    survey_args={"limit": 50, "fields": "id,timestamp,comments_count"},
    survey_most=200,
    comments_args={"limit": _HEAD_COMMENTS, "fields": _COMMENT},
    comment_count=_comment_count,
    newest_comment=lambda _media: None,
)


def poll(access: Access, edge: str, cursor: str | None) -> PolledPage:
    """The next page of new posts and comments. Raises PlatformError."""
    return graph_poll.poll(_PLAN, access, edge, cursor)


def survey(access: Access, since: datetime) -> Iterator[PolledPage]:
    """All comments under the account's posts since `since`. Raises PlatformError."""
    return graph_survey.survey(_PLAN, access, since, replies_args={"limit": 50, "fields": _REPLY})


def probe(access: Access) -> ProbeOutcome:
    """Whether the token still gives access to the account."""
    return graph.probe(access, access.account, "id,username,name")


def send(access: Access, outgoing: Outgoing) -> SendOutcome:
    """Reply to a comment or mention in public, or to a citizen in private."""
    try:
        account = Graph(access)
        if not is_public(outgoing):
            return Sent(_send_private(account, access, outgoing))
        if outgoing.to_kind is MessageKind.COMMENT:
            above, text = _placed(Graph(access, total_seconds=_READ_FIRST_SECONDS), outgoing)
            _refuse_long(text, MAX_COMMENT)
            return Sent(account.post(above, "replies", message=text))
        _refuse_long(outgoing.text, MAX_COMMENT)
        return Sent(_answer_mention(account, access, outgoing))
    except PlatformError as error:
        return outcome_of(error)


def look(access: Access, outgoing: Outgoing) -> LookOutcome:
    """Find a sent reply among the replies to the top comment.

    Comments under somebody else's post are not listed to us, and a private message is known by its echo only.
    """
    if not is_public(outgoing) or outgoing.to_kind is not MessageKind.COMMENT:
        return CannotTell("Instagram lists replies under our own posts only")
    try:
        account = Graph(access)
        above, text = _placed(account, outgoing)
        return judge(outgoing, _our_replies(account, access, outgoing, above), text=text)
    except PlatformError as error:
        return cannot_tell(error)


def is_public(outgoing: Outgoing) -> bool:
    """Whether the reply is a public comment."""
    in_chat = outgoing.to_kind is MessageKind.CHAT or outgoing.conversation is None
    return not outgoing.in_private and not in_chat


def _placed(account: Graph, outgoing: Outgoing) -> tuple[str, str]:
    """The comment to reply to, and the text.

    A reply to a reply goes under the top comment and mentions the citizen, as in Instagram's own app.
    """
    asked = account.get(outgoing.to_external_id, fields="id,parent_id,username").body
    above, handle = _top(asked, outgoing), asked.get("username")
    if above == outgoing.to_external_id or not isinstance(handle, str) or not handle:
        return above, outgoing.text
    named = outgoing.text.casefold().startswith(f"@{handle.casefold()}")
    return above, outgoing.text if named else f"@{handle} {outgoing.text}"


def _top(asked: dict[str, Any], outgoing: Outgoing) -> str:
    parent = asked.get("parent_id")
    return str(parent) if parent and str(parent) != outgoing.conversation else outgoing.to_external_id


def _our_replies(account: Graph, access: Access, outgoing: Outgoing, above: str) -> list[StandingMessage]:
    """All our replies under a comment. It cannot stop early, because replies come oldest first."""
    found: list[StandingMessage] = []
    for answer in account.pages(above, "replies", limit=100, fields="id,text,timestamp,from,user"):
        for one in listed(answer.body):
            at = moment(one.get("timestamp")) if isinstance(one, dict) else None
            if at is None or not _is_us(one, access.account):
                continue
            direct = above == outgoing.to_external_id
            found.append(
                StandingMessage(str(one.get("id")), str(one.get("text") or ""), at, under_target=direct)
            )
    return found


def _is_us(reply: dict[str, Any], account: str) -> bool:
    """Whether a reply is ours. Only our own comments have `user`; in `from` we have an id only we can see."""
    author, user = reply.get("from"), reply.get("user")
    if isinstance(author, dict) and (str(author.get("id")) == account or author.get("self_ig_scoped_id")):
        return True
    return isinstance(user, dict) and str(user.get("id")) == account


def _answer_mention(account: Graph, access: Access, outgoing: Outgoing) -> str:
    """Comment where somebody mentioned us: under their post, or under their comment."""
    in_comment = outgoing.to_external_id != outgoing.conversation
    return account.post(
        access.account,
        "mentions",
        media_id=outgoing.conversation,
        comment_id=outgoing.to_external_id if in_comment else None,
        message=outgoing.text,
    )


def _send_private(account: Graph, access: Access, outgoing: Outgoing) -> str:
    if length(outgoing.text) > MAX_CHAT:
        raise Rejected(
            f"{length(outgoing.text)} bytes, at most {MAX_CHAT} are taken", reason=Failure.TOO_LONG
        )
    return account.post(
        access.account,
        "messages",
        id_in="message_id",
        recipient=_recipient(access, outgoing),
        message={"text": outgoing.text, "metadata": outgoing.reference},
    )


def _recipient(access: Access, outgoing: Outgoing) -> dict[str, str]:
    """The recipient of a private message: the author of a comment, or the citizen of a chat."""
    if outgoing.in_private and outgoing.to_kind is not MessageKind.CHAT:
        return {"comment_id": outgoing.to_external_id}
    for key in outgoing.recipient:
        if key.scope == f"{PLATFORM}:{access.account}":
            return {"id": key.value}
    raise Rejected("this account knows no private address of the citizen", reason=Failure.NO_RECIPIENT)


def _refuse_long(text: str, most: int) -> None:
    if len(text) > most:
        raise Rejected(f"{len(text)} characters, at most {most} are taken", reason=Failure.TOO_LONG)
