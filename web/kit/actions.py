"""The table of all actions of the screens: label, icon, keys, permission and endpoint of each.

Buttons, the sheet of keys (`?`) and the `data-` attributes for keyboard shortcuts are made from it.
`web.kit.can` decides, under the same names, whether an action is allowed on a given row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from flask import Flask
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from inbox import people
from inbox.models import User
from web.kit import labels
from web.kit.access import person_or_none


class Scope(StrEnum):
    """The page that offers an action. A key is unique within a scope together with EVERYWHERE."""

    EVERYWHERE = "everywhere"
    INBOX = "inbox"
    REQUESTS = "requests"
    REQUEST = "request"
    APPROVAL = "approval"
    UNCERTAIN = "uncertain"
    UNIT_REQUESTS = "unit_requests"
    UNIT_REQUEST = "unit_request"
    TOAST = "toast"  # the notice after an action: its keys take precedence over those of the page


@dataclass(frozen=True, slots=True)
class Gesture:
    """Keys that the browser's code handles without a button. `keys` are alternatives; `g y`: g, then y."""

    keys: tuple[str, ...]
    help: LazyString  # on the sheet of keys


@dataclass(frozen=True, slots=True)
class Action:
    """One action. `values` are arguments of the endpoint's URL or of its form."""

    name: str
    words: LazyString  # the button's label
    permission: str
    endpoint: str
    scope: Scope
    icon: str = ""
    keys: tuple[str, ...] = ()
    help: LazyString | None = None  # on the sheet of keys, instead of `words`
    values: Mapping[str, str] = field(default_factory=dict)


_INBOX, _REQUEST, _UNIT_REQUEST = Scope.INBOX, Scope.REQUEST, Scope.UNIT_REQUEST


def _view(name: str, icon: str, letter: str, scope: Scope = _INBOX) -> Action:
    words = labels.VIEWS[name]
    return Action(
        f"view_{name}",
        words,
        "message.read",
        "desk.inbox",
        scope,
        icon,
        (f"g {letter}",),
        _l("Go to “%(view)s”", view=words),
        {"view": name},
    )


def _search(name: str, permission: str, endpoint: str, scope: Scope) -> Action:
    return Action(name, _l("Search"), permission, endpoint, scope, "search", ("/",))


VIEWS = (
    _view("new", "inbox", "y", Scope.EVERYWHERE),
    _view("waiting", "hourglass", "b"),
    _view("answers", "pencil-check", "o"),
    _view("uncertain", "zoom-question", "k"),
    _view("failed", "mail-x", "f"),
    _view("answered", "message-check", "a"),
    _view("converted", "ticket", "d"),
    _view("dismissed", "archive", "x"),
    _view("all", "stack-2", "t"),
)
"""The views of the inbox, in the order of the left pane."""

