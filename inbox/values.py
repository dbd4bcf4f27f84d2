"""The frozen values that platforms and core exchange: facts, what is to be sent, and how a send ended.

The core owns these words; a connector translates its platform's into them. Nothing here does input or output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

from inbox.failures import Trouble

# --- words shared with the platforms ---------------------------------------------------------------


class MessageKind(StrEnum):
    """How a message stands towards us on its platform; what it carries is in its attachments."""

    MENTION = "mention"  # a public post of a citizen that names us
    COMMENT = "comment"  # public, under a post (ours or somebody's)
    CHAT = "chat"  # private: a direct message
    POST = "post"  # a post of our own account, to which citizens answer
    UNSUPPORTED = "unsupported"  # a citizen said something in a form we cannot read; its raw body is kept


class ReplyKind(StrEnum):
    """What a reply is for. Only an answer is rated."""

    ACKNOWLEDGEMENT = "acknowledgement"
    QUESTION = "question"
    INTERIM = "interim"
    ANSWER = "answer"
    RATING = "rating"


class Gone(StrEnum):
    """In what way a message is no longer to be seen, or is again."""

    DELETED = "deleted"
    HIDDEN = "hidden"
    UNHIDDEN = "unhidden"


class Receipt(StrEnum):
    """How far a sent reply came. Ranked: a later one in this order never gives way to an earlier one."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class UnreadablePayload(ValueError):
    """A body that cannot be what it claims. Raised by `normalise` and by nothing else."""


# --- facts: what a platform told us -----------------------------------------------------------------


