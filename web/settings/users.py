"""The screens of users and API tokens: single users, import from a spreadsheet, reset links."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import Session

from inbox import people, queries
from inbox.db import transaction
from inbox.language.turkish import sort_key
from inbox.models import User
from web.kit.access import needs, person
from web.kit.acting import act, see_other
from web.kit.refusals import explain
from web.settings import user_sheet
from web.settings.forms import TokenForm, UserFileForm, UserForm, unit_choices
from web.settings.saving import save

log = structlog.get_logger()

blueprint = Blueprint("settings_users", __name__, url_prefix="/settings")

WHY_UNREADABLE = {
    "not_a_spreadsheet": _l("This is neither an Excel file (.xlsx) nor a CSV file."),
    "columns_missing": _l("The first row must name the columns e-mail, name and role."),
    "column_twice": _l("The first row names one column twice."),
    "too_many_rows": _l("More than %(number)d rows; divide the file.", number=user_sheet.MAX_ROWS),
    "too_large": _l("The file is too large when unpacked."),
}


def reset_link(user: User) -> str:
    """The URL where `user` can choose a new password; it works once."""
    return url_for("sign_in.reset", token=people.reset_token(user), _external=True)


@blueprint.get("/users")
@needs("users.read")
def users() -> str:
    """All users: active ones first, then those who may no longer sign in."""
    with transaction() as session:
        found = people.all_users(session)
    found.sort(key=lambda user: (not user.is_active, sort_key(user.name)))
    return render_template("settings/users.html", users=found)


@blueprint.get("/users/new")
@needs("users.edit")
def new_user() -> str:
    """The form for a new user."""
    with transaction() as session:
        form = _form(session)
    return render_template("settings/user.html", form=form, user=None)


@blueprint.post("/users/new")
@needs("users.edit")
def add_user() -> Response:
    """Add a user and show the link with which they choose their password."""
    with transaction() as session:
        form = _form(session)

    def work(session: Session) -> User:
        return people.add_user(
            session,
            email=form.email.data or "",
            name=form.name.data or "",
            role=form.role.data,
            unit=form.unit.data or None,
            language=form.language.data,
            password=None,
            by=person(),
        )

    return save(
        form,
        work,
        lambda added: make_response(_links(_("%(name)s is added.", name=added.name), [added])),
        lambda: render_template("settings/user.html", form=form, user=None),
    )


@blueprint.get("/users/<int:user_id>")
@needs("users.edit")
def user(user_id: int) -> str:
    """The form of one user."""
    with transaction() as session:
        found = people.user(session, user_id)
        form = _form(session, found)
        form.unit.data = found.unit.key if found.unit else ""
    return render_template("settings/user.html", form=form, user=found)


@blueprint.post("/users/<int:user_id>")
@needs("users.edit")
def edit_user(user_id: int) -> Response:
    """Change a user's name, role, unit, language and whether they may sign in."""
    with transaction() as session:
        found = people.user(session, user_id)
        form = _form(session, found)
        form.email.data = found.email
        form.email.validators = ()

    def work(session: Session) -> None:
        people.edit_user(
            session,
            people.user(session, user_id),
            name=form.name.data or "",
            role=form.role.data,
            unit=form.unit.data or None,
            language=form.language.data,
            is_active=bool(form.is_active.data),
            by=person(),
        )

    return save(
        form,
        work,
        lambda _none: see_other(url_for("settings_users.users"), _("Saved.")),
        lambda: render_template("settings/user.html", form=form, user=found),
    )


@blueprint.post("/users/<int:user_id>/reset")
@needs("users.edit")
def reset_user(user_id: int) -> str:
    """Show a link with which a user can choose a new password."""
    with transaction() as session:
        found = people.user(session, user_id)
    log.info("reset_link_made", user_id=found.id, by_id=person().id)
    return _links(_("A link for %(name)s", name=found.name), [found])


@blueprint.get("/users/import")
@needs("users.edit")
def user_file() -> str:
    """The form for a spreadsheet of users."""
    return render_template("settings/user_file.html", form=UserFileForm(), mistakes=[])


@blueprint.post("/users/import")
@needs("users.edit")
def import_users() -> Response:
    """Add everybody in a spreadsheet, or nobody and show each mistake by row and column."""
    form = UserFileForm()
    mistakes: list[user_sheet.Mistake] = []
    if form.validate():
        sent = form.file.data
        try:
            with transaction() as session:
                added, mistakes = user_sheet.add_users(session, sent.filename or "", sent.read(), by=person())
            if not mistakes:
                title = ngettext("%(num)d user is added.", "%(num)d users are added.", len(added))
                return make_response(_links(title, added))
        except user_sheet.UnreadableSheet as error:
            form.file.errors = [str(WHY_UNREADABLE[str(error)])]
    html = render_template("settings/user_file.html", form=form, mistakes=mistakes, explain=explain)
    return make_response(html, 422)


@blueprint.get("/tokens")
@needs("users.read")
def tokens() -> str:
    """All API tokens, and the form for a new one."""
    with transaction() as session:
        form = _token_form(session)
    return _tokens(form)


@blueprint.post("/tokens")
@needs("users.edit")
def issue_token() -> Response:
    """Issue an API token. It is shown this once."""
    with transaction() as session:
        form = _token_form(session)

    def work(session: Session) -> str:
        return people.issue_token(
            session,
            people.user(session, form.user.data),
            form.name.data or "",
            may_approve_alone=bool(form.may_approve_alone.data),
            by=person(),
        )

    return save(form, work, lambda issued: make_response(_tokens(form, issued=issued)), lambda: _tokens(form))


def _tokens(form: TokenForm, *, issued: str | None = None) -> str:
    with transaction() as session:
        return render_template(
            "settings/tokens.html", tokens=people.all_tokens(session), form=form, issued=issued
        )


@blueprint.post("/tokens/<int:token_id>/revoke")
@needs("users.edit")
def revoke_token(token_id: int) -> Response:
    """Revoke an API token."""
    return act(
        lambda session: people.revoke_token(session, token_id, by=person()),
        lambda _none: see_other(url_for("settings_users.tokens"), _("The token is revoked.")),
    )


def _form(session: Session, found: User | None = None) -> UserForm:
    form = UserForm(obj=found)
    units = queries.units(session, outside=False)
    if found is not None and found.unit is not None and found.unit not in units:
        units.append(found.unit)
    form.unit.choices = unit_choices(units, none=_("None"))
    return form


def _token_form(session: Session) -> TokenForm:
    form = TokenForm()
    active = sorted(
        (user for user in people.all_users(session) if user.is_active), key=lambda user: sort_key(user.name)
    )
    form.user.choices = [(user.id, user.name) for user in active]
    return form


def _links(title: str, users: list[User]) -> str:
    """The page with reset links for an administrator to pass on. It cannot be opened again."""
    return render_template(
        "settings/links.html",
        title=title,
        links=[(user, reset_link(user)) for user in users],
        days=people.RESET_LASTS.days,
    )
