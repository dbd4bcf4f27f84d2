"""Replies on their way out, and the looks for those that may be public, against the sandbox."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox import queries
from inbox.channels import budgets
from inbox.clock import now
from inbox.db import transaction
from inbox.models import Reply
from inbox.states import ReplyState
from inbox.values import CallKind, Limit
from tests.worker.conftest import Town, ahead
from worker import dispatch


def uncertain(town: Town, key: str) -> int:
    """A reply that is not out, and nobody knows."""
    reply_id = town.approved(key)
    town.fault(key, "hang")
    dispatch.run()
    assert town.state(reply_id) is ReplyState.UNCERTAIN
    return reply_id


def next_look(reply_id: int) -> timedelta:
    with transaction() as session:
        at = session.get_one(Reply, reply_id).next_look_at
        assert at is not None
        return at - now()


@pytest.mark.parametrize("key", ["x-belediye", "facebook-belediye", "instagram-belediye"])
def test_a_look_that_is_told_to_wait_waits_as_long_as_it_is_told(town: Town, key: str) -> None:
    reply_id = uncertain(town, key)
    town.fault(key, "rate_limit")

    assert dispatch.look_for_uncertain() == 1

    assert next_look(reply_id) > timedelta(minutes=50), "the sandbox says an hour"


def test_a_look_is_a_call_of_the_channels_budget(town: Town) -> None:
    reply_id = uncertain(town, "x-belediye")
    with transaction() as session:
        channel = queries.channel(session, "x-belediye")
        budgets.set_limit(session, channel, CallKind.READ, Limit(1, 3600), limit=Limit(300, 900), by="test")
        assert budgets.take(session, channel.id, CallKind.READ, Limit(300, 900)) == 1

    assert dispatch.look_for_uncertain() == 1

    with transaction() as session:
        assert session.get_one(Reply, reply_id).looks == 0, "there was no call left to look with"
    ahead(3700)
    assert dispatch.look_for_uncertain() == 1
    with transaction() as session:
        assert session.get_one(Reply, reply_id).looks == 1


def test_looks_come_rarer_the_longer_nobody_can_tell(town: Town) -> None:
    reply_id = uncertain(town, "facebook-belediye")
    town.fault("facebook-belediye", "server_error", 999)
    looks = 0
    for minute in range(0, 4 * 60, 2):
        ahead(60 * minute)
        looks += dispatch.look_for_uncertain()

    assert looks < 30
    assert next_look(reply_id) < timedelta(minutes=20)
