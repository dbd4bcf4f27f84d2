"""The permission table: which role may do which action, and to which rows.

A view names its action. Where permission depends on the row (a unit's own requests), it passes the row too.
Without a row, the answer is whether the user may do it to any row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from inbox.errors import NotAllowed
from inbox.models import TrackedRequest, User
from inbox.states import Role

Rule = Callable[[User, object], bool]


def _always(_user: User, _row: object) -> bool:
    return True


def _own_unit(user: User, row: object) -> bool:
    """The request is with the user's own unit."""
    return isinstance(row, TrackedRequest) and user.unit_id is not None and row.unit_id == user.unit_id


def _outside_unit(_user: User, row: object) -> bool:
    """The request is with an outside authority, which has no users here: the desk enters its answer."""
    return isinstance(row, TrackedRequest) and row.unit.is_outside


_MODERATOR, _OFFICER = Role.MODERATOR, Role.UNIT_OFFICER


_SUPERVISOR, _ADMINISTRATOR = Role.SUPERVISOR, Role.ADMINISTRATOR


_DESK: Mapping[Role, Rule] = {_MODERATOR: _always, _SUPERVISOR: _always, _ADMINISTRATOR: _always}


_DESK_AND_UNIT: Mapping[Role, Rule] = {**_DESK, _OFFICER: _own_unit}


_CHIEFS: Mapping[Role, Rule] = {_SUPERVISOR: _always, _ADMINISTRATOR: _always}


_ADMINISTRATORS: Mapping[Role, Rule] = {_ADMINISTRATOR: _always}


_EVERYBODY: Mapping[Role, Rule] = dict.fromkeys(Role, _always)


ACTIONS: Mapping[str, Mapping[Role, Rule]] = {
    "own.edit": _EVERYBODY,  # own password, own language
    "lists.read": _EVERYBODY,  # the names of units, categories, neighbourhoods, reasons
    "message.read": _DESK,
    "message.triage": _DESK,  # convert, join, answer, dismiss, reopen
    "request.read": _DESK_AND_UNIT,
    "request.note": _DESK_AND_UNIT,
    "request.respond": {**_CHIEFS, _MODERATOR: _outside_unit, _OFFICER: _own_unit},
    "request.return": {**_CHIEFS, _OFFICER: _own_unit},
    "request.reroute": _DESK,
    "request.close": _DESK,
    "request.reopen": _DESK,
    "reply.read": _DESK,
    "reply.approve": _DESK,  # edit, approve, withdraw, undo
    "reply.settle": _DESK,
    "reply.rate": _DESK,
    "channel.read": _DESK,
    "feed.read": {**_DESK, _OFFICER: _always},
    "events.read": _DESK,
    "settings.read": _CHIEFS,
    "settings.edit": _ADMINISTRATORS,
    "set_aside.read": _CHIEFS,
    "users.read": _CHIEFS,
    "users.edit": _ADMINISTRATORS,
}
"""Action → role → rule. A role that is missing may never do the action."""


def may(user: User, action: str, row: object = None) -> bool:
    """Whether `user` may do `action` to `row`; without a row: to any row.

    Raises KeyError for an unknown action.
    """
    rule = ACTIONS[action].get(user.role)
    if rule is None or not user.is_active:
        return False
    return row is None or rule(user, row)


def require(user: User, action: str, row: object = None) -> None:
    """Raise NotAllowed unless `user` may do `action` to `row`."""
    if not may(user, action, row):
        raise NotAllowed(user.name, action)
