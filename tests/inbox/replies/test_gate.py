"""What no reply may be, whoever wrote it and by whatever path it would go out."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from inbox import platforms, queries, replies, tracking
from inbox.conversations import threads
from inbox.db import transaction
from inbox.desk import triage
from inbox.errors import InvalidInput
from inbox.models import Message, Reply, ReplyText
from inbox.refusals import Why
from inbox.replies import gate
from inbox.states import ReplyState
from inbox.tracking import surveys
from inbox.values import MessageSeen, ReplyKind, Sent
from tests.support.steps import approve, claim, end, respond

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]

X_TAKES = 280
LONG = "Asfalt. " * 40  # 319 characters; a page takes it, X does not


@pytest.fixture
def message_of(city: SimpleNamespace, seen: Seen, arrive: Arrive) -> Callable[..., int]:
    """A citizen wrote on this platform; the message's id."""

    def write(platform: str = "x", **more: Any) -> int:
        fact = seen(platform=platform, **more)
        arrive(fact)
        with transaction() as session:
            found = select(Message.id).where(Message.external_id == fact.external_id)
            return session.scalars(found).one()

    return write


def refusal(act: Callable[[Any], object]) -> dict[str, Any]:
    """What the refusal for a text's length tells; nothing of `act` stands afterwards."""
    with pytest.raises(InvalidInput) as refused, transaction() as session:
        act(session)
    assert (refused.value.field, refused.value.why) == ("text", Why.TOO_LONG)
    return dict(refused.value.values)


def drafted(message_id: int, text: str, **more: Any) -> int:
    """A draft that got by without being asked about its length, as a unit's answer does."""
    with transaction() as session:
        message = session.get_one(Message, message_id)
        reply = replies.draft(
            session,
            message,
            threads.of_message(session, message),
            kind=ReplyKind.ANSWER,
            text=text,
            by="test",
            **more,
        )
        session.flush()
        return reply.id


@pytest.mark.parametrize("alone", [True, False], ids=["at once", "for a second pair of eyes"])
def test_an_answer_written_at_the_desk_is_held_to_its_platforms_length(
    message_of: Callable[..., int], alone: bool
) -> None:
    message_id = message_of()

    def answer(session: Any, text: str = LONG) -> Reply:
        return triage.answer(session, session.get_one(Message, message_id), text=text, alone=alone, by="test")

    told = refusal(answer)
    assert (told["length"], told["max_length"], told["where"]) == (len(LONG.strip()), X_TAKES, "X")
    with transaction() as session:
        assert answer(session, "a" * X_TAKES).text


def test_a_text_is_counted_as_its_platform_counts(message_of: Callable[..., int]) -> None:
    link = f"{'a' * 250} https://cozum.example/{'yol/' * 20}"  # X counts any link as 23
    assert len(link) > X_TAKES
    message_id = message_of()
    with transaction() as session:
        assert triage.answer(session, session.get_one(Message, message_id), text=link, by="test").text
        assert gate.length("x", "ğ" * 10 + "🌳", private=False).counted == 12


def test_an_approval_is_held_to_it_too(message_of: Callable[..., int]) -> None:
    reply_id = drafted(message_of(), LONG)

    told = refusal(lambda session: replies.approve(session, session.get_one(Reply, reply_id), by="test"))

    assert told["replies"] == (reply_id,)
    with transaction() as session:
        reply = session.get_one(Reply, reply_id)
        assert reply.state is ReplyState.DRAFT
        replies.approve(session, reply, text="Asfaltlandı.", by="test")


def test_one_text_for_all_is_refused_with_every_reply_it_is_too_long_for(
    message_of: Callable[..., int],
) -> None:
    on_x, on_page, on_x_too = message_of(), message_of("facebook"), message_of(who="bekir")
    with transaction() as session:
        request = tracking.convert(
            session, session.get_one(Message, on_x), unit="fen-isleri", category="yol", by="test"
        )
        for each in (on_page, on_x_too):
            tracking.join(session, request, session.get_one(Message, each), by="test")
        tracking.respond(session, request, outcome="positive", text="Asfaltlandı.", by="test")
        number = request.number
    with transaction() as session:
        of_x = set(session.scalars(select(Reply.id).where(Reply.platform == "x")))
        of_page = session.scalars(select(Reply.id).where(Reply.platform == "facebook")).one()

    def approve_all(session: Any, **more: Any) -> object:
        request = queries.request(session, number)
        return replies.approve_all(session, request, text=LONG, by="test", **more)

    assert set(refusal(approve_all)["replies"]) == of_x
    with transaction() as session:
        assert [reply.id for reply in approve_all(session, except_=of_x)] == [of_page]  # type: ignore[attr-defined]


def test_an_acknowledgement_the_library_made_too_long_waits_for_a_person(
    message_of: Callable[..., int],
) -> None:
    message_id = message_of()
    with transaction() as session:
        words = session.scalars(select(ReplyText).where(ReplyText.kind == ReplyKind.ACKNOWLEDGEMENT)).one()
        words.variants = ["{number} numarasıyla alındı. " + LONG]
    with transaction() as session:
        tracking.convert(
            session,
            session.get_one(Message, message_id),
            unit="fen-isleri",
            category="yol",
            acknowledge=True,
            by="test",
        )
    with transaction() as session:
        assert session.scalars(select(Reply)).one().state is ReplyState.DRAFT
    assert claim() == []


def test_a_question_for_a_rating_that_is_too_long_is_not_asked(message_of: Callable[..., int]) -> None:
    message_id = message_of()
    with transaction() as session:
        request = tracking.convert(
            session, session.get_one(Message, message_id), unit="fen-isleri", category="yol", by="test"
        )
        tracking.respond(session, request, outcome="positive", text="Asfaltlandı.", by="test")
        replies.approve_all(session, request, by="test")
        words = session.scalars(select(ReplyText).where(ReplyText.kind == ReplyKind.RATING)).one()
        words.variants = [LONG]
    end(claim()[0], Sent("answer-1"))
    with transaction() as session:
        (answer,) = surveys.due_to_ask(session, limit=9)
        answer_id = answer.id

    refusal(lambda session: surveys.ask(session, session.get_one(Reply, answer_id)))


def test_a_private_answer_has_a_limit_of_its_own(message_of: Callable[..., int]) -> None:
    facebook = platforms.traits("facebook")
    assert facebook.max_private_length < facebook.max_length
    text = "a" * (facebook.max_private_length + 1)
    message_id = message_of("facebook")
    in_public, in_private = drafted(message_id, text), drafted(message_id, text, in_private=True)
    with transaction() as session:
        replies.approve(session, session.get_one(Reply, in_public), by="test")

    told = refusal(lambda session: replies.approve(session, session.get_one(Reply, in_private), by="test"))

    assert told["max_length"] == facebook.max_private_length


def test_a_by_hand_door_takes_what_fits_on_a_letter() -> None:
    door = platforms.traits("cimer")

    assert (door.by_hand, door.label, door.hook, door.credential_names) == (True, "cimer", None, ())
    assert not gate.length("cimer", "a" * platforms.MAX_BY_HAND, private=False).is_too_long
    assert gate.length("cimer", "a" * (platforms.MAX_BY_HAND + 1), private=True).is_too_long


def test_a_public_reply_with_a_phone_number_is_never_approved(request_number: int) -> None:
    respond(request_number)
    with pytest.raises(InvalidInput, match="phone"):
        approve(request_number, text="Ahmet Bey'i 0532 123 45 67 numarasından arayın.")
