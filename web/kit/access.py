"""Who is asking, and whether they may: every view declares its action, and one guard asks the table.

A view says `@needs("message.triage")`, or `@public` where nobody is asked; a view that says neither is
refused to everybody. The guard asks `people.may` about the action alone; where the answer hangs on a row
(a unit's own request), the view asks again with `people.require(person(), action, row)`.

People come with a session cookie; programs come to `/api/` with a bearer token and never with a cookie.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, login_user, logout_user
from flask_login import current_user as login_proxy
from werkzeug.exceptions import Unauthorized

from inbox import people
from inbox.clock import now
from inbox.db import transaction
from inbox.models import ApiToken, User

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"
"""What a view declares that asks nobody who they are."""

UNDECLARED_OK = frozenset({"static"})
"""Endpoints that belong to a library and serve no row of ours."""

IDLE = timedelta(hours=4)
LIFETIME = timedelta(hours=14)
"""A shift and its handover: after it everybody logs in again, busy or not."""
_SEEN_STEP = timedelta(minutes=1)


def needs(action: str) -> Callable[[View], View]:
    """Declare that a view is for those who may do `action` of the permission table."""
    if action not in people.ACTIONS:
        raise ValueError(f"the permission table has no action {action!r}")

    def mark(view: View) -> View:
        cast("Any", view).needed_action = action
        return view

    return mark


def public(view: View) -> View:
    """Declare that a view asks nobody who they are."""
    cast("Any", view).needed_action = PUBLIC
    return view


def needed_action(view: Callable[..., Any]) -> str | None:
    """What `view` declared, or None when its author forgot."""
    return getattr(view, "needed_action", None)


# --- who is asking ----------------------------------------------------------------------------------


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """A user as Flask-Login wants to see them; `user` is the row, with its unit."""

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        """What the cookie carries: a new session key of the user ends every session made before."""
        return f"{self.user.id}.{self.user.session_key}"


login_manager = LoginManager()


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _from_cookie(carried: str) -> SignedIn | None:
    user_id, _, session_key = carried.partition(".")
    if not user_id.isdigit() or not _session_is_alive():
        return None
    with transaction() as db:
        user = people.user_for_session(db, int(user_id), session_key)
    return SignedIn(user) if user else None


def _session_is_alive() -> bool:
    try:
        since = datetime.fromisoformat(session["since"])
        seen = datetime.fromisoformat(session["seen"])
    except (KeyError, TypeError, ValueError):
        return False
    at = now()
    if at - since > LIFETIME or at - seen > IDLE:
        return False
    # The live feed asks by itself all day: only what a person does keeps the session alive.
    if at - seen > _SEEN_STEP and request.blueprint != "live" and "X-Refresh" not in request.headers:
        session["seen"] = at.isoformat()
    return True


def sign_in(user: User) -> None:
    """Start a session of its own for `user`: nothing of the session before it is kept but the language."""
    session.clear()
    at = now().isoformat()
    session["since"], session["seen"] = at, at
    login_user(SignedIn(user))


def sign_out() -> None:
    """End the session of whoever is asking."""
    logout_user()
    session.clear()


def is_api() -> bool:
    """Whether a program is asking: it wants JSON and brings a bearer token; its cookies count for nothing."""
    return request.path.startswith("/api/")


def person_or_none() -> User | None:
    """Whoever is asking, by the token for the API and by the session elsewhere."""
    if "person" not in g:
        g.person = _from_bearer() if is_api() else _from_session()
    return cast("User | None", g.person)


def person() -> User:
    """Whoever is asking. Raises Unauthorized where nobody is."""
    user = person_or_none()
    if user is None:
        raise Unauthorized()
    return user


def api_token() -> ApiToken | None:
    """The token a program came with, or None for a person with a session."""
    person_or_none()
    return cast("ApiToken | None", g.get("api_token"))


def _from_session() -> User | None:
    return login_proxy.user if login_proxy.is_authenticated else None


def _from_bearer() -> User | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    with transaction() as db:
        found = people.user_for_token(db, token.strip())
    if found is None:
        return None
    user, g.api_token = found
    return user


# --- the guard --------------------------------------------------------------------------------------


def guard() -> Response | None:
    """Before every view: let in who may, send to the login who has not said who they are, refuse the rest."""
    if request.endpoint is None or request.endpoint in UNDECLARED_OK:
        return None
    action = needed_action(current_app.view_functions[request.endpoint])
    if action is None:
        raise RuntimeError(f"{request.endpoint} declares no action: nobody may")
    if action == PUBLIC:
        return None
    user = person_or_none()
    if user is None:
        return _ask_to_sign_in()
    people.require(user, action)
    return None


def _ask_to_sign_in() -> Response:
    if is_api():
        raise Unauthorized(www_authenticate=None, description="Send a valid token as Authorization: Bearer …")
    if request.headers.get("HX-Request"):
        # A redirect would put the login form inside the page; this makes the browser go there.
        answer = Response(status=401)
        answer.headers["HX-Redirect"] = url_for("sign_in.login")
        return answer
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return cast(Response, redirect(url_for("sign_in.login", next=back)))


def install(app: Flask) -> None:
    """Put the guard before every view of `app`."""
    login_manager.session_protection = None  # the session key and both lifetimes are ours
    login_manager.init_app(app)
    app.before_request(guard)
