"""How far a message, a request or a reply has come, as a sign and in words: filters of the templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from inbox.failures import Trouble
from inbox.models import Reply
from inbox.states import MessageState, ReplyState, RequestState, State
from inbox.values import Receipt
from web.kit import formats, labels

_LOOKS: Mapping[State, str] = {
    MessageState.NEW: "mark-brand",
    MessageState.WAITING: "mark-wait",
    MessageState.ANSWERED: "mark-ok",
    MessageState.CONVERTED: "mark-plain-box",
    RequestState.WITH_UNIT: "mark-brand",
    RequestState.RETURNED: "mark-warn",
    RequestState.RESPONDED: "mark-wait",
    RequestState.CLOSED: "mark-ok",
}


class Progress(NamedTuple):
    """A line about something: the class of its look, a sign, and the words, which say all by themselves."""

    look: str
    icon: str
    words: str | LazyString


_AT_THE_UNIT: Mapping[RequestState, Progress] = {
    RequestState.RETURNED: Progress(
        "brand", "arrow-back", _l("You returned it; the desk chooses another unit.")
    ),
    RequestState.RESPONDED: Progress("ok", "circle-check", _l("You answered; the desk publishes it.")),
}


def state_look(state: State) -> str:
    """The class of a state's mark; "" for one without a colour of its own."""
    return _LOOKS.get(state, "")


def at_the_unit(state: RequestState) -> Progress | None:
    """What a unit is told of a request that it has given out of its hands; None where it owes an answer."""
    return _AT_THE_UNIT.get(state)


def reply_progress(reply: Reply) -> Progress:
    """How far a reply came: what the platform told of it counts more than that it took it."""
    match reply.state:
        case ReplyState.SENT:
            return _sent(reply)
        case ReplyState.READY if reply.not_before:
            at = formats.istanbul_short(reply.not_before)
            return Progress("", "clock", gettext("Goes out at %(time)s", time=at))
        case ReplyState.READY:
            return Progress("", "clock", gettext("Waits to be sent"))
        case ReplyState.SENDING:
            return Progress("", "send", gettext("Being sent…"))
        case ReplyState.UNCERTAIN:
            return Progress("is-warn", "zoom-question", gettext("Being checked: it may be public already"))
        case ReplyState.FAILED:
            return Progress("is-warn", "alert-triangle", _failed(reply))
        case _:
            return Progress("", "", labels.label(reply.state))


def _sent(reply: Reply) -> Progress:
    if reply.read_at:
        return Progress("is-read", "checks", gettext("Read"))
    if reply.receipt is Receipt.FAILED:
        return Progress("is-warn", "alert-triangle", gettext("Not delivered"))
    if reply.delivered_at:
        return Progress("is-ok", "checks", gettext("Delivered"))
    return Progress("is-ok", "check", gettext("Sent"))


def _failed(reply: Reply) -> str:
    if reply.external_id:
        return gettext("Called not sent, but it stands on the platform")
    words = gettext("Could not be sent")
    return f"{words}: {failure(reply.failure)}" if reply.failure else words


def failure(reason: str | None) -> str:
    """What went wrong at a platform, with its own words behind; free text of before stands for itself."""
    trouble = Trouble.parse(reason or "")
    if trouble is None:
        return reason or ""
    return (
        f"{labels.label(trouble.failure)} ({trouble.words})"
        if trouble.words
        else str(labels.label(trouble.failure))
    )
