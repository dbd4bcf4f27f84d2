"""Of the accounts a message came through, the one that answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from inbox.conversations.answering_account import door_for
from inbox.db import transaction
from inbox.errors import UnknownKey
from inbox.models import Message
from inbox.values import MessageKind, MessageSeen
from tests.support.steps import only


@pytest.fixture
def at_two_doors(seen: Callable[..., MessageSeen], arrive: Callable[..., int]) -> None:
    """A post that names the mayor's account, which told of it first, and the municipality's."""
    mention = seen("@baskan @belediye yol bozuk", kind=MessageKind.MENTION, account="2")
    arrive(mention)
    arrive(replace(mention, account="1"))


@pytest.mark.parametrize(
    ("key", "answers"), [(None, "x-baskan"), ("x-baskan", "x-baskan"), ("x-belediye", "x-belediye")]
)
def test_the_account_named_answers_else_the_one_that_was_told_first(
    at_two_doors: None, key: str | None, answers: str
) -> None:
    with transaction() as session:
        assert door_for(session, only(session, Message), key).key == answers


def test_an_account_the_message_did_not_come_through_is_refused_with_those_it_did(at_two_doors: None) -> None:
    with transaction() as session, pytest.raises(UnknownKey) as refusal:
        door_for(session, only(session, Message), "fb-belediye")
    assert refusal.value.existing == ["x-baskan", "x-belediye"]
