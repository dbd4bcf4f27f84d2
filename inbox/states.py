"""The three state machines (message triage, tracked request, reply): an enum and a table of moves each.

`history.move` is the only code that changes a state. Other closed lists of states and kinds stand here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class MessageState(StrEnum):
    """The triage of one message of a citizen."""

    NEW = "NEW"
    WAITING = "WAITING"  # we asked a question; the citizen has not answered yet
    ANSWERED = "ANSWERED"
    CONVERTED = "CONVERTED"
    DISMISSED = "DISMISSED"


class RequestState(StrEnum):
    """Who must take the next step on a tracked request."""

    WITH_UNIT = "WITH_UNIT"
    RETURNED = "RETURNED"  # the unit is not responsible: the desk chooses another
    RESPONDED = "RESPONDED"  # the unit has answered: the desk publishes the answer
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class ReplyState(StrEnum):
    """The way of one reply from draft to platform."""

    DRAFT = "DRAFT"
    READY = "READY"
    SENDING = "SENDING"  # under a lease: its worker is calling the platform
    SENT = "SENT"
    UNCERTAIN = "UNCERTAIN"  # it may be public: we search for it and never just send it again
    FAILED = "FAILED"
    WITHDRAWN = "WITHDRAWN"


class Outcome(StrEnum):
    """The result that a unit's answer states."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    OUTSIDE = "outside"
    PLANNED = "planned"


class Intent(StrEnum):
    """What a citizen wants."""

    EMERGENCY = "emergency"
    REQUEST = "request"
    QUESTION = "question"
    PRAISE = "praise"
    IRRELEVANT = "irrelevant"


class Urgency(StrEnum):
    """How soon a person must read it; only an emergency is `siren` or `look_now`."""

    SIREN = "siren"
    LOOK_NOW = "look_now"
    PROMPT = "prompt"
    NORMAL = "normal"


class Role(StrEnum):
    """What a user does here; decides their permissions."""

    MODERATOR = "moderator"
    UNIT_OFFICER = "unit_officer"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class RawEventState(StrEnum):
    """The state of a body in the ingest queue; not changed by `history.move`."""

    PENDING = "PENDING"
    APPLIED = "APPLIED"
    SET_ASIDE = "SET_ASIDE"


class ChannelHealth(StrEnum):
    """The health of one of our channels, judged only by real calls to the platform."""

    OK = "ok"  # a call succeeded recently
    STALE = "stale"  # no recent call succeeded
    PAUSED = "paused"  # a rate limit of the platform
    ACCESS_LOST = "access_lost"  # a person must renew the credentials
    FAILING = "failing"  # the last call failed
    OFF = "off"
    UNKNOWN = "unknown"  # never called


class DifferenceKind(StrEnum):
    """How the platform's content differs from our rows."""

    MISSING = "missing"  # a citizen's message that we did not have
    TEXT_DIFFERS = "text_differs"  # a citizen's message with another text there
    OURS_UNKNOWN = "ours_unknown"  # a message of ours that is no reply or message here
    REPLY_GONE = "reply_gone"  # a reply in state SENT that is not there
    REPLY_THERE = "reply_there"  # a reply that is not SENT here but is there


class AttachmentState(StrEnum):
    """The download of an attachment from the platform."""

    PENDING = "PENDING"
    FETCHED = "FETCHED"
    FAILED = "FAILED"


State = MessageState | RequestState | ReplyState

_M, _R, _P = MessageState, RequestState, ReplyState

MESSAGE_MOVES: Mapping[MessageState, frozenset[MessageState]] = {
    _M.NEW: frozenset({_M.WAITING, _M.ANSWERED, _M.CONVERTED, _M.DISMISSED}),
    _M.WAITING: frozenset({_M.NEW, _M.ANSWERED, _M.CONVERTED, _M.DISMISSED}),
    _M.ANSWERED: frozenset(
        {_M.NEW, _M.CONVERTED}
    ),  # CONVERTED: "answered, but it needs following up after all"
    _M.CONVERTED: frozenset({_M.NEW}),
    _M.DISMISSED: frozenset({_M.NEW}),
}

