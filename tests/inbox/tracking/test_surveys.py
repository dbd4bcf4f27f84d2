"""Asking whether the answer helped, and taking the verdict from the citizen's next words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from inbox import clock
from inbox.db import transaction
from inbox.models import Message, Rating
from inbox.states import Intent, MessageState, Urgency
from inbox.tracking import surveys
from inbox.values import MessageSeen, Sent
from tests.support.steps import approve, claim, end, respond

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def answer_and_ask(number: int) -> None:
    respond(number)
    approve(number)
    end(claim()[0], Sent("answer-1"))
    with transaction() as session:
        (answer,) = surveys.due_to_ask(session, limit=10)
        assert surveys.ask(session, answer) is not None
    end(claim()[0], Sent("question-1"))


@pytest.mark.parametrize(
    ("words", "stars", "state"),
    [
        ("5", 5, MessageState.DISMISSED),
        ("4/5", 4, MessageState.DISMISSED),
        ("⭐⭐⭐", 3, MessageState.DISMISSED),
        ("1 - hâlâ aynı", 1, MessageState.NEW),
        ("3 gündür su yok", None, MessageState.NEW),
        ("teşekkürler", None, MessageState.NEW),
    ],
)
def test_a_bare_number_after_our_question_is_the_rating(
    seen: Seen, arrive: Arrive, request_number: int, words: str, stars: int | None, state: MessageState
) -> None:
    answer_and_ask(request_number)
    arrive(seen(words, sent_at=clock.now()))
    with transaction() as session:
        rating = session.scalars(select(Rating)).one_or_none()
        said = session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
        assert (rating.stars if rating else None) == stars
        assert said.state is state


def test_nobody_is_asked_twice_and_a_number_without_question_is_no_rating(
    seen: Seen, arrive: Arrive, request_number: int
) -> None:
    arrive(seen("5", who="baskasi"))
    answer_and_ask(request_number)
    with transaction() as session:
        assert surveys.due_to_ask(session, limit=10) == []
        assert session.scalars(select(Rating)).all() == []


@pytest.mark.parametrize(
    "why",
    [
        {"intent": Intent.EMERGENCY, "urgency": Urgency.SIREN},
        {"deleted_at": datetime(2026, 11, 26, tzinfo=UTC)},
    ],
)
def test_whom_nobody_asks_stands_before_nobody_who_may_be_asked(
    seen: Seen, arrive: Arrive, request_number: int, why: dict[str, Any]
) -> None:
    respond(request_number)
    approve(request_number)
    end(claim()[0], Sent("answer-1"))
    with transaction() as session:
        assert len(surveys.due_to_ask(session, limit=1)) == 1
        session.execute(update(Message).values(**why))

    with transaction() as session:
        assert surveys.due_to_ask(session, limit=1) == []
