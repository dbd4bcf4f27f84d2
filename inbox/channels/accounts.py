"""The encrypted secrets and the health of our channels.

Credentials are a Fernet token over JSON. The first configured key encrypts and every key decrypts, so keys
can be rotated while the system runs: add a new first key, run `rotate`, drop the old one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from inbox import history, platforms
from inbox.channels import alarms
from inbox.clock import now
from inbox.errors import InvalidInput, UnknownKey
from inbox.history import Actor
from inbox.language.turkish import clean
from inbox.models import Channel, Reply
from inbox.refusals import Thing, Why
from inbox.settings import settings
from inbox.states import ChannelHealth, ReplyState
from inbox.values import Access, Renewal

_ACCOUNTS = "channels by account"
ACCESS_LOST = "access_lost"
"""The alarm of a channel whose credentials need a person."""
STALE_AFTER = timedelta(minutes=20)
"""How old the last successful call may be for a channel to be OK."""


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key.get_secret_value()) for key in settings().credential_keys])


def set_credentials(session: Session, channel: Channel, values: Mapping[str, str], *, by: Actor) -> None:
    """Replace the secrets of `channel`; ends a loss of access."""
    _store(channel, values)
    channel.token_issued_at = channel.token_expires_at = None
    # A refresh token means that the access token is short-lived; only a renewal reports its lifetime.
    channel.next_renewal_at = now() if values.get("refresh_token") else None
    channel.last_error = None
    channel.next_probe_at = channel.next_poll_at = None
    regain_access(session, channel, by=by)
    history.record(session, "channel.credentials", by=by, channel=channel, details={"names": sorted(values)})


def renew_credentials(
    session: Session, channel: Channel, renewal: Renewal, *, seen: bytes | None, by: Actor
) -> bool:
    """Replace the encrypted secrets `seen`, with which the renewal was made, by the renewed ones.

    False when somebody entered other secrets meanwhile; those stay.
    """
    session.refresh(channel, with_for_update=True)
    if channel.credentials != seen:
        return False
    current = {name: secret.get_secret_value() for name, secret in credentials(channel).items()}
    fresh = {name: secret.get_secret_value() for name, secret in renewal.credentials.items()}
    _store(channel, {**current, **fresh})
    expires_at = now() + timedelta(seconds=renewal.lives) if renewal.lives else None
    set_token_life(channel, issued_at=now(), expires_at=expires_at)
    channel.next_probe_at = None  # probe at once: the old token may have been dead
    history.record(session, "channel.renewed", by=by, channel=channel, details={"names": sorted(fresh)})
    return True


def set_token_life(channel: Channel, *, issued_at: datetime | None, expires_at: datetime | None) -> None:
    """Store when the token was issued and expires; schedule its renewal at half of its life."""
    if (issued_at, expires_at) == (channel.token_issued_at, channel.token_expires_at):
        return
    channel.token_issued_at, channel.token_expires_at = issued_at, expires_at
    channel.next_renewal_at = None
    if expires_at is not None:
        since = issued_at or now()
        channel.next_renewal_at = since + (expires_at - since) / 2


def _store(channel: Channel, values: Mapping[str, str]) -> None:
    channel.credentials = _cipher().encrypt(json.dumps(dict(values)).encode())


def credentials(channel: Channel) -> dict[str, SecretStr]:
    """The decrypted secrets of `channel`. Raises InvalidInput when no configured key decrypts them."""
    if channel.credentials is None:
        return {}
    try:
        opened = json.loads(_cipher().decrypt(channel.credentials))
    except InvalidToken:
        raise InvalidInput("COZUM_CREDENTIAL_KEYS", Why.KEYS_OPEN_NOTHING, channel=channel.key) from None
    return {name: SecretStr(value) for name, value in opened.items()}


def rotate(session: Session) -> int:
    """Re-encrypt every channel's secrets with the first key. Returns the number of channels."""
    channels = session.scalars(select(Channel).where(Channel.credentials.is_not(None))).all()
    for channel in channels:
        channel.credentials = _cipher().rotate(channel.credentials or b"")
    return len(channels)


