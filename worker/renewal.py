"""Renews tokens at half of their life, on platforms that support it.

A renewal is claimed with a lease: two at once could invalidate each other's tokens. The new secrets are
stored in one transaction, and only if the old ones are still those the renewal was made with.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import select

from connectors import CONNECTORS
from connectors.http import AccessExpired, PlatformError, Rejected
from inbox import channels
from inbox.clock import now
from inbox.db import transaction
from inbox.models import Channel
from worker import calling
from worker.calling import ChannelSession
from worker.pace import side_by_side

log = structlog.get_logger()

LEASE = timedelta(minutes=5)
_SOON, _LATER = timedelta(minutes=10), timedelta(hours=12)


def run() -> int:
    """Renew every token that is due. Returns how many channels were tried."""
    tried: list[int] = []

    def one_channel() -> int:
        claimed = _claim()
        if claimed is None:
            return 0
        tried.append(claimed[0].channel_id)
        renew(*claimed)
        return 1

    side_by_side(one_channel, seconds=15)
    return len(tried)


def _claim() -> tuple[ChannelSession, bytes | None] | None:
    able = [platform for platform, connector in CONNECTORS.items() if connector.renew]
    with transaction() as session:
        channel = session.scalars(
            select(Channel)
            .where(
                Channel.is_active,
                Channel.platform.in_(able),
                Channel.next_renewal_at <= now(),
            )
            .order_by(Channel.next_renewal_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if channel is None:
            return None
        channel.next_renewal_at = now() + LEASE
        return calling.open_session(channel), channel.credentials


def renew(channel_session: ChannelSession, seen: bytes | None) -> None:
    """Renew the secrets and store them, if the channel still has the encrypted secrets `seen`."""
    renew_token = CONNECTORS[channel_session.access.platform].renew
    renewal, failure = None, None
    try:
        renewal = renew_token(channel_session.access) if renew_token else None
    except PlatformError as error:
        failure = error
        log.warning("renewal_failed", channel_id=channel_session.channel_id, error=type(error).__name__)
    with transaction() as session:
        channel = session.get_one(Channel, channel_session.channel_id)
        if renewal is not None:
            channels.renew_credentials(session, channel, renewal, seen=seen, by="renewal")
        else:
            # A refusal is final; the expiry alarms then tell a person. Other failures may be temporary, and
            # the token may expire within the hour, so try again soon.
            is_final = failure is None or isinstance(failure, AccessExpired | Rejected)
            wait = _LATER if is_final else _SOON
            channel.next_renewal_at = now() + wait
        channel_session.record_usage(session, channel, by="renewal")
