"""The views for sign-in and sign-out, own password and language, reset links, and the first administrator.

A wrong password and an unknown e-mail address get the same answer in the same time. Only failures count
towards the rate limits, per IP address and per account, so that a whole town hall can share one IP address.
"""

from __future__ import annotations

import hashlib
from typing import cast
from urllib.parse import urlsplit

import structlog
from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_limiter.util import get_remote_address
from flask_wtf import FlaskForm
from werkzeug.exceptions import NotFound
from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, Length

from inbox import people
from inbox.db import transaction
from inbox.errors import InvalidInput
from inbox.people import passwords
from inbox.refusals import Why
from inbox.settings import settings
from inbox.states import Role
from web.kit import access, page
from web.kit.access import needs, person, public
from web.kit.languages import COOKIE, LANGUAGES
from web.kit.refusals import show_in
from web.kit.security import limiter

log = structlog.get_logger()

blueprint = Blueprint("sign_in", __name__)

FAILURES_PER_ACCOUNT = "10 per 10 minutes"
FAILURES_PER_ADDRESS = "60 per 10 minutes"


class LoginForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """E-mail address and password."""

    email = EmailField(_l("E-mail"), [DataRequired(), Length(max=254)])
    password = PasswordField(_l("Password"), [DataRequired(), Length(max=passwords.MAX_LENGTH)])


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password, typed twice."""

    password = PasswordField(
        _l("New password"),
        [DataRequired(), Length(min=passwords.MIN_LENGTH, max=passwords.MAX_LENGTH)],
        description=_l("At least %(number)d characters.", number=passwords.MIN_LENGTH),
    )
    again = PasswordField(
        _l("The same again"), [EqualTo("password", _l("The two passwords are not the same."))]
    )


class OwnPasswordForm(NewPasswordForm):
    """A new password and the current one."""

    current = PasswordField(_l("Current password"), [DataRequired()])


class FirstAdministratorForm(NewPasswordForm):
    """The first administrator of this installation."""

    email = EmailField(_l("E-mail"), [DataRequired(), Length(max=254)])
    name = StringField(_l("Name"), [DataRequired(), Length(max=100)])


def _account() -> str:
    """The rate limit's key for an account: a digest, so that the broker stores no e-mail address."""
    email = request.form.get("email", "").strip().casefold()
    return "account:" + hashlib.sha256(email.encode(errors="surrogatepass")).hexdigest()[:32]


def _address() -> str:
    return "address:" + get_remote_address()


def _failed(response: Response) -> bool:
    return response.status_code in (401, 422)


def _inside(target: str | None) -> str | None:
    """`target` if it is a path of this site, else None: it must not redirect to another site."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and target.isprintable() else None


def _go(target: str) -> Response:
    return cast(Response, redirect(target, code=303))


@blueprint.get("/")
@public
def home() -> Response:
    """Redirect to the user's start page, or to the login."""
    if access.person_or_none() is None:
        return _go(url_for("sign_in.login"))
    return _go(page.home())


@blueprint.get("/login")
@public
def login() -> Response:
    """The login form."""
    if access.person_or_none() is not None:
        return _go(_inside(request.args.get("next")) or page.home())
    return make_response(render_template("sign_in/login.html", form=LoginForm()))


@blueprint.post("/login")
@public
@limiter.limit(FAILURES_PER_ADDRESS, key_func=_address, deduct_when=_failed)
@limiter.limit(FAILURES_PER_ACCOUNT, key_func=_account, deduct_when=_failed)
def sign_in() -> Response:
    """Check the password and start a session."""
    form = LoginForm()
    if not form.validate():
        return make_response(render_template("sign_in/login.html", form=form), 422)
    with transaction() as session:
        user = people.authenticate(session, form.email.data or "", form.password.data or "")
    if user is None:
        log.warning("login_failed")
        form.form_errors.append(_("The e-mail address or the password is not right."))
        return make_response(render_template("sign_in/login.html", form=form), 401)
    access.sign_in(user)
    log.info("login", user_id=user.id)
    return _go(_inside(request.args.get("next")) or url_for("sign_in.home"))


@blueprint.post("/logout")
@public
def logout() -> Response:
    """End the session."""
    access.sign_out()
    return _go(url_for("sign_in.login"))


@blueprint.post("/language")
@public
def set_language() -> Response:
    """Change the language of this browser and, if signed in, of the user."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        abort(400)
    user = access.person_or_none()
    if user is not None:
        with transaction() as session:
            people.set_language(session, user.id, chosen)
    came_from = urlsplit(request.referrer or "")
    path = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    answer = _go(_inside(path) or url_for("sign_in.home"))
    answer.set_cookie(
        COOKIE,
        chosen,
        max_age=31_536_000,
        httponly=True,
        samesite="Lax",
        secure=settings().cookie_secure,
    )
    return answer


@blueprint.get("/account")
@needs("own.edit")
def account() -> str:
    """The user's own data and the form to change the password."""
    return render_template("sign_in/account.html", form=OwnPasswordForm())


@blueprint.post("/account/password")
@needs("own.edit")
@limiter.limit(FAILURES_PER_ACCOUNT, key_func=lambda: f"own:{person().id}", deduct_when=_failed)
def change_password() -> Response:
    """Change the user's own password and end their other sessions."""
    form = OwnPasswordForm()
    if form.validate():
        try:
            with transaction() as session:
                user = people.user(session, person().id)
                if not people.knows_password(user, form.current.data or ""):
                    raise InvalidInput("current", Why.PASSWORD_WRONG)
                people.set_password(session, user, form.password.data or "", by=user)
            access.sign_in(user)
            flash(_("Your password is changed; you are signed out everywhere else."))
            return _go(url_for("sign_in.account"))
        except InvalidInput as error:
            show_in(form, error)
    return make_response(render_template("sign_in/account.html", form=form), 422)


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> Response:
    """Choose a new password with a link that works once."""
    form = NewPasswordForm()
    with transaction() as session:
        user = people.user_for_reset_token(session, token)
        if user is None:
            return make_response(render_template("sign_in/link_ended.html"), 410)
        if request.method == "POST" and form.validate():
            try:
                people.set_password(session, user, form.password.data or "", by=user)
                flash(_("Your new password is set. Sign in with it."))
                return _go(url_for("sign_in.login"))
            except InvalidInput as error:
                show_in(form, error)
    html = render_template("sign_in/reset.html", form=form, email=user.email)
    return make_response(html, 422 if form.errors else 200)


@blueprint.route("/setup/<token>", methods=["GET", "POST"])
@public
def first_administrator(token: str) -> Response:
    """Create the first administrator, with the link printed at start. 404 once there is a user."""
    form = FirstAdministratorForm()
    added = None
    with transaction() as session:
        if not people.is_first_run_token(session, token):
            raise NotFound()
        if request.method == "POST" and form.validate():
            try:
                with session.begin_nested():
                    added = people.add_user(
                        session,
                        email=form.email.data or "",
                        name=form.name.data or "",
                        role=Role.ADMINISTRATOR,
                        password=form.password.data or "",
                        by="first-run",
                    )
            except InvalidInput as error:
                show_in(form, error)
    if added is not None:
        access.sign_in(added)
        return _go(url_for("sign_in.home"))
    return make_response(render_template("sign_in/setup.html", form=form), 422 if form.errors else 200)
