"""The frozen values that connectors and core exchange: facts, outgoing replies, and results of calls.

A connector translates its platform's terms into these. Nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

from inbox.failures import Trouble

# --- terms shared with the connectors ---------------------------------------------------------------


class MessageKind(StrEnum):
    """Where a message stands on its platform. Files and locations are in its attachments."""

    MENTION = "mention"  # a public post of a citizen that names us
    COMMENT = "comment"  # public, under a post (ours or somebody's)
    CHAT = "chat"  # private: a direct message
    POST = "post"  # a post of our own account, to which citizens answer
    UNSUPPORTED = "unsupported"  # a citizen's message in a form we cannot read; the raw body is kept


class ReplyKind(StrEnum):
    """What a reply is for. Only an answer is rated."""

    ACKNOWLEDGEMENT = "acknowledgement"
    QUESTION = "question"
    INTERIM = "interim"
    ANSWER = "answer"
    RATING = "rating"


class Gone(StrEnum):
    """How the visibility of a message changed."""

    DELETED = "deleted"
    HIDDEN = "hidden"
    UNHIDDEN = "unhidden"


class Receipt(StrEnum):
    """The delivery status of a sent reply. `replies.receipts` ranks them: a status never goes back."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class UnreadablePayload(ValueError):
    """A body that cannot be what it claims. Raised by `normalise` and by nothing else."""


# --- facts: what a platform reported -----------------------------------------------------------------


