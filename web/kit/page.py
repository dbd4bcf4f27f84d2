"""What every page template can use: the user, the navigation, the languages and the built files."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask, current_app, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from inbox import people
from inbox.states import Role
from web.kit import access, actions
from web.kit.actions import ACTIONS, Action
from web.kit.languages import LANGUAGES, language


class NavigationEntry(NamedTuple):
    """One entry of the top bar, shown to users of `roles` who may do `action`."""

    endpoint: str
    title: LazyString
    icon: str
    action: str
    roles: frozenset[Role] = frozenset(Role)
    hotkey: Action | None = None  # the action whose keys open it


NAVIGATION = (
    NavigationEntry("desk.inbox", _l("Inbox"), "inbox", "message.read", hotkey=ACTIONS["view_new"]),
    NavigationEntry(
        "desk.requests", _l("Requests"), "list-check", "message.read", hotkey=ACTIONS["requests"]
    ),
    NavigationEntry(
        "units.requests",
        _l("My unit's requests"),
        "list-check",
        "request.respond",
        frozenset({Role.UNIT_OFFICER}),
    ),
    NavigationEntry("settings.index", _l("Settings"), "settings", "settings.read"),
)


def navigation() -> list[NavigationEntry]:
    """The entries of the top bar for the current user."""
    user = access.person_or_none()
    if user is None:
        return []
    return [
        entry
        for entry in NAVIGATION
        if entry.endpoint in current_app.view_functions
        and user.role in entry.roles
        and people.may(user, entry.action)
    ]


def home() -> str:
    """The current user's start page: the first entry of the top bar, else the account page."""
    entries = navigation()
    return url_for(entries[0].endpoint) if entries else url_for("sign_in.account")


@lru_cache(maxsize=256)
def _digest(file: Path, _changed_ns: int, _size: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]


def asset(filename: str) -> str:
    """The URL of a built file. It contains the file's digest, so browsers may cache it for a year."""
    file = Path(current_app.static_folder or "") / filename
    try:
        stat = file.stat()
    except FileNotFoundError:
        return url_for("static", filename=filename)
    return url_for("static", filename=filename, v=_digest(file, stat.st_mtime_ns, stat.st_size))


def _may(action: str, row: object = None) -> bool:
    user = access.person_or_none()
    return user is not None and people.may(user, action, row)


def _page_context() -> dict[str, Any]:
    return {
        "person": access.person_or_none(),
        "may": _may,
        "navigation": navigation(),
        "language": language(),
        "languages": LANGUAGES,
    }


def install(app: Flask) -> None:
    """Make these available to every template of `app`."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31_536_000
    app.context_processor(_page_context)
    app.add_template_global(asset)
    actions.install(app)


def is_fragment() -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"
