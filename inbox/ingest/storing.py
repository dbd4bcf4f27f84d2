"""The rows of a message seen for the first time: its columns, door and attachments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inbox import channels
from inbox.ingest import follow_up
from inbox.language.turkish import clean, fold
from inbox.models import Attachment, Channel, Message, MessageDoor
from inbox.states import AttachmentState, Intent, MessageState, Urgency
from inbox.values import AttachmentSeen, MessageKind, MessageSeen

NO_WORK = (MessageKind.POST,)


def is_work(fact: MessageSeen) -> bool:
    """Whether it needs triage: not our own messages, and not posts, which are only context."""
    return not fact.from_us and fact.kind not in NO_WORK


def is_an_account_of_ours(session: Session, fact: MessageSeen) -> bool:
    """Whether the author of a public message is one of our accounts, reported like any other user."""
    if fact.author is None or fact.kind is MessageKind.CHAT:
        return False
    return any(channels.of_account(session, fact.platform, key.value) for key in fact.author.keys)


def columns(
    session: Session,
    fact: MessageSeen,
    channel: Channel,
    *,
    event_id: int,
    received_at: datetime,
    thread_id: int | None,
    author_id: int | None,
) -> dict[str, Any]:
    """The column values of a new message, by name."""
    text = clean(fact.text)
    row = {
        "platform": fact.platform,
        "external_id": clean(fact.external_id),
        "channel_id": channel.id,
        "thread_id": thread_id,
        "author_id": author_id,
        "kind": fact.kind,
        "is_ours": fact.from_us,
        "text": text,
        "search_text": fold(text),
        "conversation": fact.conversation,
        "parent_external_id": fact.parent_external_id,
        "permalink": fact.permalink,
        "button": fact.button,
        "language": fact.language,
        "sent_at": fact.sent_at,
        "received_at": received_at,
        "observed_at": fact.observed_at,
        "text_since": fact.observed_at,
        "edited_at": fact.edited_at,
        "raw_event_id": event_id,
        "state": MessageState.NEW if is_work(fact) else None,
        "version": 1,
        "intent": Intent.REQUEST,
        "urgency": Urgency.NORMAL,
        "changed_after_conversion": False,
    }
    return row | follow_up.columns(session, text) if is_work(fact) else row


def add_door(session: Session, message: Message, channel: Channel) -> bool:
    """Record that a message reached us by this channel. False when that was known."""
    added = session.execute(
        insert(MessageDoor)
        .values(message_id=message.id, channel_id=channel.id)
        .on_conflict_do_nothing()
        .returning(MessageDoor.id)
    ).first()
    return added is not None


def add_attachments(session: Session, message: Message, fact: MessageSeen) -> None:
    """Insert the attachments of a message, each position once."""
    if not fact.attachments:
        return
    session.execute(
        insert(Attachment)
        .values(attachment_rows(message.id, fact.attachments))
        .on_conflict_do_nothing(index_elements=[Attachment.message_id, Attachment.position])
    )


def attachment_rows(message_id: int, attachments: Iterable[AttachmentSeen]) -> list[dict[str, Any]]:
    """The rows of a message's attachments, in state PENDING."""
    return [
        {
            "message_id": message_id,
            "position": position,
            "kind": seen.kind,
            "media_id": seen.media_id,
            "url": seen.url,
            "mime": seen.mime,
            "name": clean(seen.name) if seen.name else None,
            "latitude": seen.latitude,
            "longitude": seen.longitude,
            "state": AttachmentState.PENDING,
        }
        for position, seen in enumerate(attachments)
    ]