def _aware(name: str, moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise ValueError(f"{name} must carry a time zone, got {moment!r}")


@dataclass(frozen=True, slots=True)
class AuthorKey:
    """One id of a citizen on a platform. `scope` is the connector's name for the space in which `value` is
    unique: the platform, one page, all telephone numbers.
    """

    scope: str
    value: str


@dataclass(frozen=True, slots=True)
class Author:
    """A citizen as the platform reported them. `keys`: ids of the same person, the most reliable first."""

    keys: tuple[AuthorKey, ...]
    name: str | None = None
    handle: str | None = None
    phone: str | None = None  # digits with country code


@dataclass(frozen=True, slots=True)
class AttachmentSeen:
    """A file, location or contact card of a message. `url` and `media_id` may expire within minutes."""

    kind: str  # image, video, audio, document, sticker, location, contact, link, other
    media_id: str | None = None
    url: str | None = None
    mime: str | None = None
    name: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class MessageSeen:
    """A message as it was at `observed_at`: new, repeated or edited. Our own posts and replies too."""

    platform: str
    account: str  # the external id of our account that received it
    external_id: str  # unique within the platform; the same for all edits of a message
    kind: MessageKind
    text: str
    sent_at: datetime
    observed_at: datetime
    author: Author | None  # None: hidden by the platform, or the message is ours
    from_us: bool = False
    conversation: str | None = None  # the public post or conversation it belongs to; None: a private chat
    parent_external_id: str | None = None
    edited_at: datetime | None = None
    permalink: str | None = None
    attachments: tuple[AttachmentSeen, ...] = ()
    button: str | None = None  # the id of the button or row the citizen chose
    our_reference: str | None = None  # the reference we sent along with our own message
    recipient: Author | None = None  # of a private message of ours: the citizen in that chat
    language: str | None = None

    def __post_init__(self) -> None:
        for name in ("sent_at", "observed_at", "edited_at"):
            _aware(name, getattr(self, name))


@dataclass(frozen=True, slots=True)
class MessageGone:
    """A message was deleted, hidden or unhidden."""

    platform: str
    account: str
    external_id: str
    how: Gone
    observed_at: datetime

    def __post_init__(self) -> None:
        _aware("observed_at", self.observed_at)


@dataclass(frozen=True, slots=True)
class ReplyReceipt:
    """The delivery status of one message of ours. `our_reference`: ours, if the platform returned it."""

    platform: str
    account: str
    external_id: str
    status: Receipt
    observed_at: datetime
    failure: str | None = None  # as `Trouble.reason` writes it
    our_reference: str | None = None

    def __post_init__(self) -> None:
        _aware("observed_at", self.observed_at)


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A part of a body that we do not use or cannot read. It is set aside, counted and listed."""

    platform: str
    account: str | None
    what: str  # the platform's term, e.g. "field:account_update"; never a citizen's words


Fact = MessageSeen | MessageGone | ReplyReceipt | NotUnderstood


# --- sending ----------------------------------------------------------------------------------------


class CallKind(StrEnum):
    """What a call does; platforms limit the kinds separately."""

    READ = "read"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` calls in `seconds`."""

    most: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What a platform reports about an account's rate limit. `used` is a share: 1.0 is all of it.

    `left` (calls) and `resets_in` (seconds) are None where the platform does not report them.
    """

    kinds: tuple[CallKind, ...]
    used: float
    left: int | None = None
    resets_in: float | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """What a connector needs to make calls as one of our accounts. The repr hides the secrets.

    `on_usage` is called for every response that reports the platform's rate limit.
    """

    platform: str
    account: str
    base_url: str
    credentials: Mapping[str, SecretStr] = field(default_factory=dict)
    on_usage: Callable[[Usage], None] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One reply to send, with everything a connector may need to send it and to find it again."""

    reference: str  # ours; some platforms return it with the message
    kind: ReplyKind
    text: str
    to_external_id: str  # the citizen's message it answers
    to_kind: MessageKind
    conversation: str | None
    recipient: tuple[AuthorKey, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()  # (id, title) of buttons or rows, where the platform has them
    in_private: bool = False  # answer a public comment with a private message
    first_tried_at: datetime | None = None  # for a search: it cannot have appeared earlier
    others: tuple[str, ...] = ()  # for a search: ids of our other replies under the same post

    def __post_init__(self) -> None:
        _aware("first_tried_at", self.first_tried_at)


@dataclass(frozen=True, slots=True)
class Sent:
    """The reply was published under this id."""

    external_id: str


@dataclass(frozen=True, slots=True)
class NotSent(Trouble):
    """Certainly not published; try again after `retry_after` seconds (None: our own back-off)."""

    retry_after: float | None = None
    pauses_channel: bool = False  # a rate limit of the whole account


@dataclass(frozen=True, slots=True)
class Refused(Trouble):
    """Certainly not published, and a retry without changes would fail again."""


@dataclass(frozen=True, slots=True)
class AccessLost(Trouble):
    """Certainly not published: a person must mend the token, permission or account."""


@dataclass(frozen=True, slots=True)
class MaybeSent(Trouble):
    """It may be public: search for it before sending it again."""


SendOutcome = Sent | NotSent | Refused | AccessLost | MaybeSent


@dataclass(frozen=True, slots=True)
class Found:
    """The reply is on the platform under this id."""

    external_id: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """The search covered everything that could show the reply, and did not find it."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The platform cannot be searched, or the search failed."""

    reason: str
    retry_after: float | None = None  # seconds, as the platform asked


LookOutcome = Found | NotThere | CannotTell


@dataclass(frozen=True, slots=True)
class PolledPage:
    """One response to a poll: the body, and the cursor for the next."""

    body: bytes  # a `connectors.contract.Polled` envelope, ready for `normalise`
    digest: bytes  # of the platform's own bytes: the same when nothing changed
    cursor: str | None  # stored in one transaction with the body; None: start from the beginning
    more: bool = False  # there is another page: poll again at once


@dataclass(frozen=True, slots=True)
class ProbeOk:
    """A real call with these credentials succeeded."""

    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProbeFailed(Trouble):
    """A real call failed. `access_lost`: because of the credentials, not a temporary fault."""

    access_lost: bool = field(kw_only=True)


ProbeOutcome = ProbeOk | ProbeFailed


@dataclass(frozen=True, slots=True)
class Examination:
    """What a platform reports about a token. Times are None where it never expires or none is reported.

    `missing`: required permissions that it lacks. `is_subscribed`: whether events come to our hook; None
    where the platform does not say. Ignore the times unless `reports_lifetime`: those of the last renewal
    stay.
    """

    is_valid: bool
    missing: tuple[str, ...] = ()
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    is_subscribed: bool | None = None
    reports_lifetime: bool = True


@dataclass(frozen=True, slots=True)
class Renewal:
    """New secrets that replace those of the same names, and their lifetime in seconds (None: no end)."""

    credentials: Mapping[str, SecretStr]
    lives: float | None
