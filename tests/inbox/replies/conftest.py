"""Replies that may be public already."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from inbox.db import transaction
from inbox.desk import triage
from inbox.failures import Failure
from inbox.models import Message, Reply
from inbox.values import MaybeSent, MessageSeen
from tests.support.steps import claim, end, only


@pytest.fixture
def uncertain(city: SimpleNamespace, seen: Callable[..., MessageSeen], arrive: Callable[..., int]) -> Reply:
    """A direct answer whose call was cut off."""
    arrive(seen("kaçta?"))
    with transaction() as session:
        triage.answer(session, only(session, Message), text="09:00'da", by=city.moderator)
    return end(claim()[0], MaybeSent(Failure.NO_ANSWER))
