"""Secrets that cannot be used stop one channel and no other; secrets of yesterday stop nothing."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from inbox import channels, queries
from inbox.channels import comparison_runs
from inbox.clock import now
from inbox.db import transaction
from inbox.models import Channel
from inbox.replies import sending
from inbox.states import ReplyState
from tests.worker.conftest import Town, ahead
from worker import calling, dispatch, heartbeat, polling, probing, reconcile, renewal
from worker.pace import side_by_side, until_done

CLOSED, OPEN = "facebook-belediye", "instagram-belediye"


@pytest.fixture
def closed(town: Town) -> Town:
    """One of our channels has secrets of a key that is gone, and is the first to be looked at."""
    town.only(CLOSED, OPEN)
    town.change(CLOSED, credentials=Fernet(Fernet.generate_key()).encrypt(b"{}"))
    return town


def test_its_replies_wait_and_those_of_other_channels_go_out(town: Town) -> None:
    waiting, other = town.approved(CLOSED), town.approved(OPEN)
    town.change(CLOSED, credentials=Fernet(Fernet.generate_key()).encrypt(b"{}"))

    side_by_side(dispatch.run)

    assert (town.state(waiting), town.state(other)) == (ReplyState.READY, ReplyState.SENT)
    assert town.alarms() == {("access_lost", CLOSED)}


def test_the_heartbeat_alarms_for_it_and_calls_the_others(closed: Town) -> None:
    assert heartbeat.run() == 2

    assert closed.alarms() == {("access_lost", CLOSED)}
    assert channels.health(closed.channel(OPEN)) == "ok"


def test_polls_comparisons_and_renewals_go_on_to_the_others(closed: Town) -> None:
    moment = now()
    for key in (CLOSED, OPEN):
        closed.change(key, next_renewal_at=moment)
    reconcile.schedule()

    polling.run()
    assert until_done(reconcile.run)
    assert renewal.run() == 2

    assert closed.channel(OPEN).last_error is None
    with transaction() as session:
        assert {key for key, run in comparison_runs.runs(session).items() if run.ended_at} == {OPEN}


def test_it_comes_back_when_the_key_does(town: Town) -> None:
    secrets = town.channel(CLOSED).credentials
    town.only(CLOSED)
    town.change(CLOSED, credentials=Fernet(Fernet.generate_key()).encrypt(b"{}"))
    heartbeat.run()
    town.change(CLOSED, credentials=secrets, next_probe_at=None)

    heartbeat.run()

    assert town.alarms() == set()


def test_a_refusal_of_secrets_that_were_replaced_meanwhile_takes_no_access(town: Town) -> None:
    reply_id = town.approved(CLOSED)
    town.only(CLOSED)
    with transaction() as session:
        channel = queries.channel(session, CLOSED)
        fresh = channel.credentials
        channels.set_credentials(session, channel, {"access_token": "replaced by now"}, by="test")
    with transaction() as session:
        (reply,) = sending.claim_for_sending(session, limit=1)
        old = calling.open_session(session.get_one(Channel, reply.channel_id))
        outgoing = dispatch.as_outgoing(session, reply)
    town.change(CLOSED, credentials=fresh)

    dispatch.send_one(reply.id, reply.version, outgoing, old)
    with transaction() as session:
        probing.record(session, queries.channel(session, CLOSED), old, probing.probe(old), by="test")

    assert town.alarms() == set()
    assert town.state(reply_id) is ReplyState.READY
    ahead(10)
    assert dispatch.run() == 1
    assert town.state(reply_id) is ReplyState.SENT
