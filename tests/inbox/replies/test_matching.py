"""Our own words coming back are the reply they are, and no message of a citizen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from inbox import clock
from inbox.db import transaction
from inbox.desk import triage
from inbox.failures import Failure
from inbox.models import Message, Reply, SetAside
from inbox.replies import sending
from inbox.states import ReplyState
from inbox.values import Author, AuthorKey, MaybeSent, MessageSeen, Sent
from tests.support.steps import claim, end, only
from tests.support.waiting import somebody_waits_for_a_lock, until

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def test_our_own_comment_that_comes_back_while_its_id_is_written_down_is_no_second_message(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    (sent,) = claim()
    ours = seen(
        "09:00'da",
        from_us=True,
        author=None,
        parent_external_id="m1",
        sent_at=clock.now(),
        external_id="ours-1",
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            sending.record_outcome(session, sent.id, sent.version, Sent("ours-1"))
            session.flush()
            coming_back = pool.submit(arrive, ours)
            until(somebody_waits_for_a_lock)
        coming_back.result()

    with transaction() as session:
        assert session.scalar(select(func.count()).where(Message.is_ours)) == 0


def test_our_own_comment_that_comes_back_while_it_is_written_down_is_not_taken_for_another_reply(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("kaçta?", who="ayse", parent_external_id="top"))
    arrive(seen("saat kaçta?", who="can", parent_external_id="top"))
    with transaction() as session:
        for message in session.scalars(select(Message)).all():
            triage.answer(session, message, text="09:00'da", by=city.moderator)
    doubted, sent = claim()
    end(doubted, MaybeSent(Failure.NO_ANSWER))
    ours = seen(
        "09:00'da",
        from_us=True,
        author=None,
        parent_external_id="top",  # where some platforms hang a reply to a reply
        sent_at=clock.now(),
        external_id="ours-2",
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            sending.record_outcome(session, sent.id, sent.version, Sent("ours-2"))
            session.flush()
            coming_back = pool.submit(arrive, ours)
            until(somebody_waits_for_a_lock)
        coming_back.result()

    with transaction() as session:
        assert session.get_one(Reply, doubted.id).state is ReplyState.UNCERTAIN
        assert session.get_one(Reply, sent.id).external_id == "ours-2"
        assert session.scalars(select(SetAside)).all() == []


def test_our_own_comment_coming_back_settles_the_uncertain_reply(
    uncertain: Reply, seen: Seen, arrive: Arrive
) -> None:
    arrive(
        seen(
            "09:00'da",
            from_us=True,
            author=None,
            parent_external_id="m1",
            sent_at=clock.now(),
            external_id="ours-1",
        )
    )
    with transaction() as session:
        reply = session.get_one(Reply, uncertain.id)
        assert (reply.state, reply.external_id) == (ReplyState.SENT, "ours-1")
        assert session.scalar(select(func.count()).select_from(Message)) == 1


@pytest.fixture
def doubted_chat(city: SimpleNamespace, seen: Seen, arrive: Arrive) -> Reply:
    """An answer in a private chat whose call was cut off."""
    arrive(seen("kaçta?", platform="whatsapp"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    return end(claim()[0], MaybeSent(Failure.NO_ANSWER))


@pytest.mark.parametrize(
    ("to", "words", "minutes", "state"),
    [
        ("ayse", "09:00'da", 0, ReplyState.SENT),
        ("can", "09:00'da", 0, ReplyState.UNCERTAIN),
        ("ayse", "Bir şey daha", 0, ReplyState.UNCERTAIN),
        ("ayse", "09:00'da", -60, ReplyState.UNCERTAIN),
    ],
)
def test_a_private_message_of_ours_coming_back_without_our_reference_settles_what_it_surely_is(
    doubted_chat: Reply, seen: Seen, arrive: Arrive, to: str, words: str, minutes: int, state: ReplyState
) -> None:
    arrive(
        seen(
            words,
            platform="whatsapp",
            from_us=True,
            author=None,
            recipient=Author(keys=(AuthorKey("whatsapp", to),)),
            sent_at=clock.now() + timedelta(minutes=minutes),
            external_id="echo-1",
        )
    )
    with transaction() as session:
        reply = session.get_one(Reply, doubted_chat.id)
        assert reply.state is state
        ours = session.scalar(select(func.count()).where(Message.is_ours))
        assert (reply.external_id, ours) == (("echo-1", 0) if state is ReplyState.SENT else (None, 1))
