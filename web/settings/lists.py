"""The screens of the municipality's own lists. Supervisors can read them, administrators can edit them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from inbox import queries
from inbox.city import lists
from inbox.db import transaction
from inbox.models import Category
from web.kit.access import needs, person
from web.kit.acting import see_other
from web.kit.formats import name
from web.settings import channels, comparisons, users
from web.settings.forms import FORMS, CategoryForm, ListForm, TextForm
from web.settings.saving import save

blueprint = Blueprint("settings", __name__, url_prefix="/settings")
blueprints = (blueprint, channels.blueprint, comparisons.blueprint, users.blueprint)


class ListScreen(NamedTuple):
    """The titles and icon of one list's screens."""

    title: LazyString
    about: LazyString
    add: LazyString
    icon: str


SCREENS: Mapping[str, ListScreen] = {
    "units": ListScreen(
        _l("Units"),
        _l("Who answers: our own directorates, and bodies outside that matters are passed on to."),
        _l("Add a unit"),
        "building",
    ),
    "categories": ListScreen(
        _l("Categories"),
        _l("What requests are about. A category only proposes a unit; the desk chooses."),
        _l("Add a category"),
        "category",
    ),
    "neighbourhoods": ListScreen(
        _l("Neighbourhoods"),
        _l("The neighbourhoods of the district, as people name them."),
        _l("Add a neighbourhood"),
        "map-pin",
    ),
    "reasons": ListScreen(
        _l("Reasons"),
        _l("What can be chosen when something is dismissed, returned or refused."),
        _l("Add a reason"),
        "list-details",
    ),
    "texts": ListScreen(
        _l("Ready texts"),
        _l("What citizens are told, in variants used in turn so that nothing sounds like a machine."),
        _l("Add a text"),
        "message-2",
    ),
}


class SettingsPage(NamedTuple):
    """An entry of the side menu that is not one of the city's lists."""

    endpoint: str
    title: LazyString
    icon: str


PLACES = (
    SettingsPage("settings_channels.index", _l("Channels"), "broadcast"),
    SettingsPage("settings_users.users", _l("Users"), "users"),
    SettingsPage("settings_users.tokens", _l("API tokens"), "key"),
    SettingsPage("settings_channels.set_aside", _l("Set aside"), "archive"),
)


@blueprint.app_context_processor
def _side_menu() -> dict[str, Any]:
    return {"settings_lists": SCREENS, "settings_places": PLACES}


_PATH = "/<any(units, categories, neighbourhoods, reasons, texts):kind>"


@blueprint.get("/")
@needs("settings.read")
def index() -> Response:
    """Redirect to the first list."""
    return cast(Response, redirect(url_for("settings.rows", kind="units")))


@blueprint.get(_PATH)
@needs("settings.read")
def rows(kind: str) -> str:
    """All rows of one list."""
    with transaction() as session:
        found = lists.rows(session, kind)
    return render_template("settings/list.html", kind=kind, screen=SCREENS[kind], rows=found)


@blueprint.get(f"{_PATH}/new")
@needs("settings.edit")
def new(kind: str) -> str:
    """The form for a new row."""
    with transaction() as session:
        form = _form(session, kind)
    return _form_page(kind, form)


@blueprint.post(f"{_PATH}/new")
@needs("settings.edit")
def add(kind: str) -> Response:
    """Add a row."""
    with transaction() as session:
        form = _form(session, kind)
    return save(
        form,
        lambda session: lists.add(session, kind, form.values(), by=person()),
        lambda _row: see_other(url_for("settings.rows", kind=kind), _("Added.")),
        lambda: _form_page(kind, form),
    )


@blueprint.get(f"{_PATH}/<int:row_id>")
@needs("settings.edit")
def row(kind: str, row_id: int) -> str:
    """The form of one row."""
    with transaction() as session:
        found = lists.row(session, kind, row_id)
        form = _form(session, kind, found)
    return _form_page(kind, form, found)


@blueprint.post(f"{_PATH}/<int:row_id>")
@needs("settings.edit")
def edit(kind: str, row_id: int) -> Response:
    """Change one row."""
    with transaction() as session:
        found = lists.row(session, kind, row_id)
        form = _form(session, kind, found)

    def work(session: Session) -> None:
        lists.edit(session, kind, lists.row(session, kind, row_id), form.values(), by=person())

    return save(
        form,
        work,
        lambda _none: see_other(url_for("settings.rows", kind=kind), _("Saved.")),
        lambda: _form_page(kind, form, found),
    )


def _form_page(kind: str, form: ListForm, found: lists.Row | None = None) -> str:
    return render_template("settings/row.html", kind=kind, screen=SCREENS[kind], form=form, row=found)


def _form(session: Session, kind: str, found: lists.Row | None = None) -> ListForm:
    """The list's form, filled from `found` or the request. Columns that never change are disabled."""
    form = FORMS[kind](obj=None if request.method == "POST" else _as_typed(found))
    if isinstance(form, CategoryForm):
        units = queries.units(session)
        if isinstance(found, Category) and found.unit is not None and found.unit not in units:
            units.append(found.unit)  # no longer in use, but still the category's unit
        form.unit_id.choices = [("", _("None")), *((unit.id, name(unit)) for unit in units)]
    if found is not None:
        for locator in lists.LOCATORS[kind]:
            field = form[locator]
            field.data = getattr(found, locator)
            field.render_kw = {**(field.render_kw or {}), "disabled": True}
            field.validators = ()
            field.validate_choice = False
            field.raw_data = [field.data]
    if isinstance(form, TextForm):
        form.key.description = _(
            "Which text of the program this is; several may share it by language and voice."
        )
    return form


def _as_typed(found: lists.Row | None) -> Any:
    """The row for a form's `obj`, with its array columns joined into text."""
    if found is None:
        return None
    columns = {column.name: getattr(found, column.name) for column in found.__table__.columns}
    for name_, joiner in (("stems", "\n"), ("aliases", "\n"), ("variants", "\n---\n")):
        if name_ in columns:
            columns[name_] = joiner.join(columns[name_])
    return SimpleNamespace(**columns)
