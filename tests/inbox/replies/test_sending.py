"""A reply goes out at most once: claims, leases, and what may be public already."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from inbox import clock, queries, replies
from inbox.conversations import threads
from inbox.db import transaction
from inbox.desk import triage
from inbox.failures import Failure
from inbox.models import Message, Reply
from inbox.replies import sending
from inbox.states import MessageState, ReplyState
from inbox.values import AccessLost, Gone, MaybeSent, MessageGone, MessageSeen, NotSent, ReplyKind, Sent
from tests.support.steps import approve, claim, end, look_and_find_nothing, only, respond

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def test_only_one_of_many_workers_claims_a_reply(city: SimpleNamespace, seen: Seen, arrive: Arrive) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: len(claim()), range(8)))
    assert sum(claims) == 1


def test_an_unfinished_earlier_reply_holds_back_the_later_ones_of_its_thread(request_number: int) -> None:
    respond(request_number)
    approve(request_number)
    with transaction() as session:
        request = queries.request(session, request_number)
        first = session.scalars(select(Reply).where(Reply.request_id == request.id)).first()
        assert first is not None
        replies.draft(
            session,
            session.get_one(Message, first.message_id),
            threads.of_message(session, session.get_one(Message, first.message_id)),
            kind=ReplyKind.INTERIM,
            text="bir şey daha",
            by="test",
        )
        later = session.scalars(select(Reply).order_by(Reply.id.desc()).limit(1)).one()
        replies.approve(session, later, by="test")
    (answer,) = claim()
    assert answer.kind is ReplyKind.ANSWER
    assert claim() == []
    end(answer, MaybeSent(Failure.NO_ANSWER))
    assert claim() == []
    end_as_found(answer)
    assert [reply.text for reply in claim()] == ["bir şey daha"]


def end_as_found(reply: Reply) -> None:
    with transaction() as session:
        replies.mark_sent(session, session.get_one(Reply, reply.id), "found-1", by="look")


def test_what_may_be_public_is_not_sent_again_before_two_looks_and_the_wait(uncertain: Reply) -> None:
    assert claim() == []
    for _ in range(3):
        look_and_find_nothing(uncertain)
    with transaction() as session:
        assert session.get_one(Reply, uncertain.id).state is ReplyState.UNCERTAIN
    clock.shift_by(601)
    look_and_find_nothing(uncertain)
    with transaction() as session:
        assert session.get_one(Reply, uncertain.id).state is ReplyState.READY


def test_a_lease_that_ran_out_is_uncertain_not_ready(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    (claimed,) = claim()
    clock.shift_by(121)
    with transaction() as session:
        assert sending.expire_leases(session, limit=10) == 1
    with transaction() as session:
        assert session.get_one(Reply, claimed.id).state is ReplyState.UNCERTAIN
    end(claimed, Sent("late-1"))
    with transaction() as session:
        assert session.get_one(Reply, claimed.id).external_id == "late-1"


@pytest.mark.parametrize(
    "outcome", [NotSent(Failure.RATE_LIMIT, retry_after=90), AccessLost(Failure.TOKEN_INVALID)]
)
def test_what_is_surely_not_sent_waits_as_ready(
    city: SimpleNamespace, seen: Seen, arrive: Arrive, outcome: NotSent | AccessLost
) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    reply = end(claim()[0], outcome)
    assert reply.state is ReplyState.READY
    assert claim() == []
    clock.shift_by(100)
    assert [one.id for one in claim()] == [reply.id]


@pytest.mark.parametrize("what", ["edited", "deleted"])
@pytest.mark.parametrize("way", ["surely not sent", "proved absent"])
def test_words_that_changed_while_the_reply_was_on_its_way_stop_it_before_it_is_tried_again(
    city: SimpleNamespace, seen: Seen, arrive: Arrive, what: str, way: str
) -> None:
    said = seen("kaçta?")
    arrive(said)
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    (claimed,) = claim()
    later = said.observed_at + timedelta(minutes=1)
    arrive(
        MessageGone("x", "1", said.external_id, Gone.DELETED, later)
        if what == "deleted"
        else replace(said, text="kaçta ve nerede?", observed_at=later, edited_at=later)
    )

    if way == "surely not sent":
        end(claimed, NotSent(Failure.RATE_LIMIT, retry_after=1))
    else:
        end(claimed, MaybeSent(Failure.NO_ANSWER))
        clock.shift_by(601)
        look_and_find_nothing(claimed)
        look_and_find_nothing(claimed)

    with transaction() as session:
        reply = session.get_one(Reply, claimed.id)
        assert (reply.state, reply.draft_reason) == (ReplyState.DRAFT, what)
        assert only(session, Message).state is MessageState.NEW
