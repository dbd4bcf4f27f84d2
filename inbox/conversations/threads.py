"""Threads: one citizen's conversation under one public post, or their private chat with a channel.

The unique key decides races: if two workers insert the same thread, the second one finds the first one's.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inbox.errors import InvalidInput
from inbox.models import Channel, Contact, Message, Thread
from inbox.refusals import Why


def thread(
    session: Session,
    channel: Channel,
    *,
    conversation: str | None,
    contact: Contact | None,
    external_id: str,
) -> Thread:
    """Find or create a thread. Without `conversation` it is a private chat.

    If the platform hides the author (`contact` is None), each comment gets a thread of its own.
    """
    key = thread_key(conversation, contact.id if contact else f"unknown:{external_id}")
    known = select(Thread).where(Thread.channel_id == channel.id, Thread.key == key)
    if (thread := session.scalars(known).first()) is not None:
        return thread
    made = session.scalars(
        insert(Thread)
        .values(
            channel_id=channel.id,
            key=key,
            conversation=conversation,
            contact_id=contact.id if contact else None,
        )
        .on_conflict_do_nothing(index_elements=[Thread.channel_id, Thread.key])
        .returning(Thread)
    ).first()
    if made is not None:
        return made
    return session.scalars(known).one()


def thread_key(conversation: str | None, who: int | str) -> str:
    """The key of a thread within its channel: the public post, if any, and the citizen."""
    return f"{conversation or 'chat'}|{who}"


def record_citizen_message(thread: Thread, sent_at: datetime) -> None:
    """Record that the citizen wrote at `sent_at` (the platform's clock), which renews the reply window."""
    if thread.last_citizen_at is None or thread.last_citizen_at < sent_at:
        thread.last_citizen_at = sent_at


def of_message(session: Session, message: Message) -> Thread:
    """The thread of a message, whichever account answers. Raises InvalidInput for one of our posts."""
    if message.thread_id is None:
        raise InvalidInput("message", Why.NOBODY_TO_ANSWER)
    return session.get_one(Thread, message.thread_id)
