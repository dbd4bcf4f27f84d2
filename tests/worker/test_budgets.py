"""What platforms say of their limits is obeyed by the workers, and one channel at its end delays no other."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

import sandbox
from inbox import channels, platforms, queries
from inbox.channels import budgets
from inbox.clock import now
from inbox.db import transaction
from inbox.states import ReplyState
from inbox.values import CallKind
from tests.worker.conftest import Town, ahead
from worker import dispatch
from worker.pace import side_by_side

READ, SEND = CallKind.READ, CallKind.SEND


def left(key: str) -> dict[CallKind, budgets.BudgetLeft]:
    with transaction() as session:
        channel = queries.channel(session, key)
        return {
            one.kind: one
            for one in budgets.remaining(session, channel, platforms.traits(channel.platform).limits)
        }


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
