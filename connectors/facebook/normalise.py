"""Turns Facebook's bodies into facts: hooks (feed, mention, ratings, Messenger) and polled pages.

Pure. Sources: Graph API "Webhooks: page reference", "Page feed", "Object comments".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, ValidationError

from connectors.contract import Polled
from connectors.facebook.polled import polled_facts
from connectors.messaging import message_facts
from connectors.meta import MetaEntry, MetaPerson, Moment, read_bodies
from connectors.payload import Id, PayloadShape, word
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
OBJECT = "page"

_SEEN_VERBS = {"add", "edited", "edit", "update"}
_GONE_VERBS = {
    "remove": Gone.DELETED,
    "delete": Gone.DELETED,
    "hide": Gone.HIDDEN,
    "unhide": Gone.UNHIDDEN,
}
_POST_ITEMS = {"post", "status", "photo", "video", "share", "link", "note"}


class _Post(PayloadShape):
    permalink_url: str | None = None


class _Change(PayloadShape):
    """The `value` of a change. Some bodies still use names from before 2018 (`sender_id`, `sender_name`)."""

    item: str
    verb: str = ""
    comment_id: Id | None = None
    post_id: Id | None = None
    parent_id: Id | None = None
    open_graph_story_id: Id | None = None
    message: str | None = None
    review_text: str | None = None
    author: MetaPerson | None = Field(None, alias="from")
    sender_id: Id | None = None
    sender_name: str | None = None
    reviewer_id: Id | None = None
    reviewer_name: str | None = None
    created_time: Moment = None
    edited_time: Moment = None
    photo: Any = None
    photos: Any = None
    video: Any = None
    link: Any = None
    is_hidden: Any = None
    permalink_url: str | None = None
    post: _Post | None = None

    def who(self) -> tuple[str | None, str | None]:
        """Id and name of the author; None where the platform hides them."""
        person = self.author or MetaPerson()
        return (
            person.id or self.sender_id or self.reviewer_id,
            person.name or self.sender_name or self.reviewer_name,
        )


def normalise(raw: bytes) -> tuple[Fact, ...]:
    """All facts of a hook body or of a polled page, in order. Raises UnreadablePayload and nothing else."""
    polled = Polled.from_bytes(raw)
    if polled is not None:
        return polled_facts(polled)
    return tuple(fact for body in read_bodies(raw) for fact in _body_facts(body))


def _body_facts(body: dict[str, Any]) -> Iterator[Fact]:
    if body.get("object") != OBJECT:
        yield NotUnderstood(PLATFORM, None, f"object:{word(body.get('object'))}")
        return
    entries = body.get("entry")
    if not isinstance(entries, list):
        raise UnreadablePayload("a page body without entries")
    position = 0
    for given in entries:
        try:
            entry = MetaEntry.model_validate(given)
        except ValidationError:
            yield NotUnderstood(PLATFORM, None, "entry:unreadable")
            continue
        for change in entry.changes:
            yield from _change_facts(change, entry, position)
            position += 1
        for event in (*entry.messaging, *entry.standby):
            yield from message_facts(PLATFORM, event, entry_id=entry.id, entry_time=entry.time)
        if not (entry.changes or entry.messaging or entry.standby):
            yield NotUnderstood(PLATFORM, entry.id, "entry:empty")


def _change_facts(given: Any, entry: MetaEntry, position: int) -> Iterator[Fact]:
    """The facts of one change. `position` keeps their order in a body: Meta's times are whole seconds."""
    field = word(given.get("field")) if isinstance(given, dict) else "unknown"
    value = given.get("value") if isinstance(given, dict) else None
    if field not in ("feed", "mention", "ratings") or entry.id is None:
        yield NotUnderstood(PLATFORM, entry.id, f"field:{field}")
        return
    try:
        change = _Change.model_validate(value)
    except ValidationError:
        yield NotUnderstood(PLATFORM, entry.id, f"{field}:unreadable")
        return
    what = f"{field}:{word(change.item)}:{word(change.verb)}"
    sent_at = change.created_time or entry.time
    external_id = _external_id(change)
    if external_id is None or sent_at is None:
        yield NotUnderstood(PLATFORM, entry.id, what)
        return
    observed_at = (entry.time or sent_at) + timedelta(microseconds=position)
    if change.verb in _GONE_VERBS:
        yield MessageGone(PLATFORM, entry.id, external_id, _GONE_VERBS[change.verb], observed_at)
    elif change.verb in _SEEN_VERBS:
        if change.verb == "add":
            observed_at = sent_at  # an `add` shows the first text, however late the hook arrives
        elif change.edited_time is not None:
            observed_at = change.edited_time
        yield from _seen(change, entry.id, field, external_id, sent_at, observed_at) or (
            NotUnderstood(PLATFORM, entry.id, f"{what}:no_text"),
        )
    else:
        yield NotUnderstood(PLATFORM, entry.id, what)


