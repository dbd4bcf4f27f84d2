"""Turns X's bodies into facts: polled pages, X Activity events, old Account Activity hooks. Pure.

A post's id is the first of its edit history, so that an edit is the same message. X escapes &, < and > as
HTML entities in every text; they are unescaped here, once, and nothing else is.

Sources: see `shapes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from connectors.contract import Polled
from connectors.payload import items, moment, part, read_object, word
from connectors.x import accountactivity
from connectors.x.shapes import DeletedPost, Filter, Medium, Missing, Post, XUser
from connectors.x.words import (
    PLATFORM,
    author,
    best_file,
    happened,
    language,
    permalink,
    unescaped,
    written,
)
from inbox.values import (
    AttachmentSeen,
    Fact,
    Gone,
    MessageGone,
    MessageKind,
    MessageSeen,
    NotUnderstood,
    UnreadablePayload,
)

# The X Activity events whose payload is a post.
POST_EVENTS = ("post.create", "post.mention.create", "post.reply.create", "post.quote.create")
DIRECT_EVENTS = ("dm.received", "dm.sent")


def claims(_raw: bytes) -> bool:
    """Always true: no other platform shares X's hook."""
    return True


def normalise(raw: bytes) -> tuple[Fact, ...]:
    """The facts of one body, in order. Raises UnreadablePayload and nothing else."""
    polled = Polled.from_bytes(raw)
    if polled:
        if polled.platform != PLATFORM:
            raise UnreadablePayload("a polled answer of another platform")
        return tuple(_page(polled.account, read_object(polled.body), polled.asked_at))
    body = read_object(raw)
    event = body.get("data")
    if isinstance(event, dict) and "event_type" in event:
        return tuple(_event(event))
    if accountactivity.is_one(body):
        return tuple(accountactivity.facts(body))
    if "data" in body:
        return (NotUnderstood(PLATFORM, None, "posts_of_no_account"),)
    raise UnreadablePayload("not an X body")


# --- the X Activity API -------------------------------------------------------------------------------


def _event(event: dict[str, Any]) -> Iterator[Fact]:
    """The facts of one X Activity event. Its envelope has no time."""
    kind, payload = event.get("event_type"), event.get("payload")
    ours = part(Filter, event.get("filter"))
    if ours is None or not isinstance(payload, dict):
        yield NotUnderstood(PLATFORM, ours.user_id if ours else None, f"event:{word(kind)}")
    elif kind in POST_EVENTS:
        yield from _page(ours.user_id, {"data": payload, "includes": event.get("includes")}, None)
    elif kind in DIRECT_EVENTS:
        yield from accountactivity.direct_messages(ours.user_id, payload)
    elif kind == "post.delete":
        yield _deleted(ours.user_id, payload)
    else:
        yield NotUnderstood(PLATFORM, ours.user_id, f"event:{word(kind)}")


def _deleted(account: str, payload: dict[str, Any]) -> Fact:
    """A deleted post. The event has no time, so it gets the post's own, the earliest possible."""
    gone = part(DeletedPost, payload)
    at = happened(gone.id) if gone else None
    if gone is None or at is None:
        return NotUnderstood(PLATFORM, account, "event:post.delete")
    return MessageGone(PLATFORM, account, gone.id, Gone.DELETED, at)


# --- posts of API v2 ----------------------------------------------------------------------------------


class _Included:
    """The `includes` of an answer: users, media and referenced posts."""

    def __init__(self, includes: Any) -> None:
        given = includes if isinstance(includes, dict) else {}
        users = [part(XUser, _bare(each)) for each in items(given.get("users"))]
        media = [part(Medium, each) for each in items(given.get("media"))]
        posts = [part(Post, _bare(each)) for each in items(given.get("tweets"))]
        self.users = {user.id: user for user in users if user}
        self.media = {medium.media_key: medium for medium in media if medium}
        self.posts = {post.id: post for post in posts if post}


def _bare(value: Any) -> Any:
    """The object without the `data` in which Activity events wrap some objects."""
    return value["data"] if isinstance(value, dict) and isinstance(value.get("data"), dict) else value


