"""Asks citizens to rate an answer, and stores their ratings.

Only answers are rated. The question is sent outside the quiet hours, with buttons where the platform has
them. The rating may come as a button, a number, or a number with words that a moderator reads.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from inbox import city, history, platforms, replies
from inbox.clock import now
from inbox.errors import InvalidInput
from inbox.history import Actor
from inbox.models import Message, Note, Rating, Reply, Thread
from inbox.refusals import Why
from inbox.replies import texts
from inbox.states import Intent, MessageState, ReplyState
from inbox.values import MessageKind, ReplyKind

RATINGS = "ratings"
_BUTTON = re.compile(r"rate-(\d{1,18})-([1-5])")
# Matches "5", "4/5", "⭐⭐⭐", "1 - hâlâ aynı", but not "3 gündür su yok": words need a separator.
_VERDICT = re.compile(
    r"(?:([1-5])(?:\s*/\s*5|\s*(?:puan|yıldız|yildiz|stars?))?|([⭐★]{1,5}))\s*(?:$|[.,!;:\n–-]\s*(.*))",
    re.DOTALL | re.IGNORECASE,
)
ASKED_LATELY = timedelta(days=14)


def choices(reply: Reply) -> list[tuple[str, str]]:
    """The five choices where a platform has buttons: (id, title)."""
    return [(f"rate-{reply.id}-{stars}", "⭐" * stars) for stars in range(5, 0, -1)]


def due_to_ask(session: Session, *, limit: int) -> list[Reply]:
    """Sent answers to ask about, locked. Not for emergencies, and not for answers older than ASKED_LATELY."""
    question = aliased(Reply)
    return list(
        session.scalars(
            select(Reply)
            .join(Message, Reply.message_id == Message.id)
            .where(
                Reply.kind == ReplyKind.ANSWER,
                Reply.state == ReplyState.SENT,
                Reply.platform.in_(platforms.connected()),
                Reply.request_id.is_not(None),
                Reply.sent_at > now() - ASKED_LATELY,
                Message.intent != Intent.EMERGENCY,
                Message.deleted_at.is_(None),
                ~exists().where(question.rates_reply_id == Reply.id),
            )
            .order_by(Reply.sent_at)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Reply)
        )
    )


def ask(session: Session, answer: Reply) -> Reply | None:
    """Send the question for a rating of one answer, outside the quiet hours. None without a library text.

    The text comes from the library and needs no approval. Raises InvalidInput when it may not be sent.
    """
    message = session.get_one(Message, answer.message_id)
    is_chat, traits = message.kind is MessageKind.CHAT, platforms.traits(answer.platform)
    in_private = traits.rating_in_private and not is_chat
    text = texts.rating_question(session, answer, message, private=is_chat or in_private)
    if text is None:
        return None
    question = replies.draft(
        session,
        message,
        session.get_one(Thread, answer.thread_id),
        kind=ReplyKind.RATING,
        text=text,
        by=RATINGS,
        channel_id=answer.channel_id,
        request=None,
        rates=answer,
        choices=choices(answer) if traits.has_choices and is_chat else (),
        in_private=in_private,
        not_before=_when_to_ask(session),
    )
    question.request_id = answer.request_id
    replies.approve(session, question, by=RATINGS)
    return question


def _when_to_ask(session: Session) -> datetime:
    """`rating_delay_minutes` from now, or the end of the quiet hours if that falls into them."""
    profile = city.current_profile(session)
    return profile.after_quiet_hours(now() + timedelta(minutes=profile.rating_delay_minutes))


def may_be_a_verdict(text: str, button: str | None) -> bool:
    """Whether a message looks like a rating; needs no query."""
    return button is not None or _verdict_in(text) is not None


def _verdict_in(text: str) -> re.Match[str] | None:
    return _VERDICT.fullmatch(text.replace("\ufe0f", "").strip())


def take_verdict(session: Session, message: Message) -> bool:
    """Store `message` as a rating if it is one. True when that ends its triage: it holds no other words.

    A rating is one of our buttons, or a number from a citizen whom we asked and who has not rated yet. A
    message gives one rating at most; calling this again changes nothing.
    """
    if not may_be_a_verdict(message.text, message.button) or _is_verdict(session, message):
        return False
    if message.button and (chosen := _BUTTON.fullmatch(message.button)):
        asked = session.get(Reply, int(chosen[1]))
        if asked is None or not _same_citizen(session, asked, message) or _rated(session, asked):
            return False
        rate(session, asked, stars=int(chosen[2]), by=RATINGS, message=message)
        _end_triage(session, message)
        return True
    verdict = _verdict_in(message.text)
    asked = _asked(session, message) if verdict else None
    if verdict is None or asked is None:
        return False
    stars = int(verdict[1]) if verdict[1] else len(verdict[2])
    words = (verdict[3] or "").strip()
    rate(session, asked, stars=stars, text=words or None, by=RATINGS, message=message)
    if words:
        return False
    _end_triage(session, message)
    return True


def rate(
    session: Session,
    reply: Reply,
    *,
    stars: int,
    by: Actor,
    text: str | None = None,
    message: Message | None = None,
) -> Rating:
    """Store a rating of one answer. Raises InvalidInput when it is not a sent answer or is rated already."""
    if reply.kind is not ReplyKind.ANSWER or reply.state is not ReplyState.SENT:
        raise InvalidInput("reply", Why.NOT_RATEABLE)
    if not 1 <= stars <= 5:
        raise InvalidInput("stars", Why.STARS)
    if _rated(session, reply):
        raise InvalidInput("reply", Why.RATED_ALREADY)
    rating = Rating(
        reply_id=reply.id,
        message_id=message.id if message else None,
        stars=stars,
        text=text,
        rated_at=message.sent_at if message else now(),
    )
    session.add(rating)
    history.record(session, "reply.rated", by=by, reply=reply, details={"stars": stars})
    session.flush()
    return rating


def _rated(session: Session, reply: Reply) -> bool:
    return session.scalar(select(Rating.id).where(Rating.reply_id == reply.id)) is not None


def _is_verdict(session: Session, message: Message) -> bool:
    """Whether the message gave a rating. Searches by the author's messages, because that uses an index."""
    answered = aliased(Message)
    return (
        session.scalar(
            select(Rating.id)
            .join(Reply, Rating.reply_id == Reply.id)
            .join(answered, Reply.message_id == answered.id)
            .where(answered.author_id == message.author_id, Rating.message_id == message.id)
        )
        is not None
    )