REQUEST_MOVES: Mapping[RequestState, frozenset[RequestState]] = {
    _R.WITH_UNIT: frozenset({_R.RETURNED, _R.RESPONDED, _R.CANCELLED}),
    _R.RETURNED: frozenset({_R.WITH_UNIT, _R.RESPONDED, _R.CANCELLED}),
    _R.RESPONDED: frozenset({_R.CLOSED, _R.WITH_UNIT}),
    _R.CLOSED: frozenset({_R.WITH_UNIT}),
    _R.CANCELLED: frozenset({_R.WITH_UNIT}),
}

REPLY_MOVES: Mapping[ReplyState, frozenset[ReplyState]] = {
    _P.DRAFT: frozenset({_P.READY, _P.WITHDRAWN}),
    _P.READY: frozenset(
        {_P.SENDING, _P.DRAFT, _P.WITHDRAWN, _P.SENT}
    ),  # SENT: settled by hand or found public
    _P.SENDING: frozenset({_P.SENT, _P.READY, _P.FAILED, _P.UNCERTAIN}),
    _P.UNCERTAIN: frozenset({_P.SENT, _P.READY, _P.FAILED}),
    _P.SENT: frozenset(),
    _P.FAILED: frozenset({_P.DRAFT, _P.WITHDRAWN}),
    _P.WITHDRAWN: frozenset(),
}

# --- sets of states that several modules use ---------------------------------------------------------

OPEN_MESSAGE = frozenset({_M.NEW, _M.WAITING})
"""Still open: the desk must decide, or the citizen has not answered yet."""

WITH_THE_UNIT = frozenset({_R.WITH_UNIT})
"""The unit must answer."""

WITH_THE_DESK = frozenset({_R.RETURNED, _R.RESPONDED})
"""The desk must choose another unit, or publish the unit's answer."""

OPEN_REQUEST = WITH_THE_UNIT | WITH_THE_DESK
"""We must take the next step. After its deadline such a request is overdue."""

UNANSWERED_REQUEST = frozenset({_R.WITH_UNIT, _R.RETURNED})
"""No unit has answered yet: it may still be rerouted."""

ANSWERED_REQUEST = frozenset({_R.RESPONDED, _R.CLOSED})
"""The unit has done its part."""

MAYBE_PUBLIC_REPLY = frozenset({_P.SENDING, _P.UNCERTAIN})
"""Perhaps accepted by the platform: a new message of ours there may be this reply."""

UNFINISHED_REPLY = frozenset({_P.READY}) | MAYBE_PUBLIC_REPLY
"""Approved and not finished: later replies of the thread wait for it."""

ENDED_REPLY = frozenset({_P.SENT, _P.WITHDRAWN})
"""Finished: nothing more happens to it."""

CALLED_UNSENT_REPLY = frozenset({_P.READY, _P.FAILED})
"""Not sent as far as we know; if its text appears on the platform, that is a difference."""

NEVER_SAID_REPLY = frozenset({_P.DRAFT, _P.WITHDRAWN})
"""Not part of the conversation: never approved, or withdrawn."""

REPLY_NEEDS_A_PERSON = frozenset({_P.DRAFT, _P.UNCERTAIN, _P.FAILED})
"""It stays until somebody approves, settles or rewrites it."""


def may_move(from_: State, to: State) -> bool:
    """Whether the table of moves has this step. False for states of different machines."""
    if isinstance(from_, MessageState) and isinstance(to, MessageState):
        return to in MESSAGE_MOVES[from_]
    if isinstance(from_, RequestState) and isinstance(to, RequestState):
        return to in REQUEST_MOVES[from_]
    if isinstance(from_, ReplyState) and isinstance(to, ReplyState):
        return to in REPLY_MOVES[from_]
    return False
