"""Turns Instagram's bodies into facts: comments, mentions, private messages, polled pages.

Pure. Sources: Instagram Platform "Webhooks" (fields comments, live_comments, mentions, messages), "IG Media",
"IG Comment". An entry has one of three forms: `changes`, `messaging`, or `field` and `value` on itself; a
body is an object or a list of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from connectors.contract import Polled
from connectors.messaging import message_facts
from connectors.meta import COMMENTS, SURVEY, MetaEntry, MetaPerson, Moment, listed, read_bodies
from connectors.payload import Id, PayloadShape, read_object, word
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

PLATFORM = "instagram"
OBJECT = "instagram"
EDGE_MEDIA = "media"

_MEDIA_KINDS = {"IMAGE": "image", "CAROUSEL_ALBUM": "image", "VIDEO": "video"}


class _InstagramMedia(PayloadShape):
    id: Id


class _CommentChange(PayloadShape):
    """The `value` of comments and live_comments. Its id has one of two names."""

    id: Id | None = None
    comment_id: Id | None = None
    text: str | None = None
    author: MetaPerson | None = None
    media: _InstagramMedia | None = None
    parent_id: Id | None = None
    timestamp: Moment = None
    created_time: Moment = None


class _Mention(PayloadShape):
    media_id: Id | None = None
    comment_id: Id | None = None


class _PolledComment(PayloadShape):
    id: Id
    text: str | None = None
    timestamp: Moment = None
    author: MetaPerson | None = None
    username: str | None = None
    parent_id: Id | None = None
    hidden: Any = None
    replies: Any = None


class _InstagramPolledMedia(PayloadShape):
    id: Id
    caption: str | None = None
    permalink: str | None = None
    timestamp: Moment = None
    media_type: str | None = None
    media_url: str | None = None
    comments: Any = None


def normalise(raw: bytes) -> tuple[Fact, ...]:
    """All facts of a hook body or of a polled page, in order. Raises UnreadablePayload and nothing else."""
    polled = Polled.from_bytes(raw)
    if polled is not None:
        return _polled_facts(polled)
    return tuple(fact for body in read_bodies(raw) for fact in _body_facts(body))


# --- hooks ------------------------------------------------------------------------------------------


def _body_facts(body: dict[str, Any]) -> Iterator[Fact]:
    if body.get("object") != OBJECT:
        yield NotUnderstood(PLATFORM, None, f"object:{word(body.get('object'))}")
        return
    entries = body.get("entry")
    if not isinstance(entries, list):
        raise UnreadablePayload("an instagram body without entries")
    position = 0
    for given in entries:
        try:
            entry = MetaEntry.model_validate(given)
        except ValidationError:
            yield NotUnderstood(PLATFORM, None, "entry:unreadable")
            continue
        changes = list(entry.changes)
        if entry.field is not None:
            changes.append({"field": entry.field, "value": entry.value})
        for change in changes:
            yield from _change_facts(change, entry, position)
            position += 1
        for event in (*entry.messaging, *entry.standby):
            yield from message_facts(PLATFORM, event, entry_id=entry.id, entry_time=entry.time)
        if not (changes or entry.messaging or entry.standby):
            yield NotUnderstood(PLATFORM, entry.id, "entry:empty")


def _change_facts(given: Any, entry: MetaEntry, position: int) -> Iterator[Fact]:
    """The facts of one change. `position` keeps their order in a body: Meta's times are whole seconds."""
    field = word(given.get("field")) if isinstance(given, dict) else "unknown"
    value = given.get("value") if isinstance(given, dict) else None
    fact: Fact | None = None
    if entry.id is not None and entry.time is not None:
        moment = entry.time + timedelta(microseconds=position)
        try:
            if field in ("comments", "live_comments"):
                change = _CommentChange.model_validate(_with_author(value))
                fact = _comment(change, entry.id, moment)
            elif field == "mentions":
                fact = _mention(_Mention.model_validate(value), entry.id, moment)
        except ValidationError:
            fact = NotUnderstood(PLATFORM, entry.id, f"{field}:unreadable")
    yield fact or NotUnderstood(PLATFORM, entry.id, f"field:{field}")


def _with_author(given: Any) -> Any:
    return {**given, "author": given.get("from")} if isinstance(given, dict) else given


def _comment(change: _CommentChange, account: str, moment: datetime) -> Fact | None:
    """A comment. Instagram's hooks have no time for it, so it gets the time of the batch."""
    external_id = change.id or change.comment_id
    if external_id is None:
        return None
    media_id = change.media.id if change.media else None
    sent_at = change.timestamp or change.created_time or moment
    return MessageSeen(
        platform=PLATFORM,
        account=account,
        external_id=external_id,
        kind=MessageKind.COMMENT if change.text else MessageKind.UNSUPPORTED,
        text=change.text or "",
        sent_at=sent_at,
        observed_at=sent_at,
        author=_author(change.author, account),
        from_us=_is_us(change.author, account),
        conversation=media_id,
        parent_external_id=change.parent_id or media_id,
    )


