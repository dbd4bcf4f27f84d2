"""What a channel is used to hearing, and when its silence is suspicious."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from sqlalchemy import select

from inbox import clock
from inbox.bulk import insert_many
from inbox.channels import silence
from inbox.db import transaction
from inbox.models import Channel, Message, Thread
from inbox.states import Intent, MessageState, Urgency
from inbox.values import MessageKind

MONDAY_NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)


def usual(each_week: list[int]) -> dict[datetime, int]:
    """So many messages on each of the Mondays before, the last first, between nine and ten."""
    return {MONDAY_NINE - (back + 1) * WEEK: count for back, count in enumerate(each_week)}


def test_the_same_hour_of_the_weeks_before_is_what_to_expect() -> None:
    counts = usual([8, 8, 8, 8])
    assert silence.expected(counts, MONDAY_NINE, MONDAY_NINE + HOUR) == 8
    assert silence.expected(counts, MONDAY_NINE + HOUR / 2, MONDAY_NINE + HOUR) == 4
    assert silence.expected(counts, MONDAY_NINE + HOUR, MONDAY_NINE + 3 * HOUR) == 0


def test_one_loud_week_makes_no_later_silence_suspicious() -> None:
    assert silence.expected(usual([2, 400, 2, 2]), MONDAY_NINE, MONDAY_NINE + HOUR) == 2


def test_weeks_before_the_first_message_are_unknown_and_not_silent() -> None:
    assert silence.expected(usual([8, 8]), MONDAY_NINE, MONDAY_NINE + HOUR) == 8


def heard(channel_key: str, moments: list[datetime]) -> None:
    """The channel got a message at each of `moments`: all in one statement, for a transaction is short."""
    with transaction() as session:
        channel = session.scalars(select(Channel).where(Channel.key == channel_key)).one()
        thread = Thread(channel_id=channel.id, key="t")
        session.add(thread)
        session.flush()
        rows = [
            {
                "platform": channel.platform,
                "external_id": f"h{number}",
                "channel_id": channel.id,
                "thread_id": thread.id,
                "kind": MessageKind.COMMENT,
                "is_ours": False,
                "text": "x",
                "search_text": "x",
                "sent_at": at,
                "received_at": at,
                "observed_at": at,
                "text_since": at,
                "state": MessageState.DISMISSED,
                "version": 1,
                "intent": Intent.REQUEST,
                "urgency": Urgency.NORMAL,
                "changed_after_conversion": False,
            }
            for number, at in enumerate(moments)
        ]
        session.execute(insert_many(Message, rows))


def is_silent(channel_key: str) -> bool:
    with transaction() as session:
        return silence.is_silent(
            session, session.scalars(select(Channel).where(Channel.key == channel_key)).one()
        )


def test_a_channel_that_hears_every_ten_minutes_is_silent_after_two_hours(city: SimpleNamespace) -> None:
    now = clock.now()
    heard("x-belediye", [now - timedelta(minutes=10 * step) for step in range(1, 27 * 144)])
    assert not is_silent("x-belediye")
    clock.shift_by(2 * 3600)
    assert is_silent("x-belediye")


def test_a_young_channel_is_silent_after_a_day_and_not_before(city: SimpleNamespace) -> None:
    now = clock.now()
    heard("x-belediye", [now - timedelta(minutes=10 * step) for step in range(1, 3 * 144)])
    clock.shift_by(23 * 3600)
    assert not is_silent("x-belediye")
    clock.shift_by(25 * 3600)
    assert is_silent("x-belediye")


def test_a_channel_that_never_heard_anything_has_no_habit_to_break(city: SimpleNamespace) -> None:
    assert not is_silent("wa")
