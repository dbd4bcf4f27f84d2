"""What a platform must provide: a value that holds functions.

A new platform is one folder with a `CONNECTOR` of this type and one line in `connectors/__init__.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.payload import moment, read_object
from inbox.platforms import Traits
from inbox.values import (
    Access,
    Examination,
    Fact,
    LookOutcome,
    MessageKind,
    Outgoing,
    PolledPage,
    ProbeOutcome,
    Renewal,
    SendOutcome,
    UnreadablePayload,
)

_POLLED = b'{"cozum_polled": 1, '


@dataclass(frozen=True, slots=True)
class Polled:
    """A polled answer with the platform, account and edge it came from, which its own bytes do not name.

    `body` is the platform's text, unchanged. `asked_at` is the observation time of facts without their own.
    """

    platform: str
    account: str
    edge: str
    asked_at: datetime
    body: str

    def to_bytes(self) -> bytes:
        """The envelope as JSON bytes. Its first key, `cozum_polled`, distinguishes it from a hook body."""
        inner = json.dumps(
            {
                "platform": self.platform,
                "account": self.account,
                "edge": self.edge,
                "asked_at": self.asked_at.isoformat(),
                "body": self.body,
            }
        )
        return _POLLED + inner[1:].encode()

    @staticmethod
    def from_bytes(raw: bytes) -> Polled | None:
        """The envelope in `raw`; None if `raw` is a hook body. Raises UnreadablePayload."""
        if not raw.startswith(_POLLED):
            return None
        read = read_object(raw)
        told = [read.get(name) for name in ("platform", "account", "edge", "asked_at", "body")]
        match told:
            case [str(platform), str(account), str(edge), str(asked_at), str(body)] if account:
                at = moment(asked_at)
                if at is not None:
                    return Polled(platform=platform, account=account, edge=edge, asked_at=at, body=body)
        raise UnreadablePayload("a polled envelope that is none")

    def page(self, *, cursor: str | None, more: bool = False) -> PolledPage:
        """This answer as a `PolledPage`. The digest covers `body` only, not the time we asked."""
        digest = hashlib.sha256(self.body.encode(errors="surrogatepass")).digest()
        return PolledPage(body=self.to_bytes(), digest=digest, cursor=cursor, more=more)


@dataclass(frozen=True, slots=True)
class Hook:
    """How a family of hooks proves who speaks. Its `name` ends its path and keys its secrets in the settings.

    `is_genuine(secrets, headers, body)`: does any of the secrets sign these bytes; headers are lower-case.
    `answer_challenge(secrets, verify_token, query)`: the text (and its content type) that proves the hook is
    ours, or None when the question is not genuine.
    `asks_for_token`: who subscribes it is asked for a token of ours.
    `earlier_settings`: the variables that held its `secrets` and `verify_token` before `COZUM_HOOK_SECRETS`.
    """

    name: str
    is_genuine: Callable[[Sequence[str], dict[str, str], bytes], bool]
    answer_challenge: Callable[[Sequence[str], str, dict[str, str]], tuple[str, str] | None]
    asks_for_token: bool = False
    earlier_settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Survey:
    """Reads everything on a platform again, without cursors, to compare it with what is stored here.

    `walk(access, since)` yields pages for `normalise` with everything public since `since`. It raises
    `connectors.http.PlatformError`, also if there is more than it can read. `whole_account`: the pages show
    all our own messages, else only those under the posts that they show.
    `gone(access, ids)` reads up to `at_once` messages of `kinds` and returns the ids that the platform says
    do not exist. It raises PlatformError.
    """

    walk: Callable[[Access, datetime], Iterator[PolledPage]]
    whole_account: bool
    gone: Callable[[Access, Sequence[str]], frozenset[str]]
    kinds: tuple[MessageKind, ...]
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class Connector:
    """How the program speaks with one platform; what it must know of it otherwise stands in its `traits`.

    `normalise(raw)` is pure: the bytes of a hook body or a `Polled` envelope to facts, in order, the same
    each time. It raises UnreadablePayload and nothing else. `claims(raw)` says whether a body of the hook
    family is this platform's, without reading more than its outermost object.
    `poll(access, edge, cursor)` makes one call and answers one page; it raises
    `connectors.http.PlatformError`.
    `send` and `look` never raise for what the platform or the network does: they answer with an outcome.
    `can_prove_absence(outgoing)`: may a look that finds nothing be believed.
    """

    traits: Traits
    hook: Hook
    claims: Callable[[bytes], bool]
    normalise: Callable[[bytes], tuple[Fact, ...]]
    edges: tuple[str, ...]
    poll: Callable[[Access, str, str | None], PolledPage]
    send: Callable[[Access, Outgoing], SendOutcome]
    look: Callable[[Access, Outgoing], LookOutcome]
    probe: Callable[[Access], ProbeOutcome]
    can_prove_absence: Callable[[Outgoing], bool]
    # What the platform knows of our token; a fresh token for one that still lives. Both raise PlatformError.
    examine: Callable[[Access], Examination] | None = None
    renew: Callable[[Access], Renewal | None] | None = None
    survey: Survey | None = None  # None: nothing there can be read afresh

    def __post_init__(self) -> None:
        told = (self.traits.hook, self.traits.can_be_compared)
        if told != (self.hook.name, self.survey is not None):
            raise ValueError(f"the traits of {self.platform} tell another hook or survey than it has")

    @property
    def platform(self) -> str:
        """What `Channel.platform` holds."""
        return self.traits.key
