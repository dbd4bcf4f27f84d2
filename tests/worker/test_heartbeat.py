"""Every channel gets a real call, dead tokens are told from bad minutes, and silence is looked into."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from sqlalchemy import select

from inbox import channels, db, queries
from inbox.clock import now
from inbox.db import transaction
from inbox.models import Channel, Message
from inbox.settings import settings
from inbox.states import ReplyState
from tests.worker.conftest import KEYS, Town, ahead
from worker import dispatch, heartbeat, ingest, polling, renewal
from worker.pace import side_by_side

READ_ONLY = {
    "facebook": ("pages_show_list", "pages_read_engagement", "pages_read_user_content"),
    "instagram": ("instagram_basic",),
    "whatsapp": ("whatsapp_business_management",),
}
META = tuple(key for key in KEYS if not key.startswith("x-"))
POLLED = tuple(key for key in KEYS if key != "whatsapp-cozum")


def health(town: Town, key: str) -> str:
    return channels.health(town.channel(key))


def beat(town: Town, key: str) -> None:
    town.change(key, next_probe_at=None)
    heartbeat.run()


def test_the_models_are_what_the_migrations_make(town: Town) -> None:
    db.check_no_drift(settings().database_url)


def test_every_channel_is_called_within_a_quarter_of_an_hour_also_where_nothing_is_polled(
    town: Town,
) -> None:
    assert heartbeat.run() == len(KEYS)
    for minute in range(1, 16):
        ahead(60 * minute)
        heartbeat.run()
    with transaction() as session:
        for channel in session.scalars(select(Channel)):
            assert channel.last_call_ok_at is not None
            assert now() - channel.last_call_ok_at < timedelta(minutes=15)


def test_a_channel_that_a_poll_called_just_now_is_not_probed_besides(town: Town) -> None:
    heartbeat.run()
    ahead(660)
    town.only("x-belediye")
    town.poll("x-belediye")
    assert heartbeat.run() == 0


def test_green_turns_stale_when_no_call_succeeded_for_twenty_minutes(town: Town) -> None:
    heartbeat.run()
    ahead(19 * 60)
    assert health(town, "whatsapp-cozum") == "ok"
    ahead(21 * 60)
    assert health(town, "whatsapp-cozum") == "stale"


@pytest.mark.parametrize("key", KEYS)
def test_a_revoked_token_alarms_within_one_check(town: Town, key: str) -> None:
    town.fault(key, "expired_token", 99)
    beat(town, key)
    assert health(town, key) == "access_lost"
    assert town.alarms() == {("access_lost", key)}


@pytest.mark.parametrize("key", POLLED)
def test_a_poll_that_meets_a_revoked_token_alarms_at_once(town: Town, key: str) -> None:
    town.only(key)
    town.fault(key, "expired_token", 99)
    polling.run()
    assert town.alarms() == {("access_lost", key)}


@pytest.mark.parametrize("key", META)
def test_a_permission_taken_away_alarms_within_one_check_and_is_named(town: Town, key: str) -> None:
    town.control("access", channel=key, scopes=list(READ_ONLY[key.split("-")[0]]))
    beat(town, key)
    assert town.alarms() == {("access_lost", key)}
    assert "permission" in str(town.channel(key).last_error)


SIGNED = {
    "access_token": "sandbox-token-x-belediye",
    "access_token_secret": "sandbox-token-x-belediye-secret",
    "consumer_key": "sandboxxconsumerkey01",
    "consumer_secret": "sandbox-x-consumer-secret",
}
RENEWED = {
    "access_token": "sandbox-token-x-belediye",
    "refresh_token": "sandbox-token-x-belediye-refresh",
    "client_id": "sandbox-x-client",
}


@pytest.mark.parametrize("secrets", [SIGNED, RENEWED], ids=["signed", "renewed"])
def test_a_permission_taken_away_on_x_alarms_within_one_check_and_is_named(
    town: Town, secrets: dict[str, str]
) -> None:
    key = "x-belediye"
    town.only(key)
    with transaction() as session:
        channels.set_credentials(session, queries.channel(session, key), secrets, by="test")
    renewal.run()
    beat(town, key)
    assert town.alarms() == set()
    expires = town.channel(key).token_expires_at

    town.control("access", channel=key, scopes=["tweet.read", "users.read"])
    ahead(3700)  # OAuth 2.0: only the next token says what it may do
    renewal.run()
    town.change(key, probed_at=None)
    beat(town, key)

    assert town.alarms() == {("access_lost", key)}
    assert "write" in str(town.channel(key).last_error)
    assert (expires is None) == (town.channel(key).token_expires_at is None), "its life is still known"

    with transaction() as session:
        fresh = {"access_token": "sandbox-token-x-belediye"}
        channels.set_credentials(session, queries.channel(session, key), {**secrets, **fresh}, by="test")
    town.control("access", channel=key, scopes=["tweet.read", "tweet.write", "users.read"])
    beat(town, key)
    assert town.alarms() == set(), "what an older token lacked says nothing of this one"


@pytest.mark.parametrize("key", POLLED)
def test_a_burst_of_server_errors_disconnects_nothing(town: Town, key: str) -> None:
    town.only(key)
    town.fault(key, "server_error", 50)
    for _ in range(3):
        town.poll(key)
        beat(town, key)
    assert health(town, key) == "failing"
    assert town.alarms() == set()
    town.control("faults", channel=key, fault="server_error", times=0)
    town.poll(key)
    assert health(town, key) == "ok"


def test_one_poll_that_is_refused_while_the_channel_lives_takes_no_access(town: Town) -> None:
    town.only("facebook-belediye")
    town.fault("facebook-belediye", "expired_token", 1)
    polling.run()
    assert town.alarms() == set()
    assert health(town, "facebook-belediye") == "failing"


def test_replies_of_a_dead_channel_wait_and_go_out_in_order_when_its_credentials_are_renewed(
    town: Town,
) -> None:
    key = "facebook-belediye"
    waiting = [town.approved(key, text=f"Yanıt {number}") for number in range(3)]
    town.fault(key, "expired_token", 99)
    side_by_side(dispatch.run)
    assert {town.state(reply) for reply in waiting} == {ReplyState.READY}
    assert town.alarms() == {("access_lost", key)}
    town.control("faults", channel=key, fault="expired_token", times=0)
    assert dispatch.run() == 0, "nothing is tried while the access is lost"
    with transaction() as session:
        channel = queries.channel(session, key)
        token = f"sandbox-token-{key}"
        channels.set_credentials(session, channel, {"access_token": token}, by="test")
    assert town.alarms() == set()
    side_by_side(dispatch.run)
    with transaction() as session:
        sent = [queries.reply(session, reply) for reply in waiting]
    assert {reply.state for reply in sent} == {ReplyState.SENT}
    times = [reply.sent_at for reply in sent if reply.sent_at]
    assert times == sorted(times)


def test_an_account_that_sends_no_events_to_our_hook_is_alarmed_until_it_does(town: Town) -> None:
    key = "instagram-belediye"
    url = f"{town.url}/graph/v26.0/{town.channel(key).external_id}/subscribed_apps"
    bearer = {"Authorization": f"Bearer sandbox-token-{key}"}
    assert requests.delete(url, headers=bearer, timeout=5).status_code == 200
    beat(town, key)
    assert town.alarms() == {("unsubscribed", key)}
    fields = {"subscribed_fields": "comments"}
    assert requests.post(url, headers=bearer, data=fields, timeout=5).status_code == 200
    beat(town, key)
    assert town.alarms() == set()


def silent_for(town: Town, key: str, hours: int) -> None:
    """The channel heard one message, that long ago."""
    town.say(key)
    town.poll(key)
    ingest.run()
    with transaction() as session:
        for message in session.scalars(select(Message)):
            message.received_at = now() - timedelta(hours=hours)


def test_a_silent_channel_whose_check_fails_raises_an_alarm(town: Town) -> None:
    key = "facebook-belediye"
    silent_for(town, key, 25)
    town.fault(key, "server_error", 9)
    beat(town, key)
    assert town.alarms() == {("silent", key)}


def test_a_silent_channel_where_a_poll_finds_what_nobody_told_raises_an_alarm(town: Town) -> None:
    key = "facebook-belediye"
    silent_for(town, key, 25)
    town.say(key, "Bunu kimse haber vermedi")
    beat(town, key)
    assert town.alarms() == {("silent", key)}
    beat(town, key)
    assert town.alarms() == set(), "it speaks again"


def test_a_silent_channel_where_nothing_was_said_raises_none(town: Town) -> None:
    key = "facebook-belediye"
    silent_for(town, key, 25)
    beat(town, key)
    assert town.alarms() == set()
