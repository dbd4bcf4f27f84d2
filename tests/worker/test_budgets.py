"""What a channel may call is counted once for all workers; what a platform says of its limit is obeyed."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

import sandbox
from inbox import channels, queries
from inbox.channels import budgets
from inbox.clock import now
from inbox.db import transaction
from inbox.errors import InvalidInput
from inbox.models import Channel
from inbox.states import ReplyState
from inbox.values import CallKind, Limit, Usage
from tests.worker.conftest import Town, ahead
from worker import calling, dispatch
from worker.pace import side_by_side

READ, SEND = CallKind.READ, CallKind.SEND


def left(key: str) -> dict[CallKind, budgets.Left]:
    with transaction() as session:
        channel = queries.channel(session, key)
        return {one.kind: one for one in budgets.look(session, channel, calling.limits(channel.platform))}


def take(key: str, wanted: int, limit: Limit, kind: CallKind = READ) -> int:
    with transaction() as session:
        return budgets.take(session, queries.channel(session, key).id, kind, limit, wanted=wanted)


def tell(key: str, usage: Usage) -> Channel:
    with transaction() as session:
        channel = queries.channel(session, key)
        budgets.note(session, channel, [usage], calling.limits(channel.platform), by="test")
        return channel


def test_many_workers_together_take_no_more_calls_than_there_are(town: Town) -> None:
    limit = Limit(20, 3600)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: take("x-belediye", 1, limit), range(40)))
    assert sum(taken) == 20


def test_a_bucket_fills_evenly_and_never_over_its_brim(town: Town) -> None:
    limit = Limit(60, 60)
    assert take("x-belediye", 99, limit) == 60
    ahead(5)
    assert 4 <= take("x-belediye", 99, limit) <= 6
    ahead(5000)
    assert take("x-belediye", 99, limit) == 60


def test_a_citys_own_limit_stands_instead_of_the_platforms_and_allows_something(town: Town) -> None:
    theirs = Limit(300, 900)
    with transaction() as session:
        channel = queries.channel(session, "x-belediye")
        budgets.set_limit(session, channel, READ, Limit(3, 60), limit=theirs, by="test")
    assert take("x-belediye", 99, theirs) == 3
    with transaction() as session, pytest.raises(InvalidInput, match="at least one call"):
        budgets.set_limit(
            session, queries.channel(session, "x-baskan"), READ, Limit(0, 60), limit=theirs, by="test"
        )


def test_a_limit_of_the_platform_nine_tenths_gone_spreads_the_rest_over_its_time(town: Town) -> None:
    tell("x-belediye", Usage((READ,), 0.95, left=15, resets_in=900))
    limit = Limit(300, 900)
    assert take("x-belediye", 99, limit) == 1
    ahead(59)
    assert take("x-belediye", 99, limit) == 0, "15 calls in 900 seconds are one a minute"
    ahead(62)
    assert take("x-belediye", 99, limit) == 1


def test_a_limit_at_its_end_waits_for_the_reset_and_no_longer(town: Town) -> None:
    tell("x-belediye", Usage((READ,), 1.0, left=0, resets_in=600))
    limit = Limit(300, 900)
    ahead(598)
    assert take("x-belediye", 99, limit) == 0
    ahead(602)
    assert take("x-belediye", 99, limit) >= 1


def test_a_spent_limit_of_reading_stops_no_send_where_the_platform_counts_them_apart(
    found_town: Callable[[str], Town],
) -> None:
    with sandbox.running({"enforce_x_rate_limits": True}) as url:
        town = found_town(url)
        reply = town.approved("x-belediye")
        town.control("access", channel="x-belediye", used_percent=100)
        town.poll("x-belediye")
        assert left("x-belediye")[READ].left == 0
        assert left("x-belediye")[READ].resets_at is not None
        town.control("access", channel="x-belediye", used_percent=0)
        assert dispatch.run() == 1
        assert town.state(reply) is ReplyState.SENT


def test_a_spent_limit_of_sending_stops_no_reading(town: Town) -> None:
    reply = town.approved("x-belediye")
    town.fault("x-belediye", "rate_limit")
    dispatch.run()
    assert town.state(reply) is ReplyState.READY
    assert channels.health(town.channel("x-belediye")) == "paused"
    before = town.channel("x-belediye").last_call_ok_at
    town.poll("x-belediye")
    after = town.channel("x-belediye").last_call_ok_at
    assert after is not None
    assert after != before


def test_metas_usage_header_slows_down_at_nine_tenths_and_stops_at_all_of_it(town: Town) -> None:
    town.only("facebook-belediye")
    town.control("access", channel="facebook-belediye", used_percent=50)
    town.poll("facebook-belediye")
    assert left("facebook-belediye")[SEND].left > 100
    town.control("access", channel="facebook-belediye", used_percent=92)
    town.poll("facebook-belediye")
    assert left("facebook-belediye")[READ].left <= 1
    assert left("facebook-belediye")[READ].used == pytest.approx(0.92)
    ahead(120)
    town.control("access", channel="facebook-belediye", used_percent=100)
    town.poll("facebook-belediye")
    assert left("facebook-belediye")[SEND].left == 0
    assert channels.health(town.channel("facebook-belediye")) == "paused"


def test_a_channel_paused_for_an_hour_delays_no_other_by_a_second(town: Town) -> None:
    paused, other = town.approved("x-belediye"), town.approved("facebook-belediye")
    town.fault("x-belediye", "rate_limit")
    began = time.monotonic()
    assert side_by_side(dispatch.run)
    assert time.monotonic() - began < 1
    assert town.state(other) is ReplyState.SENT
    assert town.state(paused) is ReplyState.READY
    until = town.channel("x-belediye").paused_until
    assert until is not None
    assert until > now() + timedelta(minutes=50)


def test_two_hanging_channels_do_not_delay_a_third(town: Town) -> None:
    hanging = [town.approved("x-belediye"), town.approved("facebook-belediye")]
    third = town.approved("instagram-belediye")
    for key in ("x-belediye", "facebook-belediye"):
        town.fault(key, "hang", 9)
    sent_after: list[float] = []
    began = time.monotonic()

    def watch() -> None:
        while not sent_after and time.monotonic() - began < 3:
            if town.state(third) is ReplyState.SENT:
                sent_after.append(time.monotonic() - began)
            time.sleep(0.05)

    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(watch)
        side_by_side(dispatch.run)
        watching.result()
    assert sent_after, "the third waited for the hanging ones"
    assert sent_after[0] < 2
    assert all(town.state(reply) is not ReplyState.SENT for reply in hanging)
