"""What a channel may call is counted once for all workers; what a platform says of its limit is obeyed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from inbox import clock, queries
from inbox.channels import budgets
from inbox.db import transaction
from inbox.errors import InvalidInput
from inbox.models import Channel
from inbox.values import CallKind, Limit, Usage

READ, SEND = CallKind.READ, CallKind.SEND
LIMITS = {READ: Limit(300, 900), SEND: Limit(100, 86_400)}


def take(key: str, wanted: int, limit: Limit, kind: CallKind = READ) -> int:
    with transaction() as session:
        return budgets.take(session, queries.channel(session, key).id, kind, limit, wanted=wanted)


def tell(key: str, usage: Usage) -> Channel:
    with transaction() as session:
        channel = queries.channel(session, key)
        budgets.record_usage(session, channel, [usage], LIMITS, by="test")
        return channel


def test_many_workers_together_take_no_more_calls_than_there_are(city: SimpleNamespace) -> None:
    limit = Limit(20, 3600)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: take("x-belediye", 1, limit), range(40)))
    assert sum(taken) == 20


def test_a_bucket_fills_evenly_and_never_over_its_brim(city: SimpleNamespace) -> None:
    limit = Limit(60, 60)
    assert take("x-belediye", 99, limit) == 60
    clock.shift_by(5)
    assert 4 <= take("x-belediye", 99, limit) <= 6
    clock.shift_by(5000)
    assert take("x-belediye", 99, limit) == 60


def test_a_citys_own_limit_stands_instead_of_the_platforms_and_allows_something(
    city: SimpleNamespace,
) -> None:
    theirs = Limit(300, 900)
    with transaction() as session:
        channel = queries.channel(session, "x-belediye")
        budgets.set_limit(session, channel, READ, Limit(3, 60), limit=theirs, by="test")
    assert take("x-belediye", 99, theirs) == 3
    with transaction() as session, pytest.raises(InvalidInput, match="at least one call"):
        budgets.set_limit(
            session, queries.channel(session, "x-baskan"), READ, Limit(0, 60), limit=theirs, by="test"
        )


def test_a_limit_of_the_platform_nine_tenths_gone_spreads_the_rest_over_its_time(
    city: SimpleNamespace,
) -> None:
    tell("x-belediye", Usage((READ,), 0.95, left=15, resets_in=900))
    limit = Limit(300, 900)
    assert take("x-belediye", 99, limit) == 1
    clock.shift_by(59)
    assert take("x-belediye", 99, limit) == 0, "15 calls in 900 seconds are one a minute"
    clock.shift_by(62)
    assert take("x-belediye", 99, limit) == 1


def test_a_limit_at_its_end_waits_for_the_reset_and_no_longer(city: SimpleNamespace) -> None:
    tell("x-belediye", Usage((READ,), 1.0, left=0, resets_in=600))
    limit = Limit(300, 900)
    clock.shift_by(598)
    assert take("x-belediye", 99, limit) == 0
    clock.shift_by(602)
    assert take("x-belediye", 99, limit) >= 1


def test_looking_takes_nothing_and_an_untouched_bucket_is_full(city: SimpleNamespace) -> None:
    take("x-belediye", 10, LIMITS[READ])
    with transaction() as session:
        channel = queries.channel(session, "x-belediye")
        found = [
            {one.kind: one.left for one in budgets.remaining(session, channel, LIMITS)} for _ in range(2)
        ]
    assert found == [{READ: 290, SEND: 100}] * 2
