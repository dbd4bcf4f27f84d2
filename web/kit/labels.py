"""The words for everything that code names by a key: states, outcomes, roles, views.

Every member of every enum that a screen can show has words here; a test checks that. They are lazy: the
translation is chosen when they are rendered.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from inbox.failures import Failure, SetAsideKind, Unusable
from inbox.language.personal_data import Personal
from inbox.refusals import Step, Thing, Why
from inbox.states import (
    AttachmentState,
    ChannelHealth,
    DifferenceKind,
    Intent,
    MessageState,
    Outcome,
    RawEventState,
    ReplyState,
    RequestState,
    Role,
    Urgency,
)
from inbox.values import CallKind, Gone, MessageKind, Receipt, ReplyKind
from inbox.wording import Worded

Words = Mapping[str, LazyString]


def _worded(enum: type[Worded]) -> Words:
    """The words of an enum whose members carry their own sentence."""
    return {member.value: _l(member.sentence) for member in enum}


# By enum first: members of two enums may have the same value, such as "question".
ENUMS: Mapping[type[StrEnum], Words] = {
    MessageState: {
        MessageState.NEW: _l("New"),
        MessageState.WAITING: _l("Waiting for the citizen"),
        MessageState.ANSWERED: _l("Answered"),
        MessageState.CONVERTED: _l("Turned into a request"),
        MessageState.DISMISSED: _l("Dismissed"),
    },
    RequestState: {
        RequestState.WITH_UNIT: _l("With the unit"),
        RequestState.RETURNED: _l("Returned to the desk"),
        RequestState.RESPONDED: _l("Answered by the unit"),
        RequestState.CLOSED: _l("Closed"),
        RequestState.CANCELLED: _l("Cancelled"),
    },
    ReplyState: {
        ReplyState.DRAFT: _l("Draft"),
        ReplyState.READY: _l("Ready to send"),
        ReplyState.SENDING: _l("Being sent"),
        ReplyState.SENT: _l("Sent"),
        ReplyState.UNCERTAIN: _l("Uncertain whether it was published"),
        ReplyState.FAILED: _l("Could not be sent"),
        ReplyState.WITHDRAWN: _l("Withdrawn"),
    },
    ReplyKind: {
        ReplyKind.ACKNOWLEDGEMENT: _l("Acknowledgement"),
        ReplyKind.QUESTION: _l("Question to the citizen"),
        ReplyKind.INTERIM: _l("Interim reply"),
        ReplyKind.ANSWER: _l("Answer"),
        ReplyKind.RATING: _l("Rating request"),
    },
    Outcome: {
        Outcome.POSITIVE: _l("Positive"),
        Outcome.NEGATIVE: _l("Negative"),
        Outcome.OUTSIDE: _l("Outside our competence"),
        Outcome.PLANNED: _l("Planned"),
    },
    Intent: {
        Intent.EMERGENCY: _l("Emergency"),
        Intent.REQUEST: _l("Request"),
        Intent.QUESTION: _l("Question"),
        Intent.PRAISE: _l("Praise"),
        Intent.IRRELEVANT: _l("Irrelevant"),
    },
    Urgency: {
        Urgency.SIREN: _l("Siren"),
        Urgency.LOOK_NOW: _l("Look now"),
        Urgency.PROMPT: _l("Prompt"),
        Urgency.NORMAL: _l("Normal"),
    },
    Role: {
        Role.MODERATOR: _l("Moderator"),
        Role.UNIT_OFFICER: _l("Unit officer"),
        Role.SUPERVISOR: _l("Supervisor"),
        Role.ADMINISTRATOR: _l("Administrator"),
    },
    MessageKind: {
        MessageKind.MENTION: _l("Mention"),
        MessageKind.COMMENT: _l("Comment"),
        MessageKind.CHAT: _l("Private message"),
        MessageKind.POST: _l("Post"),
        MessageKind.UNSUPPORTED: _l("Cannot be shown here"),
    },
    CallKind: {CallKind.READ: _l("Reading"), CallKind.SEND: _l("Sending")},
    Receipt: {
        Receipt.SENT: _l("Sent"),
        Receipt.DELIVERED: _l("Delivered"),
        Receipt.READ: _l("Read"),
        Receipt.FAILED: _l("Not delivered"),
    },
    Gone: {
        Gone.DELETED: _l("Deleted"),
        Gone.HIDDEN: _l("Hidden"),
        Gone.UNHIDDEN: _l("Shown again"),
    },
    RawEventState: {
        RawEventState.PENDING: _l("Not yet read"),
        RawEventState.APPLIED: _l("Read"),
        RawEventState.SET_ASIDE: _l("Set aside"),
    },
    AttachmentState: {
        AttachmentState.PENDING: _l("Not yet fetched"),
        AttachmentState.FETCHED: _l("Fetched"),
        AttachmentState.FAILED: _l("Could not be fetched"),
    },
    ChannelHealth: {
        ChannelHealth.OK: _l("Works"),
        ChannelHealth.STALE: _l("No call succeeded lately"),
        ChannelHealth.PAUSED: _l("Paused by the platform"),
        ChannelHealth.FAILING: _l("The last call failed"),
        ChannelHealth.ACCESS_LOST: _l("Access lost: new credentials are needed"),
        ChannelHealth.OFF: _l("Not in use"),
        ChannelHealth.UNKNOWN: _l("No call made yet"),
    },
    DifferenceKind: {
        DifferenceKind.MISSING: _l("Was on the platform but not here"),
        DifferenceKind.TEXT_DIFFERS: _l("Different text on the platform"),
        DifferenceKind.OURS_UNKNOWN: _l("A text of ours that was not written here"),
        DifferenceKind.REPLY_GONE: _l("Our reply no longer stands there"),
        DifferenceKind.REPLY_THERE: _l("On the platform although marked as not sent"),
    },
    Personal: {
        Personal.PHONE: _l("phone number"),
        Personal.IDENTITY_NUMBER: _l("identity number"),
        Personal.IBAN: _l("IBAN"),
        Personal.EMAIL: _l("e-mail address"),
    },
    SetAsideKind: {
        SetAsideKind.UNSUPPORTED: _l("Not understood"),
        SetAsideKind.FAILED: _l("Could not be applied"),
        SetAsideKind.UNKNOWN_ACCOUNT: _l("For an account we do not know"),
    },
    **{enum: _worded(enum) for enum in (Why, Step, Thing, Failure, Unusable)},
}

REPLY_KINDS, OUTCOMES, SET_ASIDE_KINDS = ENUMS[ReplyKind], ENUMS[Outcome], ENUMS[SetAsideKind]

VIEWS: Words = {
    "new": _l("New"),
    "waiting": _l("Waiting for the citizen"),
    "answers": _l("Answers to approve"),
    "uncertain": _l("Uncertain"),
    "failed": _l("Could not be sent"),
    "answered": _l("Answered"),
    "converted": _l("Turned into requests"),
    "dismissed": _l("Dismissed"),
    "all": _l("All"),
}

UNIT_VIEWS: Words = {
    "open": _l("Open"),
    "returned": _l("Returned"),
    "planned": _l("Planned"),
    "overdue": _l("Overdue"),
    "answered": _l("Answered"),
    "all": _l("All"),
}

PRIORITIES: Words = {"normal": _l("Normal"), "high": _l("High")}

REASON_USES: Words = {
    "dismiss": _l("Why a message is dismissed"),
    "return": _l("Why a unit returns a request"),
    "negative": _l("Why the answer is negative"),
    "outside": _l("Why it is outside our competence"),
    "reopen": _l("Why a request is opened again"),
}

NOTE_USES: Words = {
    "note": _l("Note"),
    "dismiss": _l("Reason for dismissing"),
    "return": _l("Reason for returning"),
    "reopen": _l("Reason for opening again"),
    "reroute": _l("Reason for rerouting"),
    "withdraw": _l("Reason for withdrawing"),
}

LANGUAGES: Words = {"tr": _l("Turkish"), "en": _l("English"), "ar": _l("Arabic"), "ku": _l("Kurdish")}

SCOPES: Words = {"any": _l("Everywhere"), "public": _l("In public"), "private": _l("In private")}

VOICES: Words = {
    "any": _l("Every account"),
    "municipality": _l("The municipality's accounts"),
    "mayor": _l("The mayor's accounts"),
}

# By the action of the permission table: what a user without the permission reads.
NOT_ALLOWED: Words = {
    "own.edit": _l("You may not change your account."),
    "lists.read": _l("You may not see the lists."),
    "message.read": _l("You may not read messages."),
    "message.triage": _l("You may not work on messages."),
    "request.read": _l("You may not read this request."),
    "request.note": _l("You may not write notes on this request."),
    "request.respond": _l("You may not answer for the unit."),
    "request.return": _l("You may not return this request to the desk."),
    "request.reroute": _l("You may not give a request to another unit."),
    "request.close": _l("You may not close a request."),
    "request.reopen": _l("You may not open a request again."),
    "reply.read": _l("You may not read replies."),
    "reply.approve": _l("You may not approve replies."),
    "reply.settle": _l("You may not settle whether a reply is out."),
    "reply.rate": _l("You may not enter ratings."),
    "channel.read": _l("You may not see the channels."),
    "feed.read": _l("You may not follow the live feed."),
    "events.read": _l("You may not read the history."),
    "settings.read": _l("You may not see the settings."),
    "settings.edit": _l("You may not change the settings."),
    "set_aside.read": _l("You may not see what is set aside."),
    "users.read": _l("You may not see the users."),
    "users.edit": _l("You may not change users."),
}


def label(member: StrEnum) -> LazyString:
    """The words for a member of an enum. Raises KeyError where they are missing, which is a bug."""
    return ENUMS[type(member)][member.value]


def word(words: Words, key: str) -> LazyString | str:
    """The words for `key` in one of the tables above, or `key` itself if it is not listed."""
    return words.get(key, key)
