"""Numbers that change hands: a citizen keeps their conversation, and no stranger gets what was meant for it.

What waits to go out to a key that its citizen has lost is stopped for a person to decide: approved again, it
goes to the keys the citizen has then.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from inbox import history, replies
from inbox.clock import now
from inbox.models import Contact, ContactKey, Message, Person, Reply, Thread
from inbox.states import ReplyState
from inbox.turkish import clean
from inbox.values import Author, AuthorKey, MessageKind, PersonMoved

BY = "ingest"
REASON = "number_changed"


def person_moved(session: Session, fact: PersonMoved) -> None:
    """Let the citizen go by the new key, and by the old one no more.

    Told late, or once more, it changes nothing: whoever has the old key may be its next owner.
    """
    held = _held(session, fact.old)
    if held is None or held.value == (clean(fact.new.value) if fact.new else None):
        return
    contact = session.get_one(Contact, held.contact_id)
    first = session.scalar(select(func.min(Message.sent_at)).where(_said_by(contact)))
    if first is not None and first > fact.observed_at:
        return
    if fact.new is not None:
        other = _held(session, fact.new)
        if other is None:
            held.scope, held.value = fact.new.scope, clean(fact.new.value)
        else:
            _lose(session, held)
            if other.contact_id != contact.id:
                _join(session, contact, session.get_one(Contact, other.contact_id))
        if contact.phone == fact.old.value:
            contact.phone = fact.new.value
    _stop_replies(session, contact)


def take_over(session: Session, author: Author, observed_at: datetime) -> None:
    """Take from others the lesser keys of an author who goes by another surest key than they do.

    A number under a new id of the platform's own is a new owner's: they are not who had it before. Whoever
    wrote last from it has it, in whatever order that was told.
    """
    for key in author.keys[1:]:
        surest, held = author.keys[0], _held(session, key)
        if held is None:
            continue
        names = set(
            session.scalars(
                select(ContactKey.value).where(
                    ContactKey.contact_id == held.contact_id, ContactKey.scope == surest.scope
                )
            )
        )
        if not names or clean(surest.value) in names:
            continue
        contact = session.get_one(Contact, held.contact_id)
        last = session.scalar(select(func.max(Message.sent_at)).where(_said_by(contact)))
        if last is None or last < observed_at:
            if contact.phone == held.value:
                contact.phone = None
            _lose(session, held)
            _stop_replies(session, contact)


def _said_by(contact: Contact) -> ColumnElement[bool]:
    """What this citizen said, by way of their conversations: there is no other index to them."""
    own = select(Thread.id).where(Thread.contact_id == contact.id)
    return and_(Message.thread_id.in_(own), Message.author_id == contact.id)


def _held(session: Session, key: AuthorKey) -> ContactKey | None:
    return session.scalar(
        select(ContactKey).where(ContactKey.scope == key.scope, ContactKey.value == clean(key.value))
    )


def _lose(session: Session, held: ContactKey) -> None:
    session.execute(delete(ContactKey).where(ContactKey.id == held.id))


def _join(session: Session, one: Contact, other: Contact) -> None:
    """Two contacts are one citizen. Undone as every joining is."""
    person_id = one.person_id or other.person_id
    if person_id is None:
        person = Person(created_at=now())
        session.add(person)
        session.flush()
        person_id = person.id
    session.execute(update(Contact).where(Contact.id.in_((one.id, other.id))).values(person_id=person_id))


def _stop_replies(session: Session, contact: Contact) -> None:
    """What waits for this citizen's private ear is a draft again, with the reason."""
    waiting = session.scalars(
        select(Reply)
        .join(Message, Reply.message_id == Message.id)
        .where(
            _said_by(contact),
            or_(Message.kind == MessageKind.CHAT, Reply.in_private),
            Reply.state.in_((ReplyState.READY, ReplyState.DRAFT)),
        )
        .order_by(Reply.id)
        .with_for_update(of=Reply)
    ).all()
    for reply in waiting:
        if reply.state is ReplyState.READY:
            replies.back_to_draft(session, reply, reason=REASON, by=BY)
        elif reply.draft_reason != REASON:
            history.revise(session, reply, by=BY, draft_reason=REASON)
