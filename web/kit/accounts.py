"""The accounts that can reply to a citizen, with length limit, reply window and warnings of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext, ngettext

from inbox import channels, platforms
from inbox.clock import now
from inbox.models import Channel
from inbox.queries import GroupRow
from inbox.states import ChannelHealth
from inbox.values import MessageKind
from web.kit import formats

SOON = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Window:
    """The time after a citizen's last private message in which the platform lets us reply."""

    closes_at: datetime
    left: timedelta  # zero or negative: closed

    @property
    def is_over(self) -> bool:
        """Whether the platform would refuse a reply now."""
        return self.left <= timedelta()

    @property
    def ends_soon(self) -> bool:
        """Whether less than two hours are left, or none."""
        return self.left < SOON

    @property
    def words(self) -> str:
        """A short text: the closing time and how long is left."""
        if self.is_over:
            return gettext("The time to answer is over")
        return gettext(
            "Answer by %(time)s · %(left)s left",
            time=formats.istanbul_short(self.closes_at),
            left=formats.time_left(self.left),
        )

    @property
    def warning(self) -> str:
        """The warning above the composer; "" while more than two hours are left."""
        if self.is_over:
            return gettext(
                "The time in which we may answer this chat is over: the platform will refuse the reply."
            )
        if self.ends_soon:
            minutes = max(1, int(self.left.total_seconds() // 60))
            return ngettext(
                "The time in which we may answer this chat ends in %(num)d minute.",
                "The time in which we may answer this chat ends in %(num)d minutes.",
                minutes,
            )
        return ""


@dataclass(frozen=True, slots=True)
class Door:
    """One of our accounts that can reply to a group of messages."""

    key: str
    name: str
    platform: str
    max_length: int
    window: Window | None  # None: no time limit
    warning: str  # "": no warning


def is_private(group: GroupRow) -> bool:
    """Whether the reply is a private message."""
    return group.latest.kind is MessageKind.CHAT


def doors(group: GroupRow) -> list[Door]:
    """The accounts that received this group, the first receiver first."""
    thread, private = group.latest.thread, is_private(group)
    last_word = (thread.last_citizen_at if thread else None) or group.latest.sent_at
    return [
        _door(channel, private=private, window=_window(channel, last_word) if private else None)
        for channel in group.doors
    ]


def _door(channel: Channel, *, private: bool, window: Window | None) -> Door:
    warnings = (_health(channel), window.warning if window else "")
    return Door(
        channel.key,
        channel.name,
        channel.platform,
        platforms.traits(channel.platform).longest(private=private),
        window,
        " ".join(words for words in warnings if words),
    )


def _health(channel: Channel) -> str:
    match channels.health(channel):
        case ChannelHealth.ACCESS_LOST:
            return gettext(
                "%(channel)s has lost its access: the reply waits until it is renewed.", channel=channel.name
            )
        case ChannelHealth.PAUSED:
            return gettext(
                "%(channel)s is paused by the platform: the reply will be sent later.",
                channel=channel.name,
            )
        case ChannelHealth.OFF:
            return gettext("%(channel)s is switched off: the reply waits.", channel=channel.name)
        case _:
            return ""


def _window(channel: Channel, last_word: datetime) -> Window | None:
    window = platforms.traits(channel.platform).private_window
    if window is None:
        return None
    closes_at = last_word + window
    return Window(closes_at, closes_at - now())
