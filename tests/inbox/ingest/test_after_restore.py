"""What a restored database must not believe: that nothing happened since the backup."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from inbox import history, queries, replies, tracking
from inbox.clock import now
from inbox.desk import triage
from inbox.failures import Failure, Trouble
from inbox.ingest import after_restore
from inbox.models import REQUEST_NUMBERS, Channel, HistoryEntry, Message, Reply
from inbox.replies import sending
from inbox.settings import settings
from inbox.states import ReplyState
from inbox.tracking import surveys
from inbox.values import MessageSeen, NotThere, ReplyKind, Sent

Tx = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def a_reply(tx: Tx, arrive: Callable[..., int], seen: Callable[..., MessageSeen]) -> Callable[..., int]:
    """Makes one reply to a citizen of its own, as it stood at the backup."""
    numbers = iter(range(1, 100))

    def make(state: ReplyState = ReplyState.READY, **columns: Any) -> int:
        said = seen(who=f"citizen{next(numbers)}")
        arrive(said)
        with tx() as session:
            message = session.scalars(select(Message).where(Message.external_id == said.external_id)).one()
            reply = triage.answer(session, message, text="Ekibimiz yolda.", by="test", alone=False)
            if state is not ReplyState.DRAFT:
                replies.approve(session, reply, by="test")
            if state in (ReplyState.SENDING, ReplyState.UNCERTAIN):
                lease_until = now() + settings().send_lease
                history.move(session, reply, ReplyState.SENDING, by="test", lease_until=lease_until)
            if state is ReplyState.UNCERTAIN:
                sending.become_uncertain(session, reply, Trouble(Failure.NO_ANSWER), by="test")
            for name, value in columns.items():
                setattr(reply, name, value)
            return reply.id

    return make


def doubt(tx: Tx, *, ago: timedelta = timedelta(hours=1)) -> None:
    """Restore, as far as replies go, a backup that was made so long ago."""
    at = now()
    done = 1
    while done:
        with tx() as session:
            done = after_restore.mark_uncertain(session, made_at=at - ago, at=at, limit=2)


def reply(tx: Tx, reply_id: int) -> Reply:
    with tx() as session:
        return queries.reply(session, reply_id)


@pytest.mark.parametrize("state", [ReplyState.READY, ReplyState.SENDING, ReplyState.UNCERTAIN])
def test_what_may_have_gone_out_since_the_backup_is_looked_for(
    tx: Tx, a_reply: Callable[..., int], state: ReplyState
) -> None:
    ids = [a_reply(state) for _ in range(3)]

    doubt(tx)

    for one in (reply(tx, reply_id) for reply_id in ids):
        assert one.state is ReplyState.UNCERTAIN
        assert one.first_tried_at is not None
        assert one.first_tried_at <= now() - timedelta(minutes=59), "it may stand there since the backup"
        assert one.next_look_at is not None
        assert one.next_look_at <= now()
    with tx() as session:
        assert sending.claim_for_sending(session, limit=10) == []


def test_looks_made_before_the_backup_prove_nothing_after_it(tx: Tx, a_reply: Callable[..., int]) -> None:
    long_ago = now() - timedelta(days=1)
    reply_id = a_reply(ReplyState.UNCERTAIN, looks=1, claimed_at=long_ago, first_tried_at=long_ago)
    doubt(tx)

    with tx() as session:
        sending.record_not_there(session, reply_id, NotThere(), provable=True)
        sending.record_not_there(session, reply_id, NotThere(), provable=True)

    assert reply(tx, reply_id).state is ReplyState.UNCERTAIN, "not ten minutes have gone by since the restore"
    assert reply(tx, reply_id).first_tried_at == long_ago


def test_it_is_sent_once_its_absence_is_proved_anew(tx: Tx, a_reply: Callable[..., int]) -> None:
    reply_id = a_reply(ReplyState.READY)
    doubt(tx)
    (settings().dir / "clock").write_text(str(settings().uncertain_wait_seconds + 1))

    with tx() as session:
        sending.record_not_there(session, reply_id, NotThere(), provable=True)
        sending.record_not_there(session, reply_id, NotThere(), provable=True)

    assert reply(tx, reply_id).state is ReplyState.READY


def test_what_cannot_have_been_due_yet_stays_ready(tx: Tx, a_reply: Callable[..., int]) -> None:
    later = now() + timedelta(hours=1)
    untouched = a_reply(ReplyState.READY, not_before=later)
    tried = a_reply(ReplyState.READY, not_before=later, attempts=1)  # access regained lets it go at once

    doubt(tx)

    assert reply(tx, untouched).state is ReplyState.READY
    assert reply(tx, tried).state is ReplyState.UNCERTAIN


def test_what_people_send_by_hand_is_left_to_them(tx: Tx, a_reply: Callable[..., int]) -> None:
    reply_id = a_reply(ReplyState.READY, platform="telephone")

    doubt(tx)

    assert reply(tx, reply_id).state is ReplyState.READY


def test_every_doubt_is_in_the_history(tx: Tx, a_reply: Callable[..., int]) -> None:
    reply_id = a_reply(ReplyState.READY)

    doubt(tx)

    with tx() as session:
        moves = session.execute(
            select(HistoryEntry.from_state, HistoryEntry.to_state)
            .where(HistoryEntry.reply_id == reply_id, HistoryEntry.by == "restore")
            .order_by(HistoryEntry.id)
        ).all()
    assert moves == [("READY", "SENDING"), ("SENDING", "UNCERTAIN")]


@pytest.fixture
def published(tx: Tx, arrive: Callable[..., int], seen: Callable[..., MessageSeen]) -> int:
    """The answer to a tracked request, sent just now; nobody was asked for a verdict yet."""
    arrive(said := seen())
    with tx() as session:
        message = session.scalars(select(Message).where(Message.external_id == said.external_id)).one()
        request = tracking.convert(session, message, unit="fen-isleri", category="yol", by="test")
        tracking.respond(session, request, outcome="positive", text="Çukur kapatıldı.", by="test")
        (answer,) = replies.approve_all(session, request, by="test")
        (claimed,) = sending.claim_for_sending(session, limit=1)
        sending.record_outcome(session, claimed.id, claimed.version, Sent("ours-1"))
        return answer.id


def suppress_ratings(tx: Tx) -> None:
    done = 1
    while done:
        with tx() as session:
            done = after_restore.suppress_ratings(session, limit=2)


def test_nobody_is_asked_a_second_time_for_a_verdict(tx: Tx, published: int) -> None:
    suppress_ratings(tx)

    with tx() as session:
        assert surveys.due_to_ask(session, limit=10) == []
        assert surveys.rate(session, queries.reply(session, published), stars=5, by="test").stars == 5


def test_a_question_for_a_verdict_that_was_due_is_withdrawn(tx: Tx, published: int) -> None:
    with tx() as session:
        answer = queries.reply(session, published)
        question = surveys.ask(session, answer)
        assert question is not None
        question.not_before = now() - timedelta(minutes=1)

    doubt(tx)

    with tx() as session:
        question = session.scalars(select(Reply).where(Reply.kind == ReplyKind.RATING)).one()
        assert question.state is ReplyState.WITHDRAWN


def test_a_draft_says_that_it_may_be_public(tx: Tx, a_reply: Callable[..., int]) -> None:
    ids = [a_reply(ReplyState.DRAFT) for _ in range(3)]
    seen_before = reply(tx, ids[0]).version

    marked = 0
    for _ in range(3):
        with tx() as session:
            marked += after_restore.mark_drafts(session, limit=2)

    assert marked == 3
    assert {reply(tx, reply_id).draft_reason for reply_id in ids} == {"restored"}
    assert reply(tx, ids[0]).version > seen_before, "who approves must have seen it"


@pytest.fixture
def sequences(tx: Tx) -> Iterator[None]:
    """Sequences begin anew afterwards, those of empty tables too."""
    yield
    names = text("SELECT quote_ident(sequencename), start_value FROM pg_sequences")
    with tx() as session:
        for name, start in session.execute(names).all():
            session.execute(select(func.setval(name, start, False)))


@pytest.mark.usefixtures("sequences")
@pytest.mark.parametrize(("age", "weeks"), [(timedelta(hours=1), 1), (timedelta(days=15), 3)])
def test_no_number_and_no_id_that_may_have_been_given_is_given_again(
    tx: Tx, age: timedelta, weeks: int
) -> None:
    with tx() as session:
        given = session.scalar(select(func.nextval(REQUEST_NUMBERS.name))) or 0
        last = Channel(key="before", platform="x", external_id="b", name="Önce")
        session.add(last)
        session.flush()

        after_restore.skip_used_numbers(session, made_at=now() - age, at=now())

        following = Channel(key="after", platform="x", external_id="a", name="Sonra")
        session.add(following)
        session.flush()
        number = session.scalar(select(func.nextval(REQUEST_NUMBERS.name))) or 0
    assert number == given + weeks * 10_000 + 1
    assert following.id == last.id + weeks * 1_000_000 + 1
