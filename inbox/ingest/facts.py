"""Applies facts about one message: seen, edited, deleted, hidden.

The functions are idempotent and do not depend on order: repeated or shuffled facts leave the same rows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inbox import history, replies
from inbox.conversations import contacts, threads
from inbox.ingest import follow_up, storing
from inbox.ingest.follow_up import INGEST, Arrival
from inbox.language.turkish import clean, fold
from inbox.models import (
    Channel,
    Contact,
    FormerText,
    Message,
    RawEvent,
    Reply,
    Thread,
)
from inbox.states import MessageState, ReplyState
from inbox.values import Author, Gone, MessageGone, MessageKind, MessageSeen


def message_seen(session: Session, fact: MessageSeen, channel: Channel, event: RawEvent) -> str:
    """Apply one sighting. Returns what it counts as: messages, changes, repeated, context or ours."""
    fact = _as_ours(session, fact)
    known = _message(session, fact.platform, fact.external_id)
    if known is None:
        if fact.from_us and _is_a_reply_of_ours(session, fact):
            return "ours"
        known = _insert(session, fact, channel, event)
        if known is not None:
            history.record_opened(session, known, by=INGEST)
            if known.state is MessageState.NEW:
                follow_up.follow_up(session, [Arrival.of(known)])
                return "messages"
            return "ours" if fact.from_us else "context"
        known = _message(session, fact.platform, fact.external_id)
        if known is None:
            raise ValueError("a message vanished while it was stored")
    return _seen_again(session, known, fact, channel)


def _as_ours(session: Session, fact: MessageSeen) -> MessageSeen:
    """The fact, marked as ours when its author is another account of ours."""
    if fact.from_us or not storing.is_an_account_of_ours(session, fact):
        return fact
    return replace(fact, from_us=True, author=None)


def _message(session: Session, platform: str, external_id: str) -> Message | None:
    return session.scalar(
        select(Message)
        .where(Message.platform == platform, Message.external_id == clean(external_id))
        .with_for_update()
    )


# --- first sight ------------------------------------------------------------------------------------


def _insert(session: Session, fact: MessageSeen, channel: Channel, event: RawEvent) -> Message | None:
    """The new row, or None when another worker stored the same message first."""
    author = contacts.contact(session, fact.platform, fact.author, fact.observed_at) if fact.author else None
    thread = _thread_for(session, fact, channel, author, is_work=storing.is_work(fact))
    message = session.scalars(
        insert(Message)
        .values(
            storing.columns(
                session,
                fact,
                channel,
                event_id=event.id,
                received_at=event.received_at,
                thread_id=thread.id if thread else None,
                author_id=author.id if author and not fact.from_us else None,
            )
        )
        .on_conflict_do_nothing(index_elements=[Message.platform, Message.external_id])
        .returning(Message)
    ).first()
    if message is None:
        return None
    message.group_id = message.id if storing.is_work(fact) else None
    storing.add_door(session, message, channel)
    storing.add_attachments(session, message, fact)
    return message


def _thread_for(
    session: Session, fact: MessageSeen, channel: Channel, author: Contact | None, *, is_work: bool
) -> Thread | None:
    """The citizen's thread; for a message of ours, that of the citizen it was sent to."""
    if is_work:
        thread = threads.thread(
            session,
            channel,
            conversation=fact.conversation,
            contact=author,
            external_id=clean(fact.external_id),
        )
        threads.record_citizen_message(thread, fact.sent_at)
        return thread
    if fact.recipient is not None:
        citizen = contacts.contact(session, fact.platform, fact.recipient, fact.observed_at)
        return threads.thread(
            session, channel, conversation=None, contact=citizen, external_id=clean(fact.external_id)
        )
    if fact.parent_external_id is None:
        return None
    return session.scalar(
        select(Thread)
        .join(Message, Message.thread_id == Thread.id)
        .where(Message.platform == fact.platform, Message.external_id == fact.parent_external_id)
    )


# --- seen again -------------------------------------------------------------------------------------


def _seen_again(session: Session, message: Message, fact: MessageSeen, channel: Channel) -> str:
    new_door = not fact.from_us and storing.add_door(session, message, channel)
    if new_door:
        history.record(session, "message.door", by=INGEST, message=message, channel=channel)
    if message.state is None and not message.is_ours and fact.kind not in storing.NO_WORK:
        _promote(session, message, fact, channel)
        _apply_text(session, message, fact)
        return "messages"
    if fact.sent_at < message.sent_at:
        _correct_sent_at(session, message, fact.sent_at)
    changed = _apply_text(session, message, fact)
    if fact.author is not None and not message.is_ours:
        # Last: the follow-up in the citizen's thread must see the new time and text.
        _name_author(session, message, fact, fact.author, channel)
    return "changes" if new_door or changed else "repeated"


def _name_author(
    session: Session, message: Message, fact: MessageSeen, author: Author, channel: Channel
) -> None:
    """Set the author, whom the platform may have hidden in the first sighting."""
    contact = contacts.contact(session, fact.platform, author, fact.observed_at)
    if message.author_id is not None:
        return
    message.author_id = contact.id
    if message.state is MessageState.NEW:
        thread = _thread_for(session, fact, channel, contact, is_work=True)
        message.thread_id = thread.id if thread else message.thread_id
        follow_up.follow_up(session, [Arrival.of(message)])


