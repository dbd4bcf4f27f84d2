"""Calls as one of our channels: its access, and the rate-limit reports of the platform."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import structlog
from sqlalchemy.orm import Session

from inbox import channels, platforms
from inbox.channels import budgets
from inbox.errors import InvalidInput
from inbox.history import Actor
from inbox.models import Channel
from inbox.values import Access, Usage

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ChannelSession:
    """A channel ready for calls outside a transaction. Collects `usages` until `record_usage` stores them."""

    channel_id: int
    access: Access
    opened: bytes | None = None  # the encrypted secrets that `access` was made from
    usages: list[Usage] = field(default_factory=list)

    def is_current(self, channel: Channel) -> bool:
        """Whether the channel still has these secrets. If not, a refusal of the old ones means nothing."""
        return channel.credentials == self.opened

    def record_usage(self, session: Session, channel: Channel, *, by: Actor) -> None:
        """Store what the platform reported about its limits since the last time."""
        usages = tuple(self.usages)
        if usages:
            budgets.record_usage(session, channel, usages, platforms.traits(channel.platform).limits, by=by)
        self.usages.clear()


def open_session(channel: Channel) -> ChannelSession:
    """The session of a channel; without secrets when no configured key decrypts them.

    It does not raise then: one broken channel must not stop the claiming of work for all others. Without a
    token every call ends as AccessLost, which is correct.
    """
    usages: list[Usage] = []
    try:
        secrets = channels.credentials(channel)
    except InvalidInput:
        log.error("credentials_not_opened", channel_id=channel.id)
        secrets = {}
    access = channels.access(channel, secrets)
    return ChannelSession(channel.id, replace(access, on_usage=usages.append), channel.credentials, usages)