def _same_citizen(session: Session, asked: Reply, message: Message) -> bool:
    first = session.get_one(Message, asked.message_id)
    return first.author_id is not None and first.author_id == message.author_id


def _asked(session: Session, message: Message) -> Reply | None:
    """The unrated answer that this citizen was asked about last on this channel."""
    if message.author_id is None:
        return None
    question = session.scalars(
        select(Reply)
        .join(Message, Reply.message_id == Message.id)
        .where(
            Reply.kind == ReplyKind.RATING,
            Reply.state == ReplyState.SENT,
            Reply.channel_id == message.channel_id,
            Message.author_id == message.author_id,
            Reply.sent_at > now() - ASKED_LATELY,
            Reply.rates_reply_id.not_in(select(Rating.reply_id)),
        )
        .order_by(Reply.id.desc())
        .limit(1)
    ).first()
    return session.get(Reply, question.rates_reply_id) if question and question.rates_reply_id else None


def _end_triage(session: Session, message: Message) -> None:
    """Dismiss a message that holds nothing but a rating."""
    session.add(
        Note(
            message_id=message.id, use="dismiss", text="rated", written_at=now(), reason_id=None, user_id=None
        )
    )
    history.move(session, message, MessageState.DISMISSED, by=RATINGS, details={"because": "rated"})
