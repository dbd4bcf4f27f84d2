"""Turns private messages of Facebook pages and Instagram accounts, which share one format, into facts.

Source: Messenger Platform, "Webhooks reference"; Instagram Platform, "Webhooks: messaging".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from connectors.meta import Moment
from connectors.payload import Id, PayloadShape, items, part, word
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
    Receipt,
    ReplyReceipt,
)

# Meta's attachment types to ours; all others are "other".
_ATTACHMENT_KINDS = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "file": "document",
    "location": "location",
    "sticker": "sticker",
    **dict.fromkeys(
        (
            "fallback",
            "share",
            "post",
            "ig_post",
            "ig_story",
            "media_share",
            "reel",
            "ig_reel",
            "story_mention",
        ),
        "link",
    ),
}
# Types of messages whose content Meta does not show to programs.
_UNSHOWN = {"ephemeral", "unsupported_type"}


class _Party(PayloadShape):
    id: Id | None = None


class _Coordinates(PayloadShape):
    lat: float
    long: float


class _Payload(PayloadShape):
    url: str | None = None
    title: str | None = None
    sticker_id: Id | None = None
    attachment_id: Id | None = None
    coordinates: _Coordinates | None = None


class _MessageAttachment(PayloadShape):
    type: str | None = None
    title: str | None = None
    url: str | None = None
    payload: _Payload | None = None


class _QuickReply(PayloadShape):
    payload: str | None = None


class _Story(PayloadShape):
    url: str | None = None


class _ReplyTo(PayloadShape):
    mid: Id | None = None
    story: _Story | None = None


class _Message(PayloadShape):
    mid: Id
    text: str | None = None
    is_echo: bool = False
    is_deleted: bool = False
    metadata: str | None = None
    attachments: Any = None
    quick_reply: _QuickReply | None = None
    reply_to: _ReplyTo | None = None


class _Postback(PayloadShape):
    mid: Id | None = None
    title: str | None = None
    payload: str | None = None


class _Edit(PayloadShape):
    mid: Id
    text: str


class _Receipt(PayloadShape):
    mid: Id | None = None
    mids: list[Id] | None = None


class _Event(PayloadShape):
    sender: _Party = _Party()
    recipient: _Party = _Party()
    timestamp: Moment = None
    message: _Message | None = None
    message_edit: _Edit | None = None
    postback: _Postback | None = None
    delivery: _Receipt | None = None
    read: _Receipt | None = None


@dataclass(frozen=True, slots=True)
class _Heard:
    """One event with our account and the citizen."""

    platform: str
    account: str
    citizen: str | None
    from_us: bool
    sent_at: datetime
    observed_at: datetime

    def author(self) -> Author | None:
        if self.citizen is None:
            return None
        return Author(keys=(AuthorKey(f"{self.platform}:{self.account}", self.citizen),))

    def seen(
        self, external_id: str, text: str, *, kind: MessageKind = MessageKind.CHAT, **more: Any
    ) -> MessageSeen:
        return MessageSeen(
            platform=self.platform,
            account=self.account,
            external_id=external_id,
            kind=kind,
            text=text,
            sent_at=self.sent_at,
            observed_at=self.observed_at,
            author=None if self.from_us else self.author(),
            from_us=self.from_us,
            recipient=self.author() if self.from_us else None,
            **more,
        )


def message_facts(
    platform: str, raw: Any, *, entry_id: str | None, entry_time: datetime | None
) -> Iterator[Fact]:
    """The facts of one element of `messaging` or `standby`. The element itself names the account."""
    kind = _kind_of_event(raw)
    try:
        event = _Event.model_validate(raw)
    except ValidationError:
        yield NotUnderstood(platform, entry_id, f"messaging:{kind}:unreadable")
        return
    heard = _heard(platform, event, entry_id, entry_time)
    if heard is None:
        yield NotUnderstood(platform, entry_id, f"messaging:{kind}:nobody")
        return
    if event.message is not None:
        yield _message(heard, event.message)
    elif event.message_edit is not None:
        edit = event.message_edit
        yield heard.seen(edit.mid, edit.text, edited_at=heard.sent_at)
    elif event.postback is not None:
        yield _postback(heard, event.postback)
    elif event.delivery is not None and event.delivery.mids:
        for mid in event.delivery.mids:
            yield ReplyReceipt(platform, heard.account, mid, Receipt.DELIVERED, heard.sent_at)
    elif event.read is not None and event.read.mid:
        yield ReplyReceipt(platform, heard.account, event.read.mid, Receipt.READ, heard.sent_at)
    else:
        # Receipts with only a watermark ("everything before this time") name no message.
        yield NotUnderstood(platform, heard.account, f"messaging:{kind}")


def _kind_of_event(raw: Any) -> str:
    about = {"sender", "recipient", "timestamp", "prior_message", "is_standby"}
    named = (key for key in raw if key not in about) if isinstance(raw, dict) else iter(())
    return word(next(named, "empty"))


def _heard(platform: str, event: _Event, entry_id: str | None, entry_time: datetime | None) -> _Heard | None:
    """The account and citizen of an event. In an echo the account is the sender, but some swap the two."""
    sender, recipient = event.sender.id, event.recipient.id
    echo = event.message is not None and event.message.is_echo
    from_us = echo or (sender is not None and sender == entry_id != recipient)
    if entry_id is not None and entry_id in (sender, recipient):
        account: str | None = entry_id
        citizen = recipient if sender == entry_id else sender
    else:
        account, citizen = (sender, recipient) if from_us else (recipient, sender)
    moment = event.timestamp or entry_time
    account = account or entry_id
    if account is None or moment is None:
        return None
    return _Heard(
        platform=platform,
        account=account,
        citizen=None if citizen == account else citizen,
        from_us=from_us,
        sent_at=moment,
        observed_at=max(moment, entry_time) if entry_time and _is_change(event) else moment,
    )


def _is_change(event: _Event) -> bool:
    """Whether it was edited or unsent. Then the batch's time counts: the event may have the original one."""
    return event.message_edit is not None or (event.message is not None and event.message.is_deleted)


