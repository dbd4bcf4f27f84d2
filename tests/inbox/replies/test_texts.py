"""The city's ready texts, chosen by where they are said and filled for one citizen."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, select

from inbox import queries
from inbox.db import transaction
from inbox.errors import InvalidInput
from inbox.models import Message, Reply, ReplyText
from inbox.replies import texts
from inbox.states import Outcome
from inbox.values import MessageSeen
from tests.support.steps import respond

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def add_acknowledgement(scope: str, voice: str, words: str, *, is_active: bool = True) -> None:
    with transaction() as session:
        session.add(
            ReplyText(
                key=f"{scope}-{voice}",
                kind="acknowledgement",
                language="tr",
                scope=scope,
                voice=voice,
                variants=[words],
                is_active=is_active,
            )
        )


def acknowledged(number: int, *, voice: str = "municipality") -> str:
    with transaction() as session:
        request = queries.request(session, number)
        message = session.scalars(select(Message).where(Message.request_id == request.id)).one()
        channel = queries.channel(session, "x-belediye")
        channel.voice = voice
        return texts.acknowledgement(session, request, message, channel)


def test_the_most_particular_text_that_fits_is_said(request_number: int) -> None:
    assert "alındı" in acknowledged(request_number)
    add_acknowledgement("public", "any", "herkese {number}")
    assert acknowledged(request_number) == f"herkese {request_number}"
    add_acknowledgement("public", "mayor", "başkandan {number}")
    assert acknowledged(request_number) == f"herkese {request_number}"
    assert acknowledged(request_number, voice="mayor") == f"başkandan {request_number}"


def test_a_text_for_chats_or_out_of_use_is_not_said_in_public(request_number: int) -> None:
    add_acknowledgement("private", "any", "yalnız sana {number}")
    add_acknowledgement("public", "municipality", "eskiden {number}", is_active=False)
    assert "alındı" in acknowledged(request_number)


def test_a_text_whose_gap_nothing_fills_gives_way_to_one_that_can_be_filled(request_number: int) -> None:
    add_acknowledgement("public", "any", "{neighbourhood} için {number}")
    assert "alındı" in acknowledged(request_number)


def test_a_library_without_words_refuses_what_must_be_said_and_skips_what_need_not(
    request_number: int,
) -> None:
    respond(request_number)
    with transaction() as session:
        session.execute(delete(ReplyText))
    with pytest.raises(InvalidInput) as refusal:
        acknowledged(request_number)
    assert refusal.value.field == "texts"
    with transaction() as session:
        answer = session.scalars(select(Reply).order_by(Reply.id.desc()).limit(1)).one()
        message = session.get_one(Message, answer.message_id)
        assert texts.rating_question(session, answer, message, private=False) is None


def test_one_text_for_many_keeps_the_salutation_open_and_each_gets_their_own(
    seen: Seen, arrive: Arrive, request_number: int
) -> None:
    respond(request_number)
    with transaction() as session:
        shared = texts.shared_words(session, queries.request(session, request_number))
        assert shared is not None
        assert shared.startswith(texts.SALUTATION)
        reply = session.scalars(select(Reply).order_by(Reply.id.desc()).limit(1)).one()
        assert texts.addressed(session, reply, shared).startswith("Sayın Ayse Yılmaz,")
        assert texts.SALUTATION not in reply.text


def test_a_body_outside_is_named_with_its_telephone(
    city: SimpleNamespace, seen: Seen, arrive: Arrive, request_number: int
) -> None:
    with transaction() as session:
        row = session.scalars(select(ReplyText).where(ReplyText.outcome == Outcome.OUTSIDE)).one()
        row.variants = ["{body} ({hotline}): {text}"]
        queries.request(session, request_number).unit_id = city.water.id
    respond(request_number, "outside")
    with transaction() as session:
        assert (
            session.scalars(select(Reply.text).order_by(Reply.id.desc()).limit(1))
            .one()
            .startswith("İSKİ (185): ")
        )
