"""Whether a channel has been silent for longer than usual.

The same hours of the last weeks say how many messages to expect. With three weeks or more the busiest is left
out, so that one storm or campaign does not make later silence suspicious. A new channel has too little past:
it is silent after a whole day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.models import Channel, Message

WEEKS = 4
YOUNG = timedelta(weeks=2)
QUIET_DAY = timedelta(hours=24)
SUSPICIOUS = 6.0
"""Expected messages in the silent time. By chance none of six arrives once in 400 times (e⁻⁶, Poisson)."""
_HOUR = timedelta(hours=1)
_WEEK = timedelta(weeks=1)


def is_silent(session: Session, channel: Channel) -> bool:
    """Whether the time since the last message is unusually long. False for a channel without messages."""
    moment = now()
    window = moment - WEEKS * _WEEK - _HOUR
    hour = func.date_trunc("hour", Message.received_at)
    rows = session.execute(
        select(hour, func.count())
        .where(Message.channel_id == channel.id, Message.state.is_not(None), Message.received_at >= window)
        .group_by(hour)
    )
    counts: dict[datetime, int] = {row[0]: row[1] for row in rows}
    last = session.scalar(
        select(func.max(Message.received_at)).where(
            Message.channel_id == channel.id, Message.state.is_not(None)
        )
    )
    if last is None:
        return False
    if not counts or moment - min(counts) < YOUNG:
        return moment - last >= QUIET_DAY
    return expected(counts, last, moment) >= SUSPICIOUS


def expected(counts: Mapping[datetime, int], since: datetime, until: datetime) -> float:
    """How many messages usually arrive between `since` and `until`, by the same hours of the last weeks.

    `counts`: messages by the start of the hour, in UTC. Hours before the first are unknown, not empty.
    Turkey has no summer time, so the same hour of the day is the same hour of UTC.
    """
    first, total = min(counts), 0.0
    hour = since.replace(minute=0, second=0, microsecond=0)
    while hour < until:
        share = (min(until, hour + _HOUR) - max(since, hour)) / _HOUR
        before = [hour - week * _WEEK for week in range(1, WEEKS + 1)]
        usual = sorted(counts.get(at, 0) for at in before if at >= first)
        if len(usual) >= 3:
            usual = usual[:-1]
        if usual:
            total += share * sum(usual) / len(usual)
        hour += _HOUR
    return total