def _external_id(change: _Change) -> str | None:
    """The id of the comment, post or review that the change is about; None for likes, albums, events etc."""
    if change.item == "comment":
        return change.comment_id
    if change.item == "rating":
        return change.open_graph_story_id
    return change.post_id if change.item in _POST_ITEMS else None


def _seen(
    change: _Change, account: str, field: str, external_id: str, sent_at: datetime, observed_at: datetime
) -> tuple[Fact, ...]:
    """The message in a change. Empty for an edit without text, because the old text may still be valid."""
    author_id, name = change.who()
    from_us = author_id == account
    text = change.review_text if change.item == "rating" else change.message
    attachments = _attachments(change)
    is_comment = change.item == "comment"
    edited = change.verb != "add"
    if text is None and edited and not (is_comment and attachments):
        return ()
    if text is None and change.item == "rating":
        return ()  # stars without words
    kind = _kind(change, field, from_us)
    if text is None and not attachments and not from_us:
        # A mention without text, or a sticker: a person must look at it. The earlier observation time
        # keeps it from overwriting a text that is known.
        kind, observed_at = MessageKind.UNSUPPORTED, sent_at - timedelta(microseconds=1)
    conversation = change.post_id or (external_id if not is_comment else None)
    author = None
    if author_id is not None and not from_us:
        author = Author(keys=(AuthorKey(f"{PLATFORM}:{account}", author_id),), name=name)
    seen = MessageSeen(
        platform=PLATFORM,
        account=account,
        external_id=external_id,
        kind=kind,
        text=text or "",
        sent_at=sent_at,
        observed_at=observed_at,
        author=author,
        from_us=from_us,
        conversation=conversation,
        parent_external_id=(change.parent_id or change.post_id) if is_comment else None,
        edited_at=observed_at if edited else None,
        permalink=change.permalink_url or (change.post.permalink_url if change.post else None),
        attachments=attachments,
    )
    if change.is_hidden is True:
        return (seen, MessageGone(PLATFORM, account, external_id, Gone.HIDDEN, observed_at))
    return (seen,)


def _kind(change: _Change, field: str, from_us: bool) -> MessageKind:
    """A comment on our post, our own post, or a citizen's post that mentions us."""
    if change.item == "comment":
        return MessageKind.MENTION if field == "mention" else MessageKind.COMMENT
    return MessageKind.POST if from_us else MessageKind.MENTION


def _attachments(change: _Change) -> tuple[AttachmentSeen, ...]:
    if change.item == "photo" and change.link:
        found = [("image", change.link)]
    elif change.item == "video" and change.link:
        found = [("video", change.link)]
    else:
        photos = change.photos if isinstance(change.photos, list) else []
        found = [("image", change.photo), *(("image", one) for one in photos)]
        found += [("video", change.video), ("link", change.link)]
    return tuple(AttachmentSeen(kind=kind, url=url) for kind, url in found if isinstance(url, str) and url)