def _aware(name: str, moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise ValueError(f"{name} must carry a time zone, got {moment!r}")


@dataclass(frozen=True, slots=True)
class AuthorKey:
    """One name by which a platform knows a citizen. `scope` is the connector's own word for what the name is
    unique within: a platform, one page of it, all telephones.
    """

    scope: str
    value: str


@dataclass(frozen=True, slots=True)
class Author:
    """A citizen as the platform showed them. `keys`: several names of the same person, the surest first."""

    keys: tuple[AuthorKey, ...]
    name: str | None = None
    handle: str | None = None
    phone: str | None = None  # digits with country code


@dataclass(frozen=True, slots=True)
class AttachmentSeen:
    """A file, place or card of a message. `url` and `media_id` may live for minutes only."""

    kind: str  # image, video, audio, document, sticker, location, contact, link, other
    media_id: str | None = None
    url: str | None = None
    mime: str | None = None
    name: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class MessageSeen:
    """A message as it stood at `observed_at`: new, repeated or edited. Also our own posts and replies."""

    platform: str
    account: str  # our account's external id: which door it came through
    external_id: str  # unique within the platform; an X post's is the first of its edit history
    kind: MessageKind
    text: str
    sent_at: datetime
    observed_at: datetime
    author: Author | None  # None where the platform hides it, or it is ours
    from_us: bool = False
    conversation: str | None = None  # the public post or conversation it stands in; None for a private chat
    parent_external_id: str | None = None
    edited_at: datetime | None = None
    permalink: str | None = None
    attachments: tuple[AttachmentSeen, ...] = ()
    button: str | None = None  # the id of the button or row the citizen chose, when they did not type
    our_reference: str | None = None  # what we gave the platform to carry back with our own message
    recipient: Author | None = None  # of a private message of ours: whose chat it stands in
    language: str | None = None

    def __post_init__(self) -> None:
        for name in ("sent_at", "observed_at", "edited_at"):
            _aware(name, getattr(self, name))


@dataclass(frozen=True, slots=True)
class MessageGone:
    """A message was deleted, hidden or shown again."""

    platform: str
    account: str
    external_id: str
    how: Gone
    observed_at: datetime

    def __post_init__(self) -> None:
        _aware("observed_at", self.observed_at)


@dataclass(frozen=True, slots=True)
class ReplyReceipt:
    """How far one message of ours came, told by the platform; `our_reference` when it carried ours back."""

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
    """A part of a body we have no use for or cannot read. Kept with its raw body, counted and shown."""

    platform: str
    account: str | None
    what: str  # the platform's own word for it, e.g. "field:account_update"; never a citizen's words


Fact = MessageSeen | MessageGone | ReplyReceipt | NotUnderstood


# --- sending ----------------------------------------------------------------------------------------


class CallKind(StrEnum):
    """What a call is for, as platforms count calls apart."""

    READ = "read"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many calls in so many seconds."""

    most: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of its own limit a platform says an account has used up: 1.0 is all of it.

    `left` calls and `resets_in` seconds are None where the platform does not say.
    """

    kinds: tuple[CallKind, ...]
    used: float
    left: int | None = None
    resets_in: float | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """What a connector needs to speak as one of our accounts. Never logged: its repr hides the secrets.

    `on_usage` is told what the platform says of its limits, with every answer that says it.
    """

    platform: str
    account: str
    base_url: str
    credentials: Mapping[str, SecretStr] = field(default_factory=dict)
    on_usage: Callable[[Usage], None] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One reply on its way out, with everything a connector may need to place it and to find it again."""

    reference: str  # ours; carried by platforms that can carry it back
    kind: ReplyKind
    text: str
    to_external_id: str  # the citizen's message it answers
    to_kind: MessageKind
    conversation: str | None
    recipient: tuple[AuthorKey, ...] = ()
    choices: tuple[
        tuple[str, str], ...
    ] = ()  # (id, title) offered as buttons or rows where the channel has them
    in_private: bool = False  # answer a public comment with a private message
    first_tried_at: datetime | None = None  # when looking for it: the earliest it can have appeared
    others: tuple[str, ...] = ()  # when looking for it: our other replies that stand there, by their ids

    def __post_init__(self) -> None:
        _aware("first_tried_at", self.first_tried_at)


@dataclass(frozen=True, slots=True)
class Sent:
    """It is out, under this id."""

    external_id: str


@dataclass(frozen=True, slots=True)
class NotSent(Trouble):
    """Surely not out; may be tried again after `retry_after` seconds (None: our own back-off)."""

    retry_after: float | None = None
    pauses_channel: bool = False  # a rate limit: it concerns the whole account


@dataclass(frozen=True, slots=True)
class Refused(Trouble):
    """Surely not out, and never to be tried again as it is."""


@dataclass(frozen=True, slots=True)
class AccessLost(Trouble):
    """Surely not out: token, permission or account needs a person."""


@dataclass(frozen=True, slots=True)
class MaybeSent(Trouble):
    """It may be public. Never to be sent again before it was looked for."""


SendOutcome = Sent | NotSent | Refused | AccessLost | MaybeSent


@dataclass(frozen=True, slots=True)
class Found:
    """Our reply stands on the platform under this id."""

    external_id: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """We looked at everything that could show it, and it is not there."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The platform offers no way to look, or looking failed; the platform may say when to ask again."""

    reason: str
    retry_after: float | None = None  # seconds


LookOutcome = Found | NotThere | CannotTell


@dataclass(frozen=True, slots=True)
class PolledPage:
    """One answer of a platform to a poll: the body, and from where to go on."""

    body: bytes  # a `connectors.contract.Polled` envelope, ready for `normalise`
    digest: bytes  # of the platform's own bytes: equal when nothing changed
    cursor: str | None  # to be stored together with the body; None: start anew next time
    more: bool = False  # ask again at once


@dataclass(frozen=True, slots=True)
class ProbeOk:
    """A real call with these credentials succeeded."""

    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProbeFailed(Trouble):
    """A real call failed. `access_lost` when the platform said it is the credentials, not a bad minute."""

    access_lost: bool = field(kw_only=True)


ProbeOutcome = ProbeOk | ProbeFailed


@dataclass(frozen=True, slots=True)
class Examination:
    """What a platform knows of a token. Times are None where it never ends or the platform does not say.

    `missing` are permissions without which we could not work; `is_subscribed` is None where nobody can say.
    Without `reports_lifetime` the times say nothing: what a renewal told of them stands.
    """

    is_valid: bool
    missing: tuple[str, ...] = ()
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    is_subscribed: bool | None = None
    reports_lifetime: bool = True


@dataclass(frozen=True, slots=True)
class Renewal:
    """The secrets that take the place of those of the same names, and how many seconds they live."""

    credentials: Mapping[str, SecretStr]
    lives: float | None
