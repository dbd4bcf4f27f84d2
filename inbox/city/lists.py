"""The municipality's editable lists: units, categories, neighbourhoods, reasons and texts.

Rows are deactivated, never deleted, because old rows refer to them. Every change is recorded in the history.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from inbox import history
from inbox.errors import InvalidInput, NotFound, UnknownKey
from inbox.language import placeholders
from inbox.language.turkish import clean, fold, sort_key
from inbox.models import Category, Neighbourhood, Reason, ReplyText, Unit
from inbox.refusals import Thing, Why

Row = Unit | Category | Neighbourhood | Reason | ReplyText

LISTS: Mapping[str, type[Row]] = {
    "units": Unit,
    "categories": Category,
    "neighbourhoods": Neighbourhood,
    "reasons": Reason,
    "texts": ReplyText,
}

_ONE_OF: Mapping[str, Thing] = {
    "units": Thing.UNIT,
    "categories": Thing.CATEGORY,
    "neighbourhoods": Thing.NEIGHBOURHOOD,
    "reasons": Thing.REASON,
    "texts": Thing.TEXT,
}

LOCATORS: Mapping[str, frozenset[str]] = {
    "units": frozenset({"key"}),
    "categories": frozenset({"key"}),
    "neighbourhoods": frozenset({"key"}),
    "reasons": frozenset({"use", "key"}),
    "texts": frozenset({"key", "language", "scope", "voice"}),
}
"""The columns that identify a row: set when it is added, never changed."""

_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def kind_of(name: str) -> type[Row]:
    """The table of the list `name`. Raises UnknownKey."""
    if name not in LISTS:
        raise UnknownKey(Thing.LIST, name, LISTS)
    return LISTS[name]


def rows(session: Session, list_name: str) -> list[Row]:
    """Every row of the list, active or not, in Turkish alphabetical order (texts by kind and key)."""
    found = session.scalars(_whole(kind_of(list_name))).all()
    return sorted(found, key=_order)


def row(session: Session, list_name: str, row_id: int) -> Row:
    """One row of the list. Raises UnknownKey for the list, NotFound for the row."""
    kind = kind_of(list_name)
    found: Row | None = session.scalar(_whole(kind).where(kind.id == row_id))
    if found is None:
        raise NotFound(_ONE_OF[list_name], row_id)
    return found


def add(session: Session, list_name: str, values: Mapping[str, Any], *, by: history.Actor) -> Row:
    """Add a row. Without a key, one is made from the Turkish name. Raises InvalidInput."""
    kind = kind_of(list_name)
    chosen = {name: _clean(value) for name, value in _folded(values).items()}
    chosen["key"] = chosen.get("key") or key_from(chosen.get("name_tr") or "")
    if not _KEY.fullmatch(chosen["key"]) or len(chosen["key"]) > 60:
        raise InvalidInput("key", Why.KEY_CHARACTERS)
    _check_names(kind, chosen)
    if kind is ReplyText:
        _check_templates(chosen["variants"], chosen["language"])
    added = kind(**chosen)
    try:
        with session.begin_nested():
            session.add(added)
    except IntegrityError:
        raise InvalidInput("key", Why.TAKEN_KEY) from None
    _record(session, list_name, added, by=by, what="added", fields=sorted(chosen))
    return added


def edit(session: Session, list_name: str, row: Row, values: Mapping[str, Any], *, by: history.Actor) -> None:
    """Change `row`, without its locators. Records nothing when nothing differs. Raises InvalidInput."""
    changes = {
        name: _clean(value)
        for name, value in _folded(values).items()
        if name not in LOCATORS[list_name] and getattr(row, name) != _clean(value)
    }
    _check_names(type(row), changes)
    if isinstance(row, ReplyText):
        _check_templates(changes.get("variants", ()), row.language)
    if not changes:
        return
    for name, value in changes.items():
        setattr(row, name, value)
    session.flush()
    _record(session, list_name, row, by=by, what="edited", fields=sorted(changes))


def key_from(name: str) -> str:
    """A key from a Turkish name: `Fen İşleri Müdürlüğü` becomes `fen-isleri-mudurlugu`."""
    return re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[:60].strip("-")


def _whole(kind: type[Row]) -> Any:
    query = select(kind)
    return query.options(joinedload(Category.unit)) if kind is Category else query


def _order(row: Row) -> tuple[Any, ...]:
    if isinstance(row, ReplyText):
        return (row.kind, row.key, row.language, row.scope, row.voice)
    if isinstance(row, Reason):
        return (row.use, sort_key(row.name_tr))
    return (not row.is_active, sort_key(row.name_tr))


def _folded(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with folded stems: they are compared with folded words."""
    stems = values.get("stems")
    return {**values, **({} if stems is None else {"stems": list(dict.fromkeys(map(fold, stems)))})}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value).strip()
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value


def _check_names(kind: type[Row], values: Mapping[str, Any]) -> None:
    for name in ("name_tr", "name_en", "name_ar"):
        if hasattr(kind, name) and name in values and not values[name]:
            raise InvalidInput(name, Why.EMPTY)
    if kind is ReplyText and "variants" in values and not values["variants"]:
        raise InvalidInput("variants", Why.EMPTY)


def _check_templates(variants: Iterable[str], language: str) -> None:
    """Raise InvalidInput for a text that cannot be rendered."""
    for variant in variants:
        try:
            placeholders.check_template(variant, language=language)
        except placeholders.BadTemplate as error:
            raise InvalidInput("variants", error.why, **error.values) from None


def _record(session: Session, list_name: str, row: Row, *, by: history.Actor, **details: Any) -> None:
    history.record(
        session,
        "settings.changed",
        by=by,
        details={"list": list_name, "id": row.id, "key": row.key, **details},
    )