def _correct_sent_at(session: Session, message: Message, sent_at: datetime) -> None:
    """Correct the time of a message first seen as an edit, when an older fact gives its original time."""
    message.sent_at = sent_at
    session.flush()
    if message.is_ours or message.thread_id is None:
        return
    thread = session.get_one(Thread, message.thread_id)
    thread.last_citizen_at = session.scalar(
        select(func.max(Message.sent_at)).where(Message.thread_id == thread.id, Message.state.is_not(None))
    )
    follow_up.follow_change(session, message)


def _apply_text(session: Session, message: Message, fact: MessageSeen) -> bool:
    """Apply the text of another sighting: the same, older or edited. True if the text changed."""
    text = clean(fact.text)
    if fact.kind is MessageKind.UNSUPPORTED and not text:
        return False  # some deletions arrive as "unsupported" for a message whose text we have
    if message.kind is MessageKind.UNSUPPORTED and fact.kind is not MessageKind.UNSUPPORTED:
        message.kind = fact.kind  # first seen without its text, in a hook that carries only ids
        storing.add_attachments(session, message, fact)
    # Of two texts observed at the same time the greater wins, so that the order of arrival does not matter.
    is_older = (fact.observed_at, text) < (message.observed_at, message.text)
    if text == message.text:
        message.observed_at = max(message.observed_at, fact.observed_at)
        message.text_since = min(message.text_since, fact.observed_at)
        if message.edited_at is not None:
            message.edited_at = fact.edited_at or min(message.edited_at, message.text_since)
        return False
    if is_older:
        _keep_former(session, message, text, fact)
        message.edited_at = message.edited_at or message.text_since
        return False
    _keep_former(session, message, message.text, message)
    message.text = text
    message.search_text = fold(text)
    message.observed_at = message.text_since = fact.observed_at
    message.edited_at = fact.edited_at or fact.observed_at
    _after_change(session, message, "edited")
    follow_up.follow_change(session, message)
    return True


def _promote(session: Session, message: Message, fact: MessageSeen, channel: Channel) -> None:
    """Make a message of a post that was stored as context and proves to be addressed to us."""
    author = contacts.contact(session, fact.platform, fact.author, fact.observed_at) if fact.author else None
    thread = _thread_for(session, fact, channel, author, is_work=True)
    known = follow_up.columns(
        session, message.text
    )  # queries the database, so before the row is half changed (autoflush)
    message.kind, message.channel_id = fact.kind, channel.id
    message.author_id = author.id if author else message.author_id
    message.thread_id = thread.id if thread else None
    message.group_id = message.id
    for name, value in known.items():
        setattr(message, name, value)
    history.begin_triage(message)
    history.record_opened(session, message, by=INGEST)
    follow_up.follow_up(session, [Arrival.of(message)])


def _keep_former(session: Session, message: Message, text: str, seen: Message | MessageSeen) -> None:
    session.execute(
        insert(FormerText)
        .values(message_id=message.id, text=text, observed_at=seen.observed_at)
        .on_conflict_do_nothing()
    )


def _after_change(session: Session, message: Message, what: str) -> None:
    """Mark an edit or deletion on the request, and stop approved replies to the old text."""
    history.record(session, f"message.{what}", by=INGEST, message=message)
    if message.state is MessageState.CONVERTED:
        message.changed_after_conversion = True
    ready = session.scalars(
        select(Reply).where(Reply.message_id == message.id, Reply.state == ReplyState.READY).with_for_update()
    ).all()
    for reply in ready:
        replies.back_to_draft(session, reply, reason=what, by=INGEST)


def message_gone(session: Session, fact: MessageGone) -> bool:
    """Apply a deletion, hiding or unhiding. False when the message is not known (yet)."""
    message = _message(session, fact.platform, fact.external_id)
    if message is None:
        return False
    if fact.how is Gone.DELETED:
        if message.deleted_at is None or fact.observed_at < message.deleted_at:
            first = message.deleted_at is None
            message.deleted_at = fact.observed_at
            if first:
                _after_change(session, message, "deleted")
        return True
    if message.visibility_at is not None and fact.observed_at <= message.visibility_at:
        return True
    message.visibility_at = fact.observed_at
    hidden = fact.how is Gone.HIDDEN
    if hidden != (message.hidden_at is not None):
        message.hidden_at = fact.observed_at if hidden else None
        history.record(session, f"message.{fact.how.value}", by=INGEST, message=message)
    return True


# --- our own replies seen on the platform -----------------------------------------------------------


def _is_a_reply_of_ours(session: Session, fact: MessageSeen) -> bool:
    """Match a message of ours to its Reply, and mark that one as sent if it was not."""
    reply = replies.match(session, fact)
    if reply is None:
        return False
    if reply.external_id is None:
        replies.mark_sent(session, reply, fact.external_id, by=INGEST)
    return True


__all__ = ["message_gone", "message_seen"]