_LISTED = (
    # a citizen's messages
    Action("convert", _l("Turn into a request"), "message.triage", "desk.convert", _INBOX, "ticket", ("c",)),
    Action("answer", _l("Reply"), "message.triage", "desk.answer", _INBOX, "arrow-back-up", ("r",)),
    Action("dismiss", _l("Dismiss"), "message.triage", "desk.dismiss", _INBOX, "archive", ("e", "x")),
    Action(
        "choose_reason",
        _l("Choose the reason by its number"),
        "message.triage",
        "desk.dismiss",
        _INBOX,
        keys=tuple("123456789"),
    ),
    Action("join", _l("Add to a request"), "message.triage", "desk.join", _INBOX, "link-plus", ("b",)),
    Action("reopen", _l("Open again"), "message.triage", "desk.reopen", _INBOX, "rotate", ("o",)),
    Action(
        "undo_dismissal",
        _l("Undo"),
        "message.triage",
        "desk.reopen",
        Scope.TOAST,
        keys=("u",),
        help=_l("Undo the last step"),
    ),
    # a reply
    Action(
        "approve",
        _l("Approve and send"),
        "reply.approve",
        "desk.approve",
        _INBOX,
        "check",
        ("a",),
        _l("Approve the draft"),
    ),
    Action("edit", _l("Keep as a draft"), "reply.approve", "desk.edit", _INBOX),
    Action("withdraw", _l("Withdraw"), "reply.approve", "desk.withdraw", _INBOX),
    Action(
        "undo",
        _l("Take back"),
        "reply.approve",
        "desk.undo",
        _INBOX,
        keys=("u",),
        help=_l("Undo the last step"),
    ),
    Action("redraft", _l("Write it again"), "reply.approve", "desk.redraft", _INBOX),
    Action("settle_sent", _l("It is out"), "reply.settle", "desk.settle", _INBOX, values={"sent": "yes"}),
    Action(
        "settle_unsent", _l("It is not out"), "reply.settle", "desk.settle", _INBOX, values={"sent": "no"}
    ),
    Action("look", _l("Read it again"), "reply.settle", "desk.uncertain_look", Scope.UNCERTAIN, "refresh"),
    Action("rate", _l("Rated in words?"), "reply.rate", "desk.rate", _REQUEST, "star"),
    Action(
        "approve_all",
        _l("Approve and send the ticked ones"),
        "reply.approve",
        "desk.approve_all",
        Scope.APPROVAL,
        "checks",
        ("a",),
    ),
    # a request, at the desk and at the unit
    Action(
        "note",
        _l("Keep the note"),
        "message.triage",
        "desk.note",
        _REQUEST,
        keys=("n",),
        help=_l("Add a note"),
    ),
    Action(
        "respond",
        _l("Enter the unit’s answer"),
        "request.respond",
        "desk.respond",
        _REQUEST,
        "message-reply",
    ),
    Action(
        "reroute",
        _l("Give it to another unit"),
        "request.reroute",
        "desk.reroute",
        _REQUEST,
        "arrows-exchange",
    ),
    Action("close", _l("Close by hand"), "request.close", "desk.close", _REQUEST, "lock-check"),
    Action("reopen_request", _l("Open again"), "request.reopen", "desk.reopen_request", _REQUEST, "rotate"),
    Action(
        "note_of_unit",
        _l("Keep the note"),
        "request.note",
        "units.note",
        _UNIT_REQUEST,
        keys=("n",),
        help=_l("Add a note"),
    ),
    Action(
        "respond_as_unit", _l("Give this answer"), "request.respond", "units.respond", _UNIT_REQUEST, "send"
    ),
    Action(
        "return_to_desk",
        _l("Return to the desk"),
        "request.return",
        "units.return_to_desk",
        _UNIT_REQUEST,
        "arrow-back",
    ),
    # going somewhere
    _search("search_inbox", "message.read", "desk.inbox", _INBOX),
    _search("search_requests", "message.read", "desk.requests", Scope.REQUESTS),
    _search("search_unit", "request.respond", "units.requests", Scope.UNIT_REQUESTS),
    *VIEWS,
    Action(
        "requests",
        _l("Requests"),
        "message.read",
        "desk.requests",
        Scope.EVERYWHERE,
        "list-check",
        ("g l",),
        _l("Go to the requests"),
    ),
)

ACTIONS: Mapping[str, Action] = {action.name: action for action in _LISTED}

GESTURES: Mapping[str, Gesture] = {
    "next": Gesture(("j", "↓"), _l("Next conversation")),
    "previous": Gesture(("k", "↑"), _l("Previous conversation")),
    "open": Gesture(("Enter",), _l("Open the conversation")),
    "submit": Gesture(("Ctrl+Enter",), _l("Send the form")),
    "leave": Gesture(("Esc",), _l("Close or leave the field")),
    "sheet": Gesture(("?",), _l("This list")),
}


class SheetLine(NamedTuple):
    """One line of the sheet of keys; `keys` are keycaps to draw."""

    words: str
    keys: tuple[str, ...]


def sheet(user: User) -> list[SheetLine]:
    """The sheet of keys for `user`. An action with the same keys on two pages is listed once."""
    lines = [SheetLine(str(gesture.help), _keycaps(gesture.keys)) for gesture in GESTURES.values()]
    lines += [
        SheetLine(str(action.help or action.words), _keycaps(action.keys))
        for action in ACTIONS.values()
        if action.keys and people.may(user, action.permission)
    ]
    return list(dict.fromkeys(lines))


def _keycaps(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keycaps to draw. Four or more keys become the first, "…" and the last."""
    caps = tuple(cap for key in keys for cap in _split(key))
    return caps if len(keys) < 4 else (caps[0], "…", caps[-1])


def _split(key: str) -> list[str]:
    """`Ctrl+Enter` and `g y` are two keycaps each."""
    return key.replace("+", " ").split()


def _key_sheet() -> list[SheetLine]:
    """The sheet of keys for the current user; empty if anonymous."""
    user = person_or_none()
    return sheet(user) if user is not None else []


def install(app: Flask) -> None:
    """Make the tables and the sheet of keys available to every template of `app`."""
    app.jinja_env.globals |= {
        "actions": ACTIONS,
        "gestures": GESTURES,
        "key_sheet": _key_sheet,
    }
