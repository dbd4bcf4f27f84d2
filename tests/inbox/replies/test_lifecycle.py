"""What a person does with a reply: draft, approve, take back, settle; and what follows for its message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from inbox import clock, queries, replies, tracking
from inbox.db import transaction
from inbox.desk import triage
from inbox.errors import MovedMeanwhile
from inbox.failures import Failure
from inbox.models import Message, Reply
from inbox.states import MessageState, ReplyState
from inbox.values import MaybeSent, MessageSeen, Refused
from tests.support.steps import approve, claim, end, look_and_find_nothing, only, respond

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def test_who_approves_a_draft_edited_meanwhile_hears_of_it(request_number: int) -> None:
    respond(request_number)
    with transaction() as session:
        draft = session.scalars(select(Reply).where(Reply.state == ReplyState.DRAFT)).one()
        seen = draft.version
        replies.edit(session, draft, text="Bugün asfaltlandı.", by="colleague")
    with transaction() as session, pytest.raises(MovedMeanwhile):
        replies.approve(session, session.get_one(Reply, draft.id), by="test", version=seen)


def test_one_approval_serves_every_citizen_on_the_request(
    city: SimpleNamespace, seen: Seen, arrive: Arrive, request_number: int
) -> None:
    for who in ("bekir", "cemile"):
        arrive(seen("bizde de", who=who))
        with transaction() as session:
            message = session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
            tracking.join(session, queries.request(session, request_number), message, by="test")
    respond(request_number)
    approved = approve(request_number)
    assert len(approved) == 3
    assert len({reply.thread_id for reply in approved}) == 3


def test_an_edit_after_conversion_stops_the_ready_reply(
    seen: Seen, arrive: Arrive, city: SimpleNamespace
) -> None:
    fact = seen("yol bozuk")
    arrive(fact)
    with transaction() as session:
        tracking.convert(
            session, only(session, Message), unit="fen-isleri", category="yol", acknowledge=True, by="test"
        )
    arrive(replace(fact, text="yol düzeldi", observed_at=fact.observed_at + timedelta(minutes=1)))
    with transaction() as session:
        reply, message = only(session, Reply), only(session, Message)
        assert (reply.state, reply.draft_reason) == (ReplyState.DRAFT, "edited")
        assert message.changed_after_conversion


def test_a_refused_answer_opens_its_message_again(city: SimpleNamespace, seen: Seen, arrive: Arrive) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    end(claim()[0], Refused(Failure.OTHER, "the comment is locked"))
    with transaction() as session:
        assert only(session, Message).state is MessageState.NEW
        assert only(session, Reply).state is ReplyState.FAILED


def test_what_could_not_be_sent_is_worded_anew_and_looked_for_anew(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    reply = end(claim()[0], MaybeSent(Failure.NO_ANSWER))
    look_and_find_nothing(reply)
    with transaction() as session:
        reply = session.get_one(Reply, reply.id)
        replies.settle(session, reply, sent=False, by="test")
        replies.redraft(session, reply, by="test")
        replies.approve(session, reply, text="Saat 09:00'da.", by="test")
        assert only(session, Message).state is MessageState.ANSWERED
    end(claim()[0], MaybeSent(Failure.NO_ANSWER))
    clock.shift_by(601)

    look_and_find_nothing(reply)

    with transaction() as session:
        reply = session.get_one(Reply, reply.id)
        assert (reply.state, reply.looks) == (ReplyState.UNCERTAIN, 1), "one look is not two"


def test_where_absence_cannot_be_proved_a_person_settles_it(uncertain: Reply) -> None:
    clock.shift_by(6000)
    for _ in range(5):
        look_and_find_nothing(uncertain, provable=False)
    with transaction() as session:
        reply = session.get_one(Reply, uncertain.id)
        assert str(reply.state) == "UNCERTAIN"
        replies.settle(session, reply, sent=True, by="test")
        assert str(reply.state) == "SENT"
