"""Fills the texts of the library for one citizen."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import city
from inbox.errors import InvalidInput
from inbox.language.placeholders import Filling, render, variables, variant
from inbox.language.salutation import salutation
from inbox.models import (
    Answer,
    Category,
    Channel,
    Contact,
    Message,
    Neighbourhood,
    Reply,
    ReplyText,
    TrackedRequest,
    Unit,
)
from inbox.refusals import Why
from inbox.states import Outcome
from inbox.values import MessageKind, ReplyKind

SALUTATION = "{salutation}"
"""Stands for the citizen's salutation in a text for many."""


def _library(
    session: Session, kind: ReplyKind, *, public: bool, voice: str, outcome: Outcome | None = None
) -> list[ReplyText]:
    """The active Turkish texts for this case, the most specific first."""
    scope = "public" if public else "private"
    fitting = session.scalars(
        select(ReplyText).where(
            ReplyText.kind == kind.value,
            ReplyText.language == "tr",
            ReplyText.is_active,
            ReplyText.scope.in_((scope, "any")),
            ReplyText.voice.in_((voice, "any")),
            ReplyText.outcome == (outcome.value if outcome else None),
        )
    ).all()
    return sorted(fitting, key=lambda text: (text.scope == "any", text.voice == "any", text.key))


def _fill(
    session: Session,
    kind: ReplyKind,
    values: Mapping[str, Filling],
    *,
    public: bool,
    voice: str,
    turn: int,
    outcome: Outcome | None = None,
) -> str:
    """The first text whose placeholders all have values, rendered. Raises InvalidInput when there is none."""
    for text in _library(session, kind, public=public, voice=voice, outcome=outcome):
        chosen = variant(text.variants, turn)
        if variables(chosen) <= values.keys():
            return render(chosen, values)
    raise InvalidInput("texts", Why.NO_TEXT, wanted=(kind, outcome) if outcome else kind)


def _greeting(session: Session, message: Message) -> str:
    author = session.get(Contact, message.author_id) if message.author_id else None
    return salutation(author.name if author else None)


def _about(session: Session, request: TrackedRequest, channel: Channel) -> dict[str, Filling]:
    """The values that every text about a request may use."""
    profile = city.current_profile(session)
    place = session.get(Neighbourhood, request.neighbourhood_id) if request.neighbourhood_id else None
    values: dict[str, Filling] = {
        "number": request.number,
        "unit": session.get_one(Unit, request.unit_id).name_tr,
        "category": session.get_one(Category, request.category_id).name_tr,
        "city": profile.name,
        "phone": profile.phone,
        "signature": profile.signatures.get(channel.voice, ""),
    }
    if place is not None:
        values["neighbourhood"] = place.name_tr
    return values


def acknowledgement(session: Session, request: TrackedRequest, message: Message, channel: Channel) -> str:
    """The acknowledgement: the request's number and unit. Raises InvalidInput without a library text."""
    values = _about(session, request, channel)
    return _fill(
        session,
        ReplyKind.ACKNOWLEDGEMENT,
        {**values, "salutation": _greeting(session, message)},
        public=message.kind is not MessageKind.CHAT,
        voice=channel.voice,
        turn=request.id,
    )


def answer(session: Session, request: TrackedRequest, answer: Answer, message: Message) -> str:
    """The unit's answer as a reply to the author of `message`. Raises InvalidInput without a library text."""
    return addressed_to(session, _answer_text(session, request, answer, message), message)


def _answer_text(session: Session, request: TrackedRequest, answer: Answer, message: Message) -> str:
    """The unit's answer in the library's text, with the salutation still a placeholder."""
    channel = session.get_one(Channel, message.channel_id)
    values = _about(session, request, channel)
    values["text"] = answer.text
    values["reason"] = answer.text
    values["salutation"] = SALUTATION
    unit = session.get_one(Unit, answer.unit_id)
    if answer.outcome is Outcome.OUTSIDE and unit.is_outside:
        values["body"] = unit.name_tr
        if unit.hotline:
            values["hotline"] = unit.hotline
    if answer.until is not None:
        values["day"] = answer.until
    return _fill(
        session,
        ReplyKind.INTERIM if answer.outcome is Outcome.PLANNED else ReplyKind.ANSWER,
        values,
        public=message.kind is not MessageKind.CHAT,
        voice=channel.voice,
        turn=message.id,
        outcome=answer.outcome,
    )


def shared_words(session: Session, request: TrackedRequest) -> str | None:
    """The common text of the drafts of the latest answer, with `{salutation}`; None without an answer."""
    latest = session.scalars(
        select(Answer).where(Answer.request_id == request.id).order_by(Answer.id.desc()).limit(1)
    ).first()
    first = session.scalars(
        select(Message).where(Message.request_id == request.id).order_by(Message.id).limit(1)
    ).first()
    if latest is None or first is None:
        return None
    return _answer_text(session, request, latest, first)


def addressed_to(session: Session, text: str, message: Message) -> str:
    """`text` with `{salutation}` filled for the author of `message`."""
    return text.replace(SALUTATION, _greeting(session, message))


def addressed(session: Session, reply: Reply, text: str) -> str:
    """`text` with `{salutation}` filled for the citizen of `reply`."""
    return addressed_to(session, text, session.get_one(Message, reply.message_id))


def rating_question(session: Session, answer: Reply, message: Message, *, private: bool) -> str | None:
    """The question for a rating of `answer`; None when the library has no text for it."""
    channel = session.get_one(Channel, answer.channel_id)
    request = session.get_one(TrackedRequest, answer.request_id or 0)
    values = {**_about(session, request, channel), "salutation": _greeting(session, message)}
    try:
        return _fill(
            session,
            ReplyKind.RATING,
            values,
            public=not private,
            voice=channel.voice,
            turn=answer.id,
        )
    except InvalidInput:
        return None


__all__ = [
    "SALUTATION",
    "acknowledgement",
    "addressed",
    "answer",
    "rating_question",
    "shared_words",
]
