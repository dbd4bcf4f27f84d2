"""By which of our accounts a citizen can be answered, how long a text each takes, what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext, ngettext

from connectors import CONNECTORS
from inbox import channels
from inbox.clock import now
from inbox.models import Channel
from inbox.queries import GroupRow
from inbox.values import MessageKind

SOON = timedelta(hours=2)
MAX_BY_HAND = 5000
"""For a door no connector serves: a letter, a call."""


@dataclass(frozen=True, slots=True)
class Door:
    """One account that may answer."""

    key: str
    name: str
    platform: str
    max_length: int
    warning: str  # "": nothing speaks against it


def is_private(group: GroupRow) -> bool:
    """Whether the answer is seen by the citizen alone."""
    return group.latest.kind is MessageKind.CHAT


def doors(group: GroupRow) -> list[Door]:
    """The accounts this group reached us by, the first one first."""
    last_word = group.latest.thread.last_citizen_at if group.latest.thread else None
    return [_door(channel, private=is_private(group), last_word=last_word) for channel in group.doors]


def length(channel: Channel, text: str, *, private: bool) -> tuple[int, int]:
    """How long `text` is as this channel counts, and how long it may be."""
    connector = CONNECTORS.get(channel.platform)
    if connector is None:
        return len(text), MAX_BY_HAND
    return connector.length(text), connector.max_private_length if private else connector.max_length


def _door(channel: Channel, *, private: bool, last_word: datetime | None) -> Door:
    warnings: Sequence[str] = [
        words for words in (_health(channel), _window(channel, last_word) if private else "") if words
    ]
    return Door(
        channel.key,
        channel.name,
        channel.platform,
        length(channel, "", private=private)[1],
        " ".join(warnings),
    )


def _health(channel: Channel) -> str:
    match channels.health(channel):
        case "access_lost":
            return gettext(
                "%(channel)s has lost its access: the reply waits until it is renewed.", channel=channel.name
            )
        case "paused":
            return gettext(
                "%(channel)s rests because the platform asked for it: the reply goes out later.",
                channel=channel.name,
            )
        case "off":
            return gettext("%(channel)s is switched off: the reply waits.", channel=channel.name)
        case _:
            return ""


def _window(channel: Channel, last_word: datetime | None) -> str:
    """Platforms let us write privately for a while after the citizen's last word, by the platform's clock."""
    connector = CONNECTORS.get(channel.platform)
    if connector is None or connector.private_window is None or last_word is None:
        return ""
    left = last_word + connector.private_window - now()
    if left <= timedelta():
        return gettext(
            "The time in which we may answer this chat is over: the platform will refuse the reply."
        )
    if left < SOON:
        minutes = max(1, int(left.total_seconds() // 60))
        return ngettext(
            "The time in which we may answer this chat ends in %(num)d minute.",
            "The time in which we may answer this chat ends in %(num)d minutes.",
            minutes,
        )
    return ""
