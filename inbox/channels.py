"""Our accounts: their secrets, encrypted at rest, and how they fare.

Credentials are a Fernet token over JSON, made with the first configured key and opened by any, so that
keys can be rotated while everything runs: add a new first key, run `rotate`, drop the old one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import history
from inbox.clock import now
from inbox.errors import InvalidInput
from inbox.history import Actor
from inbox.models import Channel
from inbox.settings import settings
from inbox.values import Access


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key.get_secret_value()) for key in settings().credential_keys])


def set_credentials(session: Session, channel: Channel, values: Mapping[str, str], *, by: Actor) -> None:
    """Replace the secrets of `channel`, and let it try again if it had lost its access."""
    channel.credentials = _cipher().encrypt(json.dumps(dict(values)).encode())
    channel.access_lost_at = None
    channel.last_error = None
    history.record(session, "channel.credentials", by=by, channel=channel, details={"names": sorted(values)})


def credentials(channel: Channel) -> dict[str, SecretStr]:
    """The secrets of `channel`, opened. Raises InvalidInput when no configured key opens them."""
    if channel.credentials is None:
        return {}
    try:
        opened = json.loads(_cipher().decrypt(channel.credentials))
    except InvalidToken:
        raise InvalidInput(
            "COZUM_CREDENTIAL_KEYS", f"none of the keys opens the credentials of channel {channel.key}"
        ) from None
    return {name: SecretStr(value) for name, value in opened.items()}


def rotate(session: Session) -> int:
    """Re-encrypt every channel's secrets with the first key. Answers how many were."""
    channels = session.scalars(select(Channel).where(Channel.credentials.is_not(None))).all()
    for channel in channels:
        channel.credentials = _cipher().rotate(channel.credentials or b"")
    return len(channels)


def access(channel: Channel, *, api_url: str) -> Access:
    """What a connector needs to speak as this channel; `api_url` is the platform's own address."""
    return Access(
        platform=channel.platform,
        account=channel.external_id,
        base_url=settings().api_urls.get(channel.platform, api_url).rstrip("/"),
        credentials=credentials(channel),
    )


def called(channel: Channel, *, error: str | None, at: datetime | None = None) -> None:
    """Note a call to the platform: green rests on these alone."""
    moment = at or now()
    channel.last_call_at = moment
    channel.last_error = error
    if error is None:
        channel.last_call_ok_at = moment
        channel.access_lost_at = None


def lose_access(session: Session, channel: Channel, reason: str, *, by: Actor) -> None:
    """The platform said, and a probe confirmed, that these credentials are dead: a person is needed."""
    if channel.access_lost_at is None:
        channel.access_lost_at = now()
        history.record(session, "channel.access_lost", by=by, channel=channel)
    channel.last_error = reason


def pause(session: Session, channel: Channel, until: datetime, *, by: Actor) -> None:
    """Let this channel's queue rest; the others go on."""
    if channel.paused_until is None or channel.paused_until < until:
        channel.paused_until = until
        history.record(session, "channel.paused", by=by, channel=channel)


def health(channel: Channel) -> str:
    """`ok` (a real call succeeded lately), `paused`, `access_lost`, `failing`, `off` or `unknown`."""
    if not channel.is_active:
        return "off"
    if channel.access_lost_at is not None:
        return "access_lost"
    if channel.paused_until is not None and channel.paused_until > now():
        return "paused"
    if channel.last_error is not None:
        return "failing"
    return "ok" if channel.last_call_ok_at is not None else "unknown"
