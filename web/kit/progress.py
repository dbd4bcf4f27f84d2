"""Jinja filters that show the progress of a message, request or reply as an icon with words."""

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

_MARK_CLASSES: Mapping[State, str] = {
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
    """CSS class, icon and words. The words are complete without the icon and its colour."""

    css_class: str
    icon: str
    words: str | LazyString


_AT_THE_UNIT: Mapping[RequestState, Progress] = {
    RequestState.RETURNED: Progress(
        "brand", "arrow-back", _l("You returned it; the desk chooses another unit.")
    ),
    RequestState.RESPONDED: Progress("ok", "circle-check", _l("You answered; the desk publishes it.")),
}


def state_class(state: State) -> str:
    """The CSS class of a state's mark; "" for a state without a colour of its own."""
    return _MARK_CLASSES.get(state, "")


def at_the_unit(state: RequestState) -> Progress | None:
    """What a unit reads on a request that it returned or answered; None while it owes an answer."""
    return _AT_THE_UNIT.get(state)


def reply_progress(reply: Reply) -> Progress:
    """The progress of a reply. Receipts (delivered, read, failed) count more than SENT."""
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
        return gettext("Marked as not sent, but it is on the platform")
    words = gettext("Could not be sent")
    return f"{words}: {failure(reply.failure)}" if reply.failure else words


def failure(reason: str | None) -> str:
    """The cause of a failure, with the platform's words in brackets. Older free text is shown as it is."""
    trouble = Trouble.parse(reason or "")
    if trouble is None:
        return reason or ""
    return (
        f"{labels.label(trouble.failure)} ({trouble.words})"
        if trouble.words
        else str(labels.label(trouble.failure))
    )
