"""Who speaks, and in which conversation: contacts by their keys, threads by channel and key.

Unique keys decide races: of two first messages of one person at one moment, one makes the contact and the
thread, the other finds them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.models import Channel, Contact, ContactKey, Thread
from inbox.turkish import clean
from inbox.values import Author


def contact(session: Session, platform: str, author: Author, observed_at: datetime) -> Contact:
    """The contact that goes by any of the author's keys, the surest first; made if there is none.

    Names are those of the youngest sighting: an older one, arriving late, fills gaps alone.
    """
    known = find(session, author)
    if known is None:
        known = _made(session, platform, author)
    else:
        _add_keys(session, known, author)
    is_younger = known.named_at is None or known.named_at < observed_at
    is_same_moment = known.named_at == observed_at
    shown = {
        "name": clean(author.name) if author.name else None,
        "handle": clean(author.handle) if author.handle else None,
        "phone": author.phone,
    }
    for field, value in shown.items():
        shown_before = getattr(known, field)
        if value and (is_younger or shown_before is None or (is_same_moment and shown_before < value)):
            setattr(known, field, value)
    if is_younger and author.name:
        known.named_at = observed_at
    return known


def find(session: Session, author: Author) -> Contact | None:
    """The contact that goes by any of the author's keys, the surest first; None when there is none."""
    for key in author.keys:
        found = session.scalar(
            select(Contact)
            .join(ContactKey)
            .where(ContactKey.scope == key.scope, ContactKey.value == clean(key.value))
        )
        if found is not None:
            return found
    return None


def _made(session: Session, platform: str, author: Author) -> Contact:
    fresh = Contact(platform=platform, first_seen_at=now())
    session.add(fresh)
    session.flush()
    if _add_keys(session, fresh, author) or not author.keys:
        return fresh
    # Another worker made this citizen between our look and our insert; theirs counts.
    session.delete(fresh)
    session.flush()
    known = find(session, author)
    if known is None:
        raise ValueError("a contact's keys vanished while it was made")
    return known


def _add_keys(session: Session, contact: Contact, author: Author) -> bool:
    """Give the contact the keys nobody has yet. True when at least one is its own now."""
    if not author.keys:
        return False
    added = session.execute(
        insert(ContactKey)
        .values(
            [
                {"contact_id": contact.id, "scope": key.scope, "value": clean(key.value), "rank": rank}
                for rank, key in enumerate(author.keys)
            ]
        )
        .on_conflict_do_nothing(index_elements=[ContactKey.scope, ContactKey.value])
        .returning(ContactKey.id)
    ).all()
    return bool(added)


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
    who = str(contact.id) if contact else f"unknown:{external_id}"
    key = f"{conversation or 'chat'}|{who}"
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
    return session.scalars(select(Thread).where(Thread.channel_id == channel.id, Thread.key == key)).one()


def heard(thread: Thread, sent_at: datetime) -> None:
    """The citizen wrote at `sent_at` by the platform's clock: the private window counts from the latest."""
    if thread.last_citizen_at is None or thread.last_citizen_at < sent_at:
        thread.last_citizen_at = sent_at
