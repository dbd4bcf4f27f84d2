"""Conversations by channel and key: one citizen under one public post, or their private chat.

A unique key decides races: of two first messages at one moment, one makes the thread, the other finds it.
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
    """One citizen's conversation under one public post, or their private chat with this channel.

    Where the platform hides the author, each comment stands alone under its own `external_id`.
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
    """What tells a thread from the others of its channel: the public post, if any, and who speaks."""
    return f"{conversation or 'chat'}|{who}"


def heard(thread: Thread, sent_at: datetime) -> None:
    """The citizen wrote at `sent_at` by the platform's clock: the private window counts from the latest."""
    if thread.last_citizen_at is None or thread.last_citizen_at < sent_at:
        thread.last_citizen_at = sent_at


def of_message(session: Session, message: Message) -> Thread:
    """The thread a message stands in, whichever of our accounts answers. Raises InvalidInput for a post."""
    if message.thread_id is None:
        raise InvalidInput("message", Why.NOBODY_TO_ANSWER)
    return session.get_one(Thread, message.thread_id)
