"""Turns polled answers of the Graph API into facts: the feed with its comments, or one post's comments.

Pure. Sources: Graph API "Page feed", "Object comments", "Comment".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import Field, ValidationError

from connectors.contract import Polled
from connectors.meta import COMMENTS, SURVEY, MetaPerson, Moment, listed
from connectors.payload import Id, PayloadShape, part, read_object
from inbox.values import (
    AttachmentSeen,
    Author,
    AuthorKey,
    Fact,
    Gone,
    MessageGone,
    MessageKind,
    MessageSeen,
    NotUnderstood,
    UnreadablePayload,
)

PLATFORM = "facebook"
EDGE_FEED = "feed"

_ATTACHMENT_KINDS = {
    "photo": "image",
    "cover_photo": "image",
    "profile_media": "image",
    "sticker": "sticker",
    "animated_image_share": "image",
    "video": "video",
    "video_inline": "video",
    "video_autoplay": "video",
    "video_direct_response": "video",
    "share": "link",
}


class _Image(PayloadShape):
    src: str | None = None


class _PolledMedia(PayloadShape):
    image: _Image | None = None
    source: str | None = None


class _Attachment(PayloadShape):
    type: str | None = None
    title: str | None = None
    url: str | None = None
    media: _PolledMedia | None = None


class _Parent(PayloadShape):
    id: Id


class _Comment(PayloadShape):
    id: Id
    message: str | None = None
    author: MetaPerson | None = Field(None, alias="from")
    created_time: Moment = None
    parent: _Parent | None = None
    permalink_url: str | None = None
    is_hidden: Any = None
    attachment: Any = None
    comments: Any = None


class _PolledPost(PayloadShape):
    id: Id
    message: str | None = None
    author: MetaPerson | None = Field(None, alias="from")
    created_time: Moment = None
    permalink_url: str | None = None
    full_picture: str | None = None
    is_hidden: Any = None
    comments: Any = None


def polled_facts(polled: Polled) -> tuple[Fact, ...]:
    """The facts of one polled page, in the platform's order. Raises UnreadablePayload."""
    body = read_object(polled.body)
    if polled.platform != PLATFORM or not isinstance(body.get("data"), list):
        raise UnreadablePayload("a polled page without a list")
    if polled.edge == SURVEY:
        return ()
    page = _Page(polled)
    if polled.edge == EDGE_FEED:
        return tuple(fact for given in listed(body) for fact in page.post(given))
    if polled.edge.startswith(COMMENTS):
        post_id = polled.edge.removeprefix(COMMENTS)
        return tuple(fact for given in listed(body) for fact in page.comment(given, post_id, post_id))
    raise UnreadablePayload("a polled page of an unknown edge")


class _Page:
    """Builds the facts of one polled page, with its account and the time we asked."""

    def __init__(self, polled: Polled) -> None:
        self.account = polled.account
        self.asked_at = polled.asked_at

    def post(self, given: Any) -> Iterator[Fact]:
        try:
            post = _PolledPost.model_validate(given)
        except ValidationError:
            yield NotUnderstood(PLATFORM, self.account, "polled:post:unreadable")
            return
        ours = post.author is not None and post.author.id == self.account
        yield self._seen(
            post.id,
            post.message or "",
            post.author,
            kind=MessageKind.POST if ours else MessageKind.MENTION,
            created=post.created_time,
            conversation=post.id,
            parent=None,
            permalink=post.permalink_url,
            attachments=(AttachmentSeen(kind="image", url=post.full_picture),) if post.full_picture else (),
        )
        if post.is_hidden is True:
            yield self._hidden(post.id)
        for comment in listed(post.comments):
            yield from self.comment(comment, post.id, post.id)

    def comment(self, given: Any, post_id: str, above: str) -> Iterator[Fact]:
        """A comment and its replies. `above` is the parent's id, unless the comment names its parent."""
        try:
            comment = _Comment.model_validate(given)
        except ValidationError:
            yield NotUnderstood(PLATFORM, self.account, "polled:comment:unreadable")
            return
        attachments = _attachments(comment.attachment)
        yield self._seen(
            comment.id,
            comment.message or "",
            comment.author,
            kind=MessageKind.COMMENT if comment.message or attachments else MessageKind.UNSUPPORTED,
            created=comment.created_time,
            conversation=post_id,
            parent=comment.parent.id if comment.parent else above,
            permalink=comment.permalink_url,
            attachments=attachments,
        )
        if comment.is_hidden is True:
            yield self._hidden(comment.id)
        for reply in listed(comment.comments):
            yield from self.comment(reply, post_id, comment.id)

    def _seen(
        self,
        external_id: str,
        text: str,
        by: MetaPerson | None,
        *,
        kind: MessageKind,
        created: datetime | None,
        conversation: str,
        parent: str | None,
        permalink: str | None,
        attachments: tuple[AttachmentSeen, ...],
    ) -> MessageSeen:
        who = by.id if by else None
        from_us = who == self.account
        author = None
        if by is not None and who is not None and not from_us:
            author = Author(keys=(AuthorKey(f"{PLATFORM}:{self.account}", who),), name=by.name)
        return MessageSeen(
            platform=PLATFORM,
            account=self.account,
            external_id=external_id,
            kind=kind,
            text=text,
            sent_at=created or self.asked_at,
            observed_at=self.asked_at,
            author=author,
            from_us=from_us,
            conversation=conversation,
            parent_external_id=parent,
            permalink=permalink,
            attachments=attachments,
        )

    def _hidden(self, external_id: str) -> MessageGone:
        return MessageGone(PLATFORM, self.account, external_id, Gone.HIDDEN, self.asked_at)


def _attachments(given: Any) -> tuple[AttachmentSeen, ...]:
    attached = part(_Attachment, given)
    if attached is None:
        return ()
    media = attached.media or _PolledMedia()
    url = media.source or (media.image.src if media.image else None) or attached.url
    kind = _ATTACHMENT_KINDS.get(attached.type or "", "other")
    return (AttachmentSeen(kind=kind, url=url, name=attached.title),)
