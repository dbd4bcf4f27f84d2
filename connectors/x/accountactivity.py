"""Turns X's old Account Activity hooks (v1.1), and direct messages of both hook formats, into facts. Pure.

Source: developer.x.com, Account Activity API, "Activity data object structure".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.payload import items, moment, part, word
from connectors.x.shapes import (
    ConversationEvent,
    DirectEvent,
    DirectUser,
    Filter,
    V1Delete,
    V1Entities,
    V1Medium,
    V1Tweet,
    XUser,
)
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
    Author,
    Fact,
    Gone,
    MessageGone,
    MessageKind,
    MessageSeen,
    NotUnderstood,
)

_KINDS = {"photo": "image", "video": "video", "animated_gif": "video"}


def is_one(body: dict[str, Any]) -> bool:
    """Whether a body is an Account Activity hook. `user_event` (revoked access) names no account."""
    return "for_user_id" in body or "user_event" in body


def facts(body: dict[str, Any]) -> Iterator[Fact]:
    """The facts of one hook body."""
    ours = part(Filter, {"user_id": body.get("for_user_id")})
    if ours is None:
        yield NotUnderstood(PLATFORM, None, "user_event" if "user_event" in body else "for_user_id")
        return
    account = ours.user_id
    for key in body:
        if key == "tweet_create_events":
            for event in items(body[key]):
                yield _tweet(account, event)
        elif key == "tweet_delete_events":
            for event in items(body[key]):
                yield _deleted(account, event)
        elif key == "direct_message_events":
            yield from direct_messages(account, body)
        elif key not in ("for_user_id", "user_has_blocked", "users", "apps"):
            yield NotUnderstood(PLATFORM, account, f"key:{word(key)}")


def _tweet(account: str, raw: Any) -> Fact:
    tweet = part(V1Tweet, raw)
    at = moment(tweet.created_at) if tweet else None
    if tweet is None or at is None:
        return NotUnderstood(PLATFORM, account, "tweet")
    if tweet.retweeted_status is not None:
        return NotUnderstood(PLATFORM, account, "repost")
    history = tweet.edit_history.edit_tweet_ids if tweet.edit_history else ()
    first_id = history[0] if history else tweet.id
    extended = tweet.extended_tweet
    text = extended.full_text if extended else tweet.full_text or tweet.text or ""
    user = tweet.user
    handle = user.screen_name if user else None
    from_us = user is not None and user.id == account
    parent = tweet.in_reply_to_status_id
    on_top = MessageKind.POST if from_us else MessageKind.MENTION
    return MessageSeen(
        platform=PLATFORM,
        account=account,
        external_id=first_id,
        kind=MessageKind.COMMENT if parent else on_top,
        text=unescaped(text),
        sent_at=written(first_id, at),
        observed_at=at,
        author=None if from_us or user is None else author(user.id, user.name, handle),
        from_us=from_us,
        # v1.1 does not name the conversation, so the answered post is used instead.
        conversation=parent or first_id,
        parent_external_id=parent,
        edited_at=at if first_id != tweet.id else None,
        permalink=permalink(handle, tweet.id),
        attachments=_files((extended.extended_entities if extended else None) or tweet.extended_entities),
        language=language(tweet.lang),
    )


def _deleted(account: str, raw: Any) -> Fact:
    gone = part(V1Delete, raw)
    at = moment(gone.timestamp_ms) if gone else None
    if gone is None or at is None:
        return NotUnderstood(PLATFORM, account, "tweet_delete")
    return MessageGone(PLATFORM, account, gone.status.id, Gone.DELETED, at)


def direct_messages(account: str, body: dict[str, Any]) -> Iterator[Fact]:
    """The direct messages in `body`, with the users listed beside them."""
    people = body.get("users")
    for raw in items(body.get("direct_message_events")):
        event = part(DirectEvent, raw)
        at = moment(event.created_timestamp) if event else None
        if event is None or at is None:
            yield NotUnderstood(PLATFORM, account, "direct_message")
            continue
        said = event.message_create
        from_us = said.sender_id == account
        other = _person(said.target.recipient_id if from_us else said.sender_id, people)
        medium = said.message_data.attachment.media if said.message_data.attachment else None
        yield MessageSeen(
            platform=PLATFORM,
            account=account,
            external_id=event.id,
            kind=MessageKind.CHAT,
            text=unescaped(said.message_data.text),
            sent_at=at,
            observed_at=at,
            author=None if from_us else other,
            from_us=from_us,
            recipient=other if from_us else None,
            attachments=_files(V1Entities(media=(medium,)) if medium else None),
        )


def conversation_event(account: str, raw: Any, includes: Any) -> Fact:
    """A direct message from a list of API v2."""
    event = part(ConversationEvent, raw)
    at = moment(event.created_at) or happened(event.id) if event else None
    if event is None or at is None or event.event_type != "MessageCreate" or event.text is None:
        return NotUnderstood(PLATFORM, account, f"conversation:{word(raw.get('event_type'))}")
    from_us = event.sender_id == account
    users = [
        part(XUser, each) for each in items(includes.get("users") if isinstance(includes, dict) else None)
    ]
    names = {user.id: user for user in users if user}
    others = [id for id in event.participant_ids if id != account] if from_us else [event.sender_id]
    known = names.get(others[0] or "") if others else None
    # A group conversation has no single recipient.
    other = None
    if len(others) == 1:
        other = author(others[0], known.name if known else None, known.username if known else None)
    return MessageSeen(
        platform=PLATFORM,
        account=account,
        external_id=event.id,
        kind=MessageKind.CHAT,
        text=unescaped(event.text),
        sent_at=at,
        observed_at=at,
        author=None if from_us else other,
        from_us=from_us,
        recipient=other if from_us else None,
    )


def _person(id: str, people: Any) -> Author | None:
    given = people.get(id) if isinstance(people, dict) else None
    if isinstance(given, dict) and isinstance(given.get("data"), dict):
        given = given["data"]
    user = part(DirectUser, given) or DirectUser()
    return author(id, user.name, user.username or user.screen_name)


def _files(entities: V1Entities | None) -> tuple[AttachmentSeen, ...]:
    return tuple(_file(medium) for medium in entities.media) if entities else ()


def _file(medium: V1Medium) -> AttachmentSeen:
    film = best_file(medium.video_info.variants) if medium.video_info else None
    return AttachmentSeen(
        _KINDS.get(medium.type, "other"),
        url=film.url if film else medium.media_url_https,
        mime=film.content_type if film else None,
    )
