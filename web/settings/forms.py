"""The forms of the settings screens: one for each list, and those for users, channels and tokens.

The views fill the choices that come from the city's lists, such as units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, EmailField, Field, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from inbox.models import Unit
from inbox.states import Outcome, Role
from inbox.values import ReplyKind
from web.kit import labels
from web.kit.formats import name
from web.kit.languages import LANGUAGES

_NAME = (DataRequired(), Length(max=120))


def choices(words: Mapping[str, LazyString]) -> list[tuple[str, str]]:
    """The options of a select field from a table of `labels`."""
    return list(words.items())


def unit_choices(units: Iterable[Unit], *, none: str) -> list[tuple[str, str]]:
    """The options of a select field from units, after an empty option labelled `none`."""
    return [("", none), *((unit.key, name(unit)) for unit in units)]


class ListForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """The fields that all lists share. `values()` is the input for the core."""

    key = StringField(
        _l("Key"),
        [Optional(), Length(max=60)],
        description=_l(
            "Other systems know it by this. Small letters, digits and hyphens; never changed later. "
            "Left empty, it is made from the Turkish name."
        ),
    )
    is_active = BooleanField(_l("In use"), default=True)

    def values(self) -> dict[str, Any]:
        """Column → value, without the CSRF token."""
        return {field.name: self.column(field) for field in self if field.name != "csrf_token"}

    def column(self, field: Field) -> Any:
        """The value of a field for its column: None for an empty optional text."""
        if field.name in ("hotline", "postcode", "outcome") and not field.data:
            return None
        return field.data


class NamedForm(ListForm):
    """A row with names in Turkish, English and Arabic."""

    name_tr = StringField(_l("Name in Turkish"), [*_NAME])
    name_en = StringField(_l("Name in English"), [*_NAME])
    name_ar = StringField(_l("Name in Arabic"), [*_NAME], render_kw={"dir": "rtl", "lang": "ar"})


class UnitForm(NamedForm):
    """A directorate of ours, or an outside body."""

    is_outside = BooleanField(
        _l("A body outside the municipality"),
        description=_l("It has no account here: the desk enters its answers."),
    )
    hotline = StringField(_l("Number to call"), [Optional(), Length(max=30)])


class CategoryForm(NamedForm):
    """The subject of a request."""

    unit_id = SelectField(_l("Unit it proposes"), coerce=lambda text: int(text) if text else None)
    stems = TextAreaField(
        _l("Beginnings of words that propose it"),
        description=_l("One a line; capital letters and Turkish marks do not matter."),
    )

    def column(self, field: Field) -> Any:
        """The stems as a list of lines."""
        return lines(field.data) if field.name == "stems" else super().column(field)


class NeighbourhoodForm(NamedForm):
    """A neighbourhood (mahalle) of the district."""

    postcode = StringField(_l("Postcode"), [Optional(), Length(max=10)])
    aliases = TextAreaField(
        _l("Other names people use"), description=_l("One a line; capital letters do not matter.")
    )
    is_ambiguous = BooleanField(
        _l("The name is also an everyday word"),
        description=_l("Then it is proposed only where the message says that it is a neighbourhood."),
    )

    def column(self, field: Field) -> Any:
        """The aliases as a list of lines."""
        return lines(field.data) if field.name == "aliases" else super().column(field)


class ReasonForm(NamedForm):
    """A reason to dismiss, return, refuse, pass on or reopen something."""

    use = SelectField(_l("Used for"), choices=lambda: choices(labels.REASON_USES))


class TextForm(ListForm):
    """A ready text with its variants."""

    kind = SelectField(_l("Kind of reply"), choices=lambda: choices(labels.ENUMS[ReplyKind]))
    outcome = SelectField(
        _l("For the unit's answer"),
        choices=lambda: [("", _l("No particular one")), *choices(labels.ENUMS[Outcome])],
    )
    language = SelectField(_l("Language"), choices=lambda: choices(labels.LANGUAGES))
    scope = SelectField(_l("Where it is said"), choices=lambda: choices(labels.SCOPES))
    voice = SelectField(_l("Who says it"), choices=lambda: choices(labels.VOICES))
    variants = TextAreaField(
        _l("Variants"),
        [DataRequired()],
        render_kw={"rows": 14},
        description=_l("They are used in turn. A line of three hyphens stands between one and the next."),
    )

    def column(self, field: Field) -> Any:
        """The variants as a list of texts."""
        return variants(field.data) if field.name == "variants" else super().column(field)


class ChannelForm(FlaskForm):  # type: ignore[misc]
    """A channel's name and voice, and whether it is in use."""

    name = StringField(_l("Name"), [*_NAME])
    voice = SelectField(
        _l("Whose voice it has"),
        choices=lambda: [(key, labels.VOICES[key]) for key in ("municipality", "mayor")],
    )
    is_active = BooleanField(_l("In use"))


