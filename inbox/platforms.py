"""What the core and the screens must know about a platform, as data that its connector registers.

The core names no platform. `connectors` fills the table at import. Reading it earlier raises LookupError:
every channel would look like one that people serve by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from inbox.values import CallKind, Limit

MAX_BY_HAND = 5000
"""The maximum length of a text, in characters, on a channel without a connector: a letter, a call."""

# For a platform that documents no limits.
_CAUTIOUS: Mapping[CallKind, Limit] = {CallKind.READ: Limit(60, 60), CallKind.SEND: Limit(60, 60)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """One platform as everything outside its connector sees it.

    `key` is the value of `Channel.platform` and the name of the colour in the style sheet. `icon` is one of
    @tabler/icons. `length(text)` counts as the platform does, to compare with `max_length` and
    `max_private_length`. `limits` are the documented limits of one account.
    """

    key: str
    label: str  # the platform's own name, which is the same in every language
    icon: str = "message-2"
    max_length: int
    max_private_length: int
    length: Callable[[str], int] = len
    private_window: timedelta | None = None  # how long after the citizen's last private message we may answer
    rating_in_private: bool = False  # ask for a rating in a private message instead of the public thread
    has_choices: bool = False  # buttons or rows can be offered
    can_be_compared: bool = False  # the connector can read everything again for a comparison
    hook: str | None = None  # the name of its hook family
    credential_names: tuple[str, ...] = ()  # the secrets a channel needs, as the settings screen asks
    api_url: str = ""  # the platform's own address; settings may name another
    limits: Mapping[CallKind, Limit] = field(default_factory=lambda: _CAUTIOUS)
    by_hand: bool = False  # there is no connector: people deliver the replies

    def longest(self, *, private: bool) -> int:
        """The maximum length of a text, as `length` counts."""
        return self.max_private_length if private else self.max_length


_TRAITS: dict[str, Traits] = {}


def register(traits: Traits) -> None:
    """Add a platform. Only `connectors` calls this."""
    _TRAITS[traits.key] = traits


def traits(key: str) -> Traits:
    """The traits of a platform; for an unknown key, those of a channel served by hand."""
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