def _message(heard: _Heard, message: _Message) -> Fact:
    if message.is_deleted:
        return MessageGone(heard.platform, heard.account, message.mid, Gone.DELETED, heard.observed_at)
    attached = [part(_MessageAttachment, one) or _MessageAttachment() for one in items(message.attachments)]
    story = message.reply_to.story if message.reply_to else None
    attachments = tuple(_attachment(one) for one in attached)
    if story is not None:
        attachments += (AttachmentSeen(kind="link", url=story.url),)
    button = message.quick_reply.payload if message.quick_reply else None
    shown = bool(message.text or button or story) or any(one.type not in _UNSHOWN for one in attached)
    return heard.seen(
        message.mid,
        message.text or "",
        kind=MessageKind.CHAT if shown else MessageKind.UNSUPPORTED,
        attachments=attachments,
        button=button,
        parent_external_id=message.reply_to.mid if message.reply_to else None,
        our_reference=message.metadata if heard.from_us else None,
    )


def _attachment(attached: _MessageAttachment) -> AttachmentSeen:
    payload = attached.payload or _Payload()
    kind = "sticker" if payload.sticker_id else _ATTACHMENT_KINDS.get(attached.type or "", "other")
    place = payload.coordinates
    return AttachmentSeen(
        kind=kind,
        media_id=payload.attachment_id or payload.sticker_id,
        url=payload.url or attached.url,
        name=attached.title or payload.title,
        latitude=place.lat if place else None,
        longitude=place.long if place else None,
    )


def _postback(heard: _Heard, postback: _Postback) -> Fact:
    """A pressed button. Older ones have no id, so citizen and time form one."""
    milliseconds = int(heard.sent_at.timestamp() * 1000)
    made = f"postback:{heard.account}:{heard.citizen or 'unknown'}:{milliseconds}"
    return heard.seen(postback.mid or made, postback.title or "", button=postback.payload or "")
