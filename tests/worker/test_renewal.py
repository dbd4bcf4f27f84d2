"""Tokens are renewed at half life, both of a pair at once, and people are warned before one ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from inbox import channels, queries
from inbox.channels import alarms
from inbox.clock import now
from inbox.db import transaction
from tests.worker.conftest import Town, ahead
from worker import heartbeat, renewal
from worker.calling import open_session

DAY = 86_400
APP = {"app_id": "700800900", "app_secret": "sandbox-meta-app-secret"}


def enter(town: Town, key: str, **secrets: str) -> None:
    with transaction() as session:
        values = {"access_token": f"sandbox-token-{key}", **secrets}
        channels.set_credentials(session, queries.channel(session, key), values, by="test")


def secrets(key: str) -> dict[str, str]:
    with transaction() as session:
        found = channels.credentials(queries.channel(session, key))
        return {name: secret.get_secret_value() for name, secret in found.items()}


def lives(town: Town, key: str, days: int) -> None:
    """The token of this channel ends in so many days, and we know."""
    town.only(key)
    town.control("access", channel=key, expires_in=days * DAY)
    town.change(key, next_probe_at=None, probed_at=None)
    heartbeat.run()
    assert town.channel(key).token_expires_at is not None


def warned(key: str) -> int | None:
    with transaction() as session:
        alarm = alarms.open_alarm(session, "token_expires", key)
        return alarm.details["days"] if alarm else None


def test_a_long_lived_token_is_renewed_when_half_of_its_life_is_over_and_not_before(town: Town) -> None:
    key = "instagram-belediye"
    enter(town, key, **APP)
    lives(town, key, 60)
    assert renewal.run() == 0
    ahead(31 * DAY)
    assert renewal.run() == 1
    fresh = town.channel(key)
    assert secrets(key)["access_token"] == f"sandbox-token-{key}-1"
    assert fresh.token_expires_at is not None
    assert fresh.token_expires_at > now() + timedelta(days=55)
    assert heartbeat_says(town, key) == "ok"


def heartbeat_says(town: Town, key: str) -> str:
    town.change(key, next_probe_at=None, probed_at=None)
    heartbeat.run()
    return channels.health(town.channel(key))


def test_both_tokens_of_a_pair_are_stored_together_and_the_pair_works_again_next_time(town: Town) -> None:
    key = "x-belediye"
    town.only(key)
    enter(town, key, refresh_token=f"sandbox-token-{key}-refresh", client_id="sandbox-x-client")
    assert renewal.run() == 1
    assert secrets(key)["access_token"] == f"sandbox-token-{key}-1"
    assert secrets(key)["refresh_token"] == f"sandbox-token-{key}-1-refresh"
    assert heartbeat_says(town, key) == "ok"
    assert renewal.run() == 0
    ahead(3700)
    assert renewal.run() == 1
    assert secrets(key)["access_token"] == f"sandbox-token-{key}-2"
    assert town.alarms() == set()


def test_of_many_workers_one_renews(town: Town) -> None:
    key = "x-belediye"
    enter(town, key, refresh_token=f"sandbox-token-{key}-refresh", client_id="sandbox-x-client")
    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(lambda _: renewal.run(), range(6))) == 1
    assert secrets(key)["access_token"] == f"sandbox-token-{key}-1"


def test_what_a_person_entered_meanwhile_is_not_overwritten_by_a_renewal(town: Town) -> None:
    key = "instagram-belediye"
    enter(town, key, **APP)
    with transaction() as session:
        channel = queries.channel(session, key)
        seen, ours = channel.credentials, open_session(channel)
    enter(town, key, access_token="typed by a person")
    renewal.renew(ours, seen)
    assert secrets(key)["access_token"] == "typed by a person"


def test_a_token_nobody_renews_is_warned_of_14_7_and_1_day_before_its_end(town: Town) -> None:
    key = "facebook-belediye"
    lives(town, key, 60)
    seen = []
    for day in (45, 47, 50, 54, 58, 59.5):
        ahead(day * DAY)
        town.change(key, next_probe_at=None)
        renewal.run()
        heartbeat.run()
        seen.append(warned(key))
    assert seen == [None, 14, 14, 7, 7, 1]
    with transaction() as session:
        alarm = alarms.open_alarm(session, "token_expires", key)
        assert alarm is not None
        assert alarm.times == 3


def test_a_short_lived_token_that_is_renewed_in_time_warns_nobody(town: Town) -> None:
    key = "x-baskan"
    town.only(key)
    enter(town, key, refresh_token=f"sandbox-token-{key}-refresh", client_id="sandbox-x-client")
    renewal.run()
    ahead(1800)
    town.change(key, next_probe_at=None)
    heartbeat.run()
    assert warned(key) is None


def test_a_renewal_that_broke_off_is_tried_again_long_before_the_token_ends(town: Town) -> None:
    key = "x-belediye"
    town.only(key)
    enter(town, key, refresh_token=f"sandbox-token-{key}-refresh", client_id="sandbox-x-client")
    town.change(key, next_renewal_at=now())
    with_token = town.channel(key).credentials

    town.fault(key, "server_error")
    assert renewal.run() == 1
    assert town.channel(key).credentials == with_token
    ahead(660)

    assert renewal.run() == 1
    assert secrets(key)["access_token"] == f"sandbox-token-{key}-1"


def test_a_channel_whose_dead_token_was_renewed_lives_again_within_a_minute(town: Town) -> None:
    key = "x-belediye"
    town.only(key)
    enter(
        town,
        key,
        access_token="dead",
        refresh_token=f"sandbox-token-{key}-refresh",
        client_id="sandbox-x-client",
    )
    heartbeat.run()
    assert town.alarms() == {("access_lost", key)}

    assert renewal.run() == 1
    heartbeat.run()

    assert town.alarms() == set()
