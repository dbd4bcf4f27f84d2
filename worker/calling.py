"""Speaking as one of our channels: its access, and what the platform says of its limits meanwhile."""

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
    """A channel ready for calls; what was told of limits is kept until `record_usage`."""

    channel_id: int
    access: Access
    opened: bytes | None = None  # the stored secrets that `access` was opened from
    usages: list[Usage] = field(default_factory=list)

    def is_current(self, channel: Channel) -> bool:
        """Whether the channel still has these secrets: else a refusal of theirs says nothing."""
        return channel.credentials == self.opened

    def record_usage(self, session: Session, channel: Channel, *, by: Actor) -> None:
        """Keep what the calls since the last `record_usage` told of the platform's limits."""
        usages = tuple(self.usages)
        if usages:
            budgets.record_usage(session, channel, usages, platforms.traits(channel.platform).limits, by=by)
        self.usages.clear()


def open_session(channel: Channel) -> ChannelSession:
    """The session of a channel; one without secrets when no configured key opens them.

    Never raises for that: work is claimed for one channel after another, and one that stopped the claim would
    stop all behind it. Without a token every call ends as lost access, which is what it is.
    """
    usages: list[Usage] = []
    try:
        secrets = channels.credentials(channel)
    except InvalidInput:
        log.error("credentials_not_opened", channel_id=channel.id)
        secrets = {}
    access = channels.access(channel, secrets)
    return ChannelSession(channel.id, replace(access, on_usage=usages.append), channel.credentials, usages)
