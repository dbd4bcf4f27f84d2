"""What a platform must provide: a value that holds functions.

A new platform is one folder with a `CONNECTOR` of this type and one line in `connectors/__init__.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.payload import moment, read_object
from inbox.values import (
    Access,
    CallKind,
    Examination,
    Fact,
    Limit,
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
    """How a family of hooks (Meta's, X's) proves who speaks.

    `is_genuine(secrets, headers, body)`: does any of the secrets sign these bytes; headers are lower-case.
    `answer_challenge(secrets, verify_token, query)`: the text (and its content type) that proves the hook is
    ours, or None when the question is not genuine.
    """

    name: str
    is_genuine: Callable[[Sequence[str], dict[str, str], bytes], bool]
    answer_challenge: Callable[[Sequence[str], str, dict[str, str]], tuple[str, str] | None]


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
    """Everything the program knows of one platform.

    `normalise(raw)` is pure: the bytes of a hook body or a `Polled` envelope to facts, in order, the same
    each time. It raises UnreadablePayload and nothing else. `claims(raw)` says whether a body of the hook
    family is this platform's, without reading more than its outermost object.
    `poll(access, edge, cursor)` makes one call and answers one page; it raises
    `connectors.http.PlatformError`.
    `send` and `look` never raise for what the platform or the network does: they answer with an outcome.
    `length(text)` counts as the platform counts, against `max_length` (public) and `max_private_length`.
    `can_prove_absence(outgoing)`: may a look that finds nothing be believed.
    """

    platform: str
    label: str  # the platform's own name, as people write it
    hook: Hook
    claims: Callable[[bytes], bool]
    normalise: Callable[[bytes], tuple[Fact, ...]]
    edges: tuple[str, ...]
    poll: Callable[[Access, str, str | None], PolledPage]
    send: Callable[[Access, Outgoing], SendOutcome]
    look: Callable[[Access, Outgoing], LookOutcome]
    probe: Callable[[Access], ProbeOutcome]
    credential_names: tuple[
        str, ...
    ]  # the secrets a channel of this platform needs, as the settings screen asks
    length: Callable[[str], int]
    max_length: int
    max_private_length: int
    private_window: timedelta | None  # how long after the citizen's last private message we may answer
    can_prove_absence: Callable[[Outgoing], bool]
    rating_in_private: bool  # a rating is asked by a private message rather than in the public thread
    has_choices: bool  # buttons or rows can be offered
    api_url: str = ""  # the platform's own address; settings may name another
    # What one account may do, as documented; cautious where a platform documents nothing.
    read_limit: Limit = Limit(60, 60)
    send_limit: Limit = Limit(60, 60)
    # What the platform knows of our token; a fresh token for one that still lives. Both raise PlatformError.
    examine: Callable[[Access], Examination] | None = None
    renew: Callable[[Access], Renewal | None] | None = None
    survey: Survey | None = None  # None: nothing there can be read afresh

    @property
    def limits(self) -> Mapping[CallKind, Limit]:
        """The limits by the kind of call."""
        return {CallKind.READ: self.read_limit, CallKind.SEND: self.send_limit}