def _page(account: str, body: dict[str, Any], asked_at: datetime | None) -> Iterator[Fact]:
    """The facts of an API v2 answer: a post or a list of posts, with the posts they refer to.

    The post that a reply answers is included as context, without which a complaint cannot be understood. If a
    page has several edits of a post, only the last one counts.
    """
    included = _Included(body.get("includes"))
    given = body.get("data")
    latest: dict[str, Post] = {}
    for each in given if isinstance(given, list) else [given] if given is not None else []:
        if isinstance(each, dict) and "event_type" in each:
            yield accountactivity.conversation_event(account, each, body.get("includes"))
            continue
        post = part(Post, each)
        if post is None or _posted_at(post) is None:
            yield NotUnderstood(PLATFORM, account, "post")
        elif post.referenced("retweeted"):
            yield NotUnderstood(PLATFORM, account, "repost")
        elif post.first_id not in latest or latest[post.first_id].version <= post.version:
            latest[post.first_id] = post
    parents = {id for post in latest.values() if (id := post.referenced("replied_to"))}
    for id in sorted(parents & included.posts.keys()):
        parent = included.posts[id]
        if parent.first_id not in latest and _posted_at(parent) is not None:
            yield _post(account, parent, included, asked_at, is_context=True)
    for post in latest.values():
        yield _post(account, post, included, asked_at)
    for error in items(body.get("errors")):
        missing = part(Missing, error)
        # A post requested by its id is gone; one that only an expansion could not find may still exist.
        if missing is None or missing.parameter not in ("id", "ids") or missing.resource_type != "tweet":
            continue
        if missing.type.endswith("/resource-not-found") and missing.resource_id and asked_at:
            yield MessageGone(PLATFORM, account, missing.resource_id, Gone.DELETED, asked_at)


def _posted_at(post: Post) -> datetime | None:
    """The time of a post, from its field or else from its id."""
    return moment(post.created_at) or happened(post.id)


def _post(
    account: str, post: Post, included: _Included, asked_at: datetime | None, *, is_context: bool = False
) -> MessageSeen:
    at = _posted_at(post)
    if at is None:
        raise UnreadablePayload("a post without a time")  # excluded by the caller
    from_us = post.author_id == account
    parent = post.referenced("replied_to")
    if parent in included.posts:
        parent = included.posts[parent].first_id
    user = included.users.get(post.author_id or "")
    name, handle = (user.name, user.username) if user else (None, None)
    if (from_us and parent is None) or (is_context and not from_us):
        kind = MessageKind.POST
    else:
        kind = MessageKind.COMMENT if parent else MessageKind.MENTION
    return MessageSeen(
        platform=PLATFORM,
        account=account,
        external_id=post.first_id,
        kind=kind,
        text=unescaped(post.note_tweet.text if post.note_tweet else post.text),
        sent_at=written(post.first_id, at),
        observed_at=max(asked_at, at) if asked_at else at,
        author=None if from_us else author(post.author_id, name, handle),
        from_us=from_us,
        conversation=post.conversation_id or post.first_id,
        parent_external_id=parent,
        edited_at=at if post.version else None,
        permalink=permalink(handle, post.id),
        attachments=_attachments(post, included),
        language=language(post.lang),
    )


_KINDS = {"photo": "image", "video": "video", "animated_gif": "video"}


def _attachments(post: Post, included: _Included) -> tuple[AttachmentSeen, ...]:
    seen = []
    for key in post.attachments.media_keys if post.attachments else ():
        medium = included.media.get(key)
        if medium is None:
            seen.append(AttachmentSeen("other", media_id=key))
            continue
        file = best_file(medium.variants)
        seen.append(
            AttachmentSeen(
                _KINDS.get(medium.type, "other"),
                media_id=key,
                url=medium.url or (file.url if file else None) or medium.preview_image_url,
                mime=file.content_type if file and not medium.url else None,
            )
        )
    return tuple(seen)
