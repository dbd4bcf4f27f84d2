"""Asking the platforms what is new: baseline where there are no hooks, catch-up where there are.

A poll is claimed by a lease on the channel. The body and the cursor are stored in one transaction, the body
first: a cursor is never ahead of what we hold.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from connectors import CONNECTORS
from connectors.http import PlatformError, RateLimited
from inbox import budgets, channels, receive
from inbox.clock import now
from inbox.db import transaction
from inbox.models import Channel, ChannelCursor
from inbox.settings import settings
from inbox.values import CallKind, Page
from worker import calling
from worker.calling import Line
from worker.pace import side_by_side, until_done

log = structlog.get_logger()

LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=25)  # a platform's daily limit


def run() -> int:
    """Poll every channel whose time has come. Answers how many bodies were stored."""
    stored: list[int] = []

    def one_channel() -> int:
        channel_id = _claim()
        if channel_id is None:
            return 0
        stored.append(_poll(channel_id))
        return 1

    side_by_side(one_channel, seconds=15)
    return sum(stored)


def _claim() -> int | None:
    """Take one due channel for this worker."""
    moment = now()
    pollable = [platform for platform, connector in CONNECTORS.items() if connector.edges]
    with transaction() as session:
        channel = session.scalars(
            select(Channel)
            .where(
                Channel.is_active,
                Channel.platform.in_(pollable),
                Channel.access_lost_at.is_(None),
                _is_over(Channel.next_poll_at, moment, longest=LONGEST_WAIT),
                _is_over(Channel.polling_until, moment, longest=LEASE),
            )
            .order_by(Channel.next_poll_at.nulls_first())
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if channel is None:
            return None
        channel.polling_until = moment + LEASE
        channel.next_poll_at = moment + timedelta(seconds=settings().poll_seconds)
        return channel.id


def _is_over(
    until: InstrumentedAttribute[datetime | None], moment: datetime, *, longest: timedelta
) -> ColumnElement[bool]:
    """Whether a wait has ended. One longer than any we make was written before the clock was set back."""
    return or_(until.is_(None), until <= moment, until > moment + longest)


def _poll(channel_id: int) -> int:
    with transaction() as session:
        channel = session.get_one(Channel, channel_id)
        connector = CONNECTORS[channel.platform]
        line = calling.line(channel)
    stored, error = 0, None
    for edge in connector.edges:
        try:
            stored += _poll_edge(line, edge)
        except PlatformError as failure:
            error = failure
            log.warning("poll_failed", channel_id=channel_id, edge=edge, error=type(failure).__name__)
    with transaction() as session:
        channel = session.get_one(Channel, channel_id, with_for_update=True)
        channel.polling_until = None
        channels.called(channel, error=type(error).__name__ if error else None)
        line.note(session, channel, by="poll")
        if isinstance(error, RateLimited):
            wait = timedelta(seconds=error.retry_after or settings().poll_seconds * 5)
            channel.next_poll_at = now() + wait
    return stored


def _poll_edge(line: Line, edge: str) -> int:
    connector, stored = CONNECTORS[line.access.platform], 0

    def one_page() -> int:
        nonlocal stored
        with transaction() as session:
            if not budgets.take(session, line.channel_id, CallKind.READ, connector.read_limit):
                return False  # the next poll goes on from the cursor, when the bucket has filled
            cursor = _cursor(session, line.channel_id, edge).cursor
        page = connector.poll(line.access, edge, cursor)
        with transaction() as session:
            stored += _store(session, line.channel_id, edge, page)
        return page.more

    until_done(one_page, seconds=10)  # what is left is asked for next time: the cursor says from where
    return stored


def _cursor(session: Session, channel_id: int, edge: str) -> ChannelCursor:
    found = session.scalar(
        select(ChannelCursor).where(ChannelCursor.channel_id == channel_id, ChannelCursor.edge == edge)
    )
    if found is None:
        found = ChannelCursor(channel_id=channel_id, edge=edge, updated_at=now())
        session.add(found)
    return found


def _store(session: Session, channel_id: int, edge: str, page: Page) -> int:
    """Keep the body when it differs from the last of its edge, and the cursor with it."""
    cursor = _cursor(session, channel_id, edge)
    fresh = cursor.last_digest != page.digest
    if fresh:
        channel = session.get_one(Channel, channel_id)
        receive.store_raw_event(session, f"poll:{channel.key}:{edge}", page.body, digest=page.digest)
    cursor.cursor, cursor.last_digest, cursor.updated_at = page.cursor, page.digest, now()
    return int(fresh)
