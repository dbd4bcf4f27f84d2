"""Polls the platforms: the only source where there are no hooks, a safety net where there are.

A poll is claimed with a lease on the channel, extended for every page: if the worker dies, the channel is
free again within a minute. Body and cursor are stored in one transaction, so that the cursor is never ahead
of the stored bodies.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from connectors import CONNECTORS
from connectors.http import AccessExpired, PlatformError, RateLimited
from inbox import channels, ingest
from inbox.channels import budgets
from inbox.clock import now
from inbox.db import transaction
from inbox.models import Channel, ChannelCursor
from inbox.settings import settings
from inbox.values import CallKind, PolledPage, ProbeFailed
from worker import calling, probing
from worker.calling import ChannelSession
from worker.pace import side_by_side, until_done

log = structlog.get_logger()

LEASE = timedelta(seconds=45)  # longer than a call may take
LONGEST_WAIT = timedelta(hours=25)  # a platform's daily limit


def run() -> int:
    """Poll every channel that is due. Returns how many bodies were stored."""
    stored: list[int] = []

    def one_channel() -> int:
        channel_id = _claim()
        if channel_id is None:
            return 0
        stored.append(poll(channel_id))
        return 1

    side_by_side(one_channel, seconds=15)
    return sum(stored)


def _claim() -> int | None:
    """Claim one channel that is due; None when there is none."""
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
    """The condition for a wait that is over, or longer than `longest`: the clock was set back."""
    return or_(until.is_(None), until <= moment, until > moment + longest)


def poll(channel_id: int) -> int:
    """Poll all edges of one claimed channel. Returns how many bodies were stored."""
    with transaction() as session:
        channel = session.get_one(Channel, channel_id)
        connector = CONNECTORS[channel.platform]
        channel_session = calling.open_session(channel)
    stored, called, error = 0, False, None
    for edge in connector.edges:
        try:
            pages = _poll_edge(channel_session, edge)
            called = called or pages is not None
            stored += pages or 0
        except PlatformError as failure:
            called, error = True, failure
            log.warning("poll_failed", channel_id=channel_id, edge=edge, error=type(failure).__name__)
    report = probing.probe(channel_session) if isinstance(error, AccessExpired) else None
    with transaction() as session:
        channel = session.get_one(Channel, channel_id, with_for_update=True)
        channel.polling_until = None
        if report is not None and isinstance(report.outcome, ProbeFailed):
            probing.record(session, channel, channel_session, report, by="poll")
        elif called:
            channels.record_call(channel, error=error.trouble.reason if error else None)
        channel_session.record_usage(session, channel, by="poll")
        if isinstance(error, RateLimited):
            wait = timedelta(seconds=error.retry_after or settings().poll_seconds * 5)
            channel.next_poll_at = now() + wait
    return stored


def _poll_edge(channel_session: ChannelSession, edge: str) -> int | None:
    """Poll one edge. Returns how many bodies were stored; None without a call left. Raises PlatformError."""
    connector, called, stored = CONNECTORS[channel_session.access.platform], False, 0

    def one_page() -> int:
        nonlocal called, stored
        with transaction() as session:
            session.get_one(Channel, channel_session.channel_id, with_for_update=True).polling_until = (
                now() + LEASE
            )
            limit = connector.traits.limits[CallKind.READ]
            if not budgets.take(session, channel_session.channel_id, CallKind.READ, limit):
                return False  # the next poll continues at the cursor, when the bucket has filled
            cursor = _cursor(session, channel_session.channel_id, edge).cursor
        called = True
        page = connector.poll(channel_session.access, edge, cursor)
        with transaction() as session:
            stored += _store(session, channel_session.channel_id, edge, page)
        return page.more

    until_done(one_page, seconds=10)  # the next poll continues at the cursor
    return stored if called else None


def _cursor(session: Session, channel_id: int, edge: str) -> ChannelCursor:
    found = session.scalar(
        select(ChannelCursor).where(ChannelCursor.channel_id == channel_id, ChannelCursor.edge == edge)
    )
    if found is None:
        found = ChannelCursor(channel_id=channel_id, edge=edge, updated_at=now())
        session.add(found)
    return found


def _store(session: Session, channel_id: int, edge: str, page: PolledPage) -> int:
    """Store the cursor, and the body if it differs from the last one of its edge. Returns 1 or 0 bodies."""
    cursor = _cursor(session, channel_id, edge)
    fresh = cursor.last_digest != page.digest
    if fresh:
        channel = session.get_one(Channel, channel_id)
        ingest.store_raw_event(session, f"poll:{channel.key}:{edge}", page.body, digest=page.digest)
    cursor.cursor, cursor.last_digest, cursor.updated_at = page.cursor, page.digest, now()
    return int(fresh)