class UserForm(FlaskForm):  # type: ignore[misc]
    """A person who may sign in. The e-mail address cannot be changed later."""

    email = EmailField(_l("E-mail"), [DataRequired(), Length(max=254)])
    name = StringField(_l("Name"), [*_NAME])
    role = SelectField(_l("Role"), choices=lambda: choices(labels.ENUMS[Role]))
    unit = SelectField(_l("Unit"), description=_l("Only for a unit officer."))
    language = SelectField(
        _l("Language"), choices=lambda: [(key, labels.LANGUAGES[key]) for key in LANGUAGES]
    )
    is_active = BooleanField(_l("May sign in"), default=True)


class UserFileForm(FlaskForm):  # type: ignore[misc]
    """A spreadsheet of users."""

    file = FileField(
        _l("File"), [FileRequired()], description=_l("Excel (.xlsx) or CSV, with the columns named above.")
    )


class TokenForm(FlaskForm):  # type: ignore[misc]
    """An API token for a program that acts as a user."""

    name = StringField(_l("What it is for"), [DataRequired(), Length(max=100)])
    user = SelectField(_l("Acts as"), coerce=int)
    may_approve_alone = BooleanField(
        _l("May write and approve alone"),
        description=_l("Otherwise what it writes waits for somebody to approve it."),
    )


FORMS: Mapping[str, type[ListForm]] = {
    "units": UnitForm,
    "categories": CategoryForm,
    "neighbourhoods": NeighbourhoodForm,
    "reasons": ReasonForm,
    "texts": TextForm,
}


def credentials_form(names: Iterable[str], *, kept: Iterable[str]) -> FlaskForm:
    """A form with a field for each secret in `names`. Those in `kept` are stored already and never shown."""
    stored = frozenset(kept)

    class CredentialsForm(FlaskForm):  # type: ignore[misc]
        """The secrets of one channel."""

    for secret in names:
        is_stored = secret in stored
        hint = _l("One is stored; leave empty to keep it.") if is_stored else _l("None is stored yet.")
        setattr(
            CredentialsForm,
            f"secret_{secret}",
            PasswordField(
                secret, [Optional(), Length(max=4000)], description=hint, render_kw={"autocomplete": "off"}
            ),
        )
    return CredentialsForm()


def lines(text: str | None) -> list[str]:
    """The non-empty lines of `text`, stripped, in order and without repetitions."""
    return list(dict.fromkeys(line.strip() for line in (text or "").splitlines() if line.strip()))


def variants(text: str | None) -> list[str]:
    """The non-empty texts between lines of three hyphens."""
    parts: list[list[str]] = [[]]
    for line in (text or "").replace("\r\n", "\n").split("\n"):
        if line.strip() == "---":
            parts.append([])
        else:
            parts[-1].append(line.rstrip())
    return [joined for part in parts if (joined := "\n".join(part).strip())]
