"""What the core and the screens must know of a platform: data, brought along by the platforms themselves.

Nothing here or above knows a platform by name. `connectors` fills the table when it is imported; asking
before that is an error, since every channel would then pass for a by-hand door.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from inbox.values import CallKind, Limit

MAX_BY_HAND = 5000
"""The longest text, in characters, for a door that no connector serves: a letter, a call."""

# For a platform that documents nothing.
_CAUTIOUS: Mapping[CallKind, Limit] = {CallKind.READ: Limit(60, 60), CallKind.SEND: Limit(60, 60)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """One platform as everybody but its connector knows it.

    `key` is what `Channel.platform` holds, and the name of its colour in the style sheet. `icon` is one of
    @tabler/icons. `length(text)` counts as the platform counts, against `max_length` and
    `max_private_length`. `limits` are of one account, as documented.
    """

    key: str
    label: str  # the platform's own name, which is the same in every language
    icon: str = "message-2"
    max_length: int
    max_private_length: int
    length: Callable[[str], int] = len
    private_window: timedelta | None = None  # how long after the citizen's last private message we may answer
    rating_in_private: bool = False  # a rating is asked by a private message rather than in the public thread
    has_choices: bool = False  # buttons or rows can be offered
    can_be_compared: bool = False  # what stands there can be read afresh
    hook: str | None = None  # the name of its hook family
    credential_names: tuple[str, ...] = ()  # the secrets a channel needs, as the settings screen asks
    api_url: str = ""  # the platform's own address; settings may name another
    limits: Mapping[CallKind, Limit] = field(default_factory=lambda: _CAUTIOUS)
    by_hand: bool = False  # no connector: people carry what is said

    def longest(self, *, private: bool) -> int:
        """How long a text may be there."""
        return self.max_private_length if private else self.max_length


_TRAITS: dict[str, Traits] = {}


def register(traits: Traits) -> None:
    """Make a platform known. For `connectors` alone."""
    _TRAITS[traits.key] = traits


def traits(key: str) -> Traits:
    """The traits of a platform; those of a by-hand door for a key that no platform has."""
    return _known().get(key) or Traits(
        key=key,
        label=key,
        max_length=MAX_BY_HAND,
        max_private_length=MAX_BY_HAND,
        limits={},
        by_hand=True,
    )


def connected() -> list[str]:
    """The keys of the platforms that have a connector, in the order of their registration."""
    return list(_known())


def _known() -> Mapping[str, Traits]:
    if not _TRAITS:
        raise LookupError("no platform is known: import `connectors` first")
    return _TRAITS