def _mention(mention: _Mention, account: str, moment: datetime) -> Fact | None:
    """Somebody mentioned us in a comment or caption. The hook has ids only, so a person must look at it.

    The observation time before the message's own keeps it from overwriting a text that is known.
    """
    external_id = mention.comment_id or mention.media_id
    if external_id is None:
        return None
    return MessageSeen(
        platform=PLATFORM,
        account=account,
        external_id=external_id,
        kind=MessageKind.UNSUPPORTED,
        text="",
        sent_at=moment,
        observed_at=moment - timedelta(microseconds=1),
        author=None,
        conversation=mention.media_id,
        parent_external_id=mention.media_id if mention.comment_id else None,
    )


def _is_us(person: MetaPerson | None, account: str) -> bool:
    """Whether `person` is our account: by its own id, or by the id that only its owner can see."""
    return person is not None and (person.id == account or person.self_ig_scoped_id is not None)


def _author(person: MetaPerson | None, account: str) -> Author | None:
    """The author. A hidden id is replaced by the user name, which can change but keeps a thread together."""
    if person is None or _is_us(person, account):
        return None
    if person.id is not None:
        keys = (AuthorKey(f"{PLATFORM}:{account}", person.id),)
    elif person.username:
        keys = (AuthorKey(f"{PLATFORM}:{account}:username", person.username),)
    else:
        return None
    return Author(keys=keys, name=person.name, handle=person.username)


# --- polled pages -----------------------------------------------------------------------------------


def _polled_facts(polled: Polled) -> tuple[Fact, ...]:
    body = read_object(polled.body)
    if polled.platform != PLATFORM or not isinstance(body.get("data"), list):
        raise UnreadablePayload("a polled page without a list")
    if polled.edge == SURVEY:
        return ()
    if polled.edge == EDGE_MEDIA:
        return tuple(fact for given in listed(body) for fact in _polled_media(given, polled))
    if polled.edge.startswith(COMMENTS):
        media_id = polled.edge.removeprefix(COMMENTS)
        return tuple(
            fact for given in listed(body) for fact in _polled_comment(given, polled, media_id, media_id)
        )
    raise UnreadablePayload("a polled page of an unknown edge")


def _polled_media(given: Any, polled: Polled) -> Iterator[Fact]:
    """One of our posts with its comments. An account's media list has only its own posts."""
    try:
        media = _InstagramPolledMedia.model_validate(given)
    except ValidationError:
        yield NotUnderstood(PLATFORM, polled.account, "polled:media:unreadable")
        return
    attachments: tuple[AttachmentSeen, ...] = ()
    if media.media_url is not None:
        attachments = (
            AttachmentSeen(kind=_MEDIA_KINDS.get(media.media_type or "", "other"), url=media.media_url),
        )
    yield MessageSeen(
        platform=PLATFORM,
        account=polled.account,
        external_id=media.id,
        kind=MessageKind.POST,
        text=media.caption or "",
        sent_at=media.timestamp or polled.asked_at,
        observed_at=polled.asked_at,
        author=None,
        from_us=True,
        conversation=media.id,
        permalink=media.permalink,
        attachments=attachments,
    )
    for comment in listed(media.comments):
        yield from _polled_comment(comment, polled, media.id, media.id)


def _polled_comment(given: Any, polled: Polled, media_id: str, above: str) -> Iterator[Fact]:
    """A comment and its replies. `above` is the parent's id, unless the comment names its parent."""
    try:
        comment = _PolledComment.model_validate(_with_author(given))
    except ValidationError:
        yield NotUnderstood(PLATFORM, polled.account, "polled:comment:unreadable")
        return
    person = comment.author or (MetaPerson(username=comment.username) if comment.username else None)
    yield MessageSeen(
        platform=PLATFORM,
        account=polled.account,
        external_id=comment.id,
        kind=MessageKind.COMMENT if comment.text else MessageKind.UNSUPPORTED,
        text=comment.text or "",
        sent_at=comment.timestamp or polled.asked_at,
        observed_at=polled.asked_at,
        author=_author(person, polled.account),
        from_us=_is_us(person, polled.account),
        conversation=media_id,
        parent_external_id=comment.parent_id or above,
    )
    if comment.hidden is True:
        yield MessageGone(PLATFORM, polled.account, comment.id, Gone.HIDDEN, polled.asked_at)
    for reply in listed(comment.replies):
        yield from _polled_comment(reply, polled, media_id, comment.id)
