"""How a channel fares, as its screen, the status and the doctor tell it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

from sqlalchemy import select

from inbox import channels, clock, ingest
from inbox.channels import budgets, report
from inbox.channels.report import Report
from inbox.db import transaction
from inbox.models import Channel, SetAside
from inbox.values import CallKind, Limit, MessageSeen

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def told(key: str) -> Report:
    with transaction() as session:
        channel = session.scalars(select(Channel).where(Channel.key == key)).one()
        return report.report(session, channel)


def test_the_lag_is_the_middle_of_the_newest_and_one_late_message_does_not_move_it(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    now = clock.now()
    for seconds in (30, 30, 30, 90_000):
        arrive(seen(sent_at=now - timedelta(seconds=seconds)))
    lag = told("x-belediye").lag
    assert lag is not None
    assert 30 <= lag < 40


def test_chats_that_wait_for_us_and_close_within_two_hours_are_counted(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    now = clock.now()
    for who, hours in (("ayse", 23), ("bekir", 1), ("cemile", 25)):
        arrive(seen(platform="whatsapp", who=who, sent_at=now - timedelta(hours=hours)))
    assert told("wa").closing == 1
    assert told("x-belediye").closing == 0


def test_what_is_left_of_a_budget_is_told_without_spending_it(city: SimpleNamespace) -> None:
    with transaction() as session:
        channel = session.scalars(select(Channel).where(Channel.key == "x-belediye")).one()
        budgets.take(session, channel.id, CallKind.SEND, Limit(100, 900), wanted=40)
    for _ in range(2):
        left = {one.kind: one.left for one in told("x-belediye").budget}
        assert left == {CallKind.READ: 300, CallKind.SEND: 60}


def test_rejected_signatures_set_aside_parts_and_the_tokens_days_are_told_as_json_too(
    city: SimpleNamespace, arrive: Arrive, seen: Seen
) -> None:
    event_id = arrive(seen(platform="facebook"))
    with transaction() as session:
        channel = session.scalars(select(Channel).where(Channel.key == "fb-belediye")).one()
        ingest.count_rejected(session, "meta")
        session.add(
            SetAside(
                raw_event_id=event_id,
                position=1,
                channel_id=channel.id,
                kind="failed",
                what="KeyError",
                first_at=clock.now(),
            )
        )
        channels.set_token_life(
            channel, issued_at=clock.now(), expires_at=clock.now() + timedelta(days=9, hours=1)
        )
    values = json.loads(json.dumps(report.as_values(told("fb-belediye"))))
    assert (values["rejected_signatures"], values["set_aside"], values["token_days"]) == (1, 1, 9)
    assert values["health"] == "unknown"