def access(channel: Channel, secrets: Mapping[str, SecretStr]) -> Access:
    """What a connector needs to make calls as this channel."""
    own_url = platforms.traits(channel.platform).api_url
    return Access(
        platform=channel.platform,
        account=channel.external_id,
        base_url=settings().api_urls.get(channel.platform, own_url).rstrip("/"),
        credentials=secrets,
    )


def of_account(session: Session, platform: str, external_id: str | None) -> Channel | None:
    """The channel with this external id, or None. Reads all channels once per session and caches them."""
    ours: dict[tuple[str, str], Channel] | None = session.info.get(_ACCOUNTS)
    if ours is None:
        found = session.scalars(select(Channel))
        ours = session.info[_ACCOUNTS] = {
            (channel.platform, channel.external_id): channel for channel in found
        }
    return ours.get((platform, external_id or ""))


def record_call(channel: Channel, *, error: str | None, at: datetime | None = None) -> None:
    """Record a real call to the platform; `health` depends on nothing else. `error`: None for success."""
    moment = at or now()
    channel.last_call_at = moment
    channel.last_error = error
    if error is None:
        channel.last_call_ok_at = moment


def lose_access(session: Session, channel: Channel, reason: str, *, by: Actor) -> None:
    """Record that the credentials are invalid and raise an alarm. Call it only after a probe confirmed it."""
    if channel.access_lost_at is None:
        channel.access_lost_at = now()
        history.record(session, "channel.access_lost", by=by, channel=channel)
        alarms.raise_alarm(session, ACCESS_LOST, channel.key, by=by, channel=channel)
    channel.last_error = reason


def regain_access(session: Session, channel: Channel, *, by: Actor) -> None:
    """Let the channel make calls again; its waiting replies are sent now, in the order of writing."""
    was_lost = channel.access_lost_at is not None
    channel.access_lost_at = None
    alarms.clear(session, ACCESS_LOST, channel.key, by=by, channel=channel)
    if was_lost:
        session.execute(
            update(Reply)
            .where(Reply.channel_id == channel.id, Reply.state == ReplyState.READY, Reply.attempts > 0)
            .values(not_before=None)
        )


def pause(session: Session, channel: Channel, until: datetime, *, by: Actor) -> None:
    """Stop sending on this channel until `until`; never shortens a longer pause."""
    if channel.paused_until is None or channel.paused_until < until:
        channel.paused_until = until
        history.record(session, "channel.paused", by=by, channel=channel)


def health(channel: Channel) -> ChannelHealth:
    """The health of `channel` now."""
    if not channel.is_active:
        return ChannelHealth.OFF
    if channel.access_lost_at is not None:
        return ChannelHealth.ACCESS_LOST
    if channel.paused_until is not None and channel.paused_until > now():
        return ChannelHealth.PAUSED
    if channel.last_error is not None:
        return ChannelHealth.FAILING
    if channel.last_call_ok_at is None:
        return ChannelHealth.UNKNOWN
    return ChannelHealth.OK if now() - channel.last_call_ok_at < STALE_AFTER else ChannelHealth.STALE


def edit(session: Session, channel: Channel, *, name: str, voice: str, is_active: bool, by: Actor) -> None:
    """Change a channel's name, voice and whether it is used. Raises UnknownKey, InvalidInput."""
    if voice not in ("municipality", "mayor"):
        raise UnknownKey(Thing.VOICE, voice, ("municipality", "mayor"))
    wanted = {"name": clean(name).strip(), "voice": voice, "is_active": is_active}
    if not wanted["name"]:
        raise InvalidInput("name", Why.EMPTY)
    changed = sorted(field for field, value in wanted.items() if getattr(channel, field) != value)
    if not changed:
        return
    for field, value in wanted.items():
        setattr(channel, field, value)
    details = {"list": "channels", "key": channel.key, "what": "edited", "fields": changed}
    history.record(session, "settings.changed", by=by, channel=channel, details=details)
