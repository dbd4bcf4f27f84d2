"""What a moderator does with a message: answer, ask back, dismiss, reopen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

from sqlalchemy import select

from inbox.db import transaction
from inbox.desk import triage
from inbox.models import Message, Reply
from inbox.states import MessageState, ReplyState
from inbox.values import MessageSeen, ReplyKind
from tests.support.steps import only

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def test_a_double_click_is_one_reply(city: SimpleNamespace, seen: Seen, arrive: Arrive) -> None:
    arrive(seen("kaçta açılıyor?"))
    for _ in range(2):
        with transaction() as session:
            triage.answer(
                session, only(session, Message), text="09:00'da", compose_key="k1", by=city.moderator
            )
    with transaction() as session:
        assert only(session, Reply).state is ReplyState.READY
        assert only(session, Message).state is MessageState.ANSWERED


def test_a_question_waits_and_the_citizens_words_bring_it_back(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("yol bozuk", platform="whatsapp"))
    with transaction() as session:
        triage.answer(
            session, only(session, Message), text="Hangi sokak?", kind=ReplyKind.QUESTION, by=city.moderator
        )
        assert only(session, Message).state is MessageState.WAITING
    arrive(seen("1405. sokak", platform="whatsapp", sent_at=seen().sent_at + timedelta(hours=3)))
    with transaction() as session:
        rows = session.scalars(select(Message)).all()
        assert {row.state for row in rows} == {MessageState.NEW}
        assert len({row.group_id for row in rows}) == 1
