"""A real call to every channel at least every 15 minutes, so that its health is based on facts.

An unusually silent channel is probed and polled at once. Permissions and lifetime of tokens are checked
several times a day. A probe is claimed with a lease, like a poll.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from connectors import CONNECTORS
from inbox import platforms
from inbox.channels import alarms, budgets, silence
from inbox.clock import now
from inbox.db import transaction
from inbox.models import Channel, Message
from inbox.values import CallKind, ProbeFailed, ProbeOk
from worker import calling, ingest, polling, probing
from worker.calling import ChannelSession
from worker.pace import side_by_side, until_done

log = structlog.get_logger()

LEASE = timedelta(minutes=2)
ROUND = timedelta(minutes=10)  # between two checks of one channel
FRESH = timedelta(minutes=4)  # no probe after a call as recent as this; with ROUND less than 15 minutes
EXAMINE_EVERY = timedelta(hours=6)
EXPIRY_DAYS = (1, 7, 14)
SILENT, EXPIRES = "silent", "token_expires"


def run() -> int:
    """Check every channel that is due. Returns how many were probed."""
    probed: list[int] = []

    def one_channel() -> int:
        claimed = _claim()
        if claimed is None:
            return 0
        channel_session, is_silent, needs_probe = claimed
        if needs_probe:
            probed.append(channel_session.channel_id)
            _probe(channel_session, is_silent=is_silent)
        return 1

    side_by_side(one_channel, seconds=15)
    return len(probed)


def _claim() -> tuple[ChannelSession, bool, bool] | None:
    moment = now()
    with transaction() as session:
        channel = session.scalars(
            select(Channel)
            .where(
                Channel.is_active,
                Channel.platform.in_(CONNECTORS),
                or_(
                    Channel.next_probe_at.is_(None),
                    Channel.next_probe_at <= moment,
                    Channel.next_probe_at > moment + 2 * ROUND,  # the clock was set back
                ),
            )
            .order_by(Channel.next_probe_at.nulls_first())
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if channel is None:
            return None
        is_silent = silence.is_silent(session, channel)
        if not is_silent:
            alarms.clear(session, SILENT, channel.key, by="heartbeat", channel=channel)
        _warn_of_expiry(session, channel)
        called, probed = channel.last_call_ok_at, channel.probed_at
        needs_probe = (
            is_silent
            or channel.access_lost_at is not None
            or channel.is_subscribed is False
            or called is None
            or moment - called > FRESH
            or probed is None
            or moment - probed > EXAMINE_EVERY
        )
        channel.next_probe_at = moment + (LEASE if needs_probe else ROUND)
        if needs_probe:  # counted but never refused: health depends on it
            limit = platforms.traits(channel.platform).limits[CallKind.READ]
            budgets.take(session, channel.id, CallKind.READ, limit)
        return calling.open_session(channel), is_silent, needs_probe


def _probe(channel_session: ChannelSession, *, is_silent: bool) -> None:
    report = probing.probe(channel_session)
    with transaction() as session:
        channel = session.get_one(Channel, channel_session.channel_id, with_for_update=True)
        probing.record(session, channel, channel_session, report, by="heartbeat")
        channel_session.record_usage(session, channel, by="heartbeat")
        channel.next_probe_at = now() + ROUND
        if is_silent and isinstance(report.outcome, ProbeFailed):
            alarms.raise_alarm(session, SILENT, channel.key, {"unseen": 0}, by="heartbeat", channel=channel)
    if is_silent and isinstance(report.outcome, ProbeOk):
        _poll_silent(channel_session)
    log.info("probed", channel_id=channel_session.channel_id, outcome=type(report.outcome).__name__)


def _poll_silent(channel_session: ChannelSession) -> None:
    """Poll a silent channel. If the poll finds messages, its hook has failed: raise an alarm."""
    connector = CONNECTORS[channel_session.access.platform]
    if not connector.edges:
        return
    with transaction() as session:
        newest = session.scalar(select(func.max(Message.id))) or 0
    polling.poll(channel_session.channel_id)
    until_done(ingest.run, seconds=10)
    with transaction() as session:
        found = session.scalar(
            select(func.count(Message.id)).where(
                Message.id > newest,
                Message.channel_id == channel_session.channel_id,
                Message.state.is_not(None),
            )
        )
        if found:
            channel = session.get_one(Channel, channel_session.channel_id)
            details = {"unseen": found}
            alarms.raise_alarm(session, SILENT, channel.key, details, by="heartbeat", channel=channel)


def _warn_of_expiry(session: Session, channel: Channel) -> None:
    """Raise an alarm 14, 7 and 1 days before a token expires, but not in the first half of its life."""
    expires, issued = channel.token_expires_at, channel.token_issued_at
    left = expires - now() if expires else None
    life = expires - issued if expires and issued else None
    for days in EXPIRY_DAYS:
        near = timedelta(days=days)
        if left is not None and left <= near and (life is None or near < life / 2):
            raised = alarms.open_alarm(session, EXPIRES, channel.key)
            if raised is None or raised.details.get("days") != days:
                details = {"days": days}
                alarms.raise_alarm(session, EXPIRES, channel.key, details, by="heartbeat", channel=channel)
            return
    alarms.clear(session, EXPIRES, channel.key, by="heartbeat", channel=channel)
