"""Authentication and permissions: every view declares an action, and one guard checks it before the view.

A view declares `@needs("message.triage")`, or `@public` for everybody; a view without either is never served.
The guard checks the action alone. Where permission depends on a row (a unit's own request), the view also
calls `people.require(person(), action, row)`.

People sign in with a session cookie. Programs call `/api/` with a bearer token; cookies are ignored there.
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
"""The declaration of a view that needs no sign-in."""

UNDECLARED_OK = frozenset({"static"})
"""Endpoints of libraries, which declare nothing and serve none of our rows."""

IDLE = timedelta(hours=4)
LIFETIME = timedelta(hours=14)
"""A shift and its handover. Then even an active user must sign in again."""
_SEEN_STEP = timedelta(minutes=1)


def needs(action: str) -> Callable[[View], View]:
    """Declare that a view needs permission for `action`. Raises ValueError for an unknown action."""
    if action not in people.ACTIONS:
        raise ValueError(f"the permission table has no action {action!r}")

    def mark(view: View) -> View:
        cast("Any", view).needed_action = action
        return view

    return mark


def public(view: View) -> View:
    """Declare that a view needs no sign-in."""
    cast("Any", view).needed_action = PUBLIC
    return view


def needed_action(view: Callable[..., Any]) -> str | None:
    """The declared action of `view`, PUBLIC, or None where the declaration is missing."""
    return getattr(view, "needed_action", None)


# --- who is asking ----------------------------------------------------------------------------------


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """The adapter that Flask-Login needs; `user` is the row, with its unit loaded."""

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        """The cookie's content. Changing a user's session key ends all their earlier sessions."""
        return f"{self.user.id}.{self.user.session_key}"


login_manager = LoginManager()


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _from_cookie(content: str) -> SignedIn | None:
    user_id, _, session_key = content.partition(".")
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
    # Open pages poll and refresh all day by themselves: only a person's own requests keep the session alive.
    if at - seen > _SEEN_STEP and request.blueprint != "live" and "X-Refresh" not in request.headers:
        session["seen"] = at.isoformat()
    return True


def sign_in(user: User) -> None:
    """Start a fresh session for `user`. The language survives, because it has its own cookie."""
    session.clear()
    at = now().isoformat()
    session["since"], session["seen"] = at, at
    login_user(SignedIn(user))


def sign_out() -> None:
    """End the current session."""
    logout_user()
    session.clear()


def is_api() -> bool:
    """Whether this is an API call: it gets JSON and authenticates by bearer token alone."""
    return request.path.startswith("/api/")


def person_or_none() -> User | None:
    """The user of this request, by bearer token for the API and by session elsewhere; None if anonymous."""
    if "person" not in g:
        g.person = _from_bearer() if is_api() else _from_session()
    return cast("User | None", g.person)


def person() -> User:
    """The user of this request. Raises Unauthorized if anonymous."""
    user = person_or_none()
    if user is None:
        raise Unauthorized()
    return user


def api_token() -> ApiToken | None:
    """The API token of this request, or None for a person with a session."""
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
    """Run before every view: send anonymous visitors to the login, raise NotAllowed without permission."""
    if request.endpoint is None or request.endpoint in UNDECLARED_OK:
        return None
    action = needed_action(current_app.view_functions[request.endpoint])
    if action is None:
        raise RuntimeError(f"{request.endpoint} declares no action, so nobody may open it")
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
        # htmx would follow a redirect and put the login form inside the page; this header loads it whole.
        answer = Response(status=401)
        answer.headers["HX-Redirect"] = url_for("sign_in.login")
        return answer
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return cast(Response, redirect(url_for("sign_in.login", next=back)))


def install(app: Flask) -> None:
    """Put the guard before every view of `app`."""
    login_manager.session_protection = None  # we check the session key and both lifetimes ourselves
    login_manager.init_app(app)
    app.before_request(guard)
