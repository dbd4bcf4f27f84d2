"""What the city's own rules propose for a message, and that a change of the rules holds at once."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from inbox.db import transaction
from inbox.models import Category
from inbox.states import Intent, Urgency
from inbox.understanding import proposals
from inbox.values import MessageSeen
from tests.support.steps import messages

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


@pytest.fixture
def roads(city: SimpleNamespace) -> SimpleNamespace:
    """A city whose roads are known by a word."""
    with transaction() as session:
        session.scalars(select(Category)).one().stems = ["cukur", "asfalt"]
    return city


def test_a_message_is_proposed_to_the_unit_its_words_speak_of(
    roads: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("Zafer mahallesinde çukur var"))
    (message,) = messages()
    assert message.suggested_unit_id == roads.roads.id
    assert message.suggested_category_id is not None
    assert message.suggested_neighbourhood_id is not None
    assert message.suggestion_confidence is not None


def test_words_that_speak_of_nothing_known_propose_nothing(
    roads: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("Bir bakar mısınız"))
    (message,) = messages()
    assert (message.suggested_unit_id, message.suggestion_confidence) == (None, None)
    assert (message.intent, message.urgency) == (Intent.REQUEST, Urgency.NORMAL)


def test_fragments_of_one_breath_are_read_together(
    roads: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("sokakta kocaman bir", platform="whatsapp"))
    arrive(seen("çukur var", platform="whatsapp"))
    assert {message.suggested_unit_id for message in messages()} == {roads.roads.id}


def test_a_changed_list_holds_for_the_next_message(
    roads: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    arrive(seen("kaldırım kırık", who="a"))
    with transaction() as session:
        session.scalars(select(Category)).one().stems = ["kaldirim"]
    arrive(seen("kaldırım kırık", who="b"))
    assert [message.suggested_unit_id for message in messages()] == [None, roads.roads.id]


def test_rules_that_are_none_are_refused_and_the_old_ones_stand(roads: SimpleNamespace) -> None:
    with pytest.raises(ValidationError), transaction() as session:
        proposals.save_vocabulary(session, {"emergencies": "fire"})
    with transaction() as session:
        assert proposals.proposals(session, "çukur var")["suggested_unit_id"] == roads.roads.id
