"""The three state machines, each an enum with one table of allowed moves.

Triage of a message, the tracked request by who holds the ball, and the reply on its way out.
`history.move` is the only code that changes a state; tests walk these tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class MessageState(StrEnum):
    """Where the triage of one citizen's words stands."""

    NEW = "NEW"
    WAITING = "WAITING"  # we asked, the citizen owes an answer
    ANSWERED = "ANSWERED"
    CONVERTED = "CONVERTED"
    DISMISSED = "DISMISSED"


class RequestState(StrEnum):
    """Who holds the ball of a tracked request."""

    WITH_UNIT = "WITH_UNIT"
    RETURNED = "RETURNED"  # "not ours": the desk must choose again
    RESPONDED = "RESPONDED"  # the unit has answered: the desk publishes
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class ReplyState(StrEnum):
    """How far one reply came."""

    DRAFT = "DRAFT"
    READY = "READY"
    SENDING = "SENDING"  # a lease: whoever claimed it is calling the platform
    SENT = "SENT"
    UNCERTAIN = "UNCERTAIN"  # it may be public: looked for, never sent again blindly
    FAILED = "FAILED"
    WITHDRAWN = "WITHDRAWN"


class Outcome(StrEnum):
    """What a unit's answer says."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    OUTSIDE = "outside"
    PLANNED = "planned"


class Intent(StrEnum):
    """What a citizen wants of us."""

    EMERGENCY = "emergency"
    REQUEST = "request"
    QUESTION = "question"
    PRAISE = "praise"
    IRRELEVANT = "irrelevant"


class Urgency(StrEnum):
    """How soon somebody must look; only an emergency is `siren` or `look_now`."""

    SIREN = "siren"
    LOOK_NOW = "look_now"
    PROMPT = "prompt"
    NORMAL = "normal"


class Role(StrEnum):
    """What a user is here to do."""

    MODERATOR = "moderator"
    UNIT_OFFICER = "unit_officer"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class RawEventState(StrEnum):
    """The ingest queue's own small states; not a machine of the desk."""

    PENDING = "PENDING"
    APPLIED = "APPLIED"
    SET_ASIDE = "SET_ASIDE"


class ChannelHealth(StrEnum):
    """How one account or line of ours fares. It rests on real calls to the platform alone."""

    OK = "ok"  # a call succeeded lately
    STALE = "stale"  # none lately
    PAUSED = "paused"  # the platform asked for it
    ACCESS_LOST = "access_lost"  # a person must renew it
    FAILING = "failing"  # the last call failed
    OFF = "off"
    UNKNOWN = "unknown"  # never called


class DifferenceKind(StrEnum):
    """In what way a platform shows something else than we hold."""

    MISSING = "missing"  # a citizen's message that stands there and was not here
    TEXT_DIFFERS = "text_differs"  # a citizen's message that says something else there
    OURS_UNKNOWN = "ours_unknown"  # words of ours that stand there and are no reply and no message here
    REPLY_GONE = "reply_gone"  # a reply we call sent that does not stand there
    REPLY_THERE = "reply_there"  # a reply we call not sent that stands there


class AttachmentState(StrEnum):
    """Whether a file's bytes were fetched from the platform."""

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

# --- sets of states that more than one place asks about: each is named here, once ---------------------

OPEN_MESSAGE = frozenset({_M.NEW, _M.WAITING})
"""Not settled yet: the desk owes a decision, or the citizen an answer."""

WITH_THE_UNIT = frozenset({_R.WITH_UNIT})
"""The unit holds the ball: it owes its answer."""

WITH_THE_DESK = frozenset({_R.RETURNED, _R.RESPONDED})
"""The desk holds the ball: it owes another unit, or the publishing of what the unit answered."""

OPEN_REQUEST = WITH_THE_UNIT | WITH_THE_DESK
"""Somebody of ours owes the next step. Past its deadline such a request is overdue."""

UNANSWERED_REQUEST = frozenset({_R.WITH_UNIT, _R.RETURNED})
"""No unit has answered it: it may still go to another one."""

ANSWERED_REQUEST = frozenset({_R.RESPONDED, _R.CLOSED})
"""The unit has done its part."""

MAYBE_PUBLIC_REPLY = frozenset({_P.SENDING, _P.UNCERTAIN})
"""Given to the platform, and its fate is not known: what appears there may be this reply."""

UNFINISHED_REPLY = frozenset({_P.READY}) | MAYBE_PUBLIC_REPLY
"""Released and not over: it holds back later replies of its thread."""

ENDED_REPLY = frozenset({_P.SENT, _P.WITHDRAWN})
"""Nothing more is owed for it."""

CALLED_UNSENT_REPLY = frozenset({_P.READY, _P.FAILED})
"""We say that it is not out: its words on the platform contradict us."""

NEVER_SAID_REPLY = frozenset({_P.DRAFT, _P.WITHDRAWN})
"""No part of the conversation: it has not left the desk, or was taken back for good."""

REPLY_NEEDS_A_PERSON = frozenset({_P.DRAFT, _P.UNCERTAIN, _P.FAILED})
"""It goes nowhere until somebody approves, settles or rewrites it."""


def may_move(from_: State, to: State) -> bool:
    """Whether the table of this machine allows the step."""
    if isinstance(from_, MessageState) and isinstance(to, MessageState):
        return to in MESSAGE_MOVES[from_]
    if isinstance(from_, RequestState) and isinstance(to, RequestState):
        return to in REQUEST_MOVES[from_]
    if isinstance(from_, ReplyState) and isinstance(to, ReplyState):
        return to in REPLY_MOVES[from_]
    return False
