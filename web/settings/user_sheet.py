"""Imports users from a spreadsheet (.xlsx or .csv): everybody, or nobody and each mistake by row and column.

The first row names the columns, in Turkish or English; `unit` and `language` are optional. A cell names a
role or unit by its key or its name. A formula is read as its text, not computed.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import people
from inbox.errors import InvalidInput, UnknownKey
from inbox.history import Actor
from inbox.language.turkish import fold
from inbox.models import Unit, User
from inbox.refusals import Thing
from inbox.states import Role
from web.kit.languages import DEFAULT, LANGUAGES

MAX_ROWS = 2000
MAX_UNPACKED = 60 * 1024 * 1024

COLUMNS: Mapping[str, frozenset[str]] = {
    "email": frozenset({"email", "e-mail", "e mail", "eposta", "e-posta", "e posta"}),
    "name": frozenset({"name", "ad soyad", "adi soyadi", "ad", "isim"}),
    "role": frozenset({"role", "rol", "gorev"}),
    "unit": frozenset({"unit", "birim", "mudurluk"}),
    "language": frozenset({"language", "dil"}),
}
REQUIRED = ("email", "name", "role")

_ROLES: Mapping[str, Role] = {
    "moderator": Role.MODERATOR,
    "unit_officer": Role.UNIT_OFFICER,
    "unit officer": Role.UNIT_OFFICER,
    "birim yetkilisi": Role.UNIT_OFFICER,
    "birim sorumlusu": Role.UNIT_OFFICER,
    "birim gorevlisi": Role.UNIT_OFFICER,
    "supervisor": Role.SUPERVISOR,
    "denetci": Role.SUPERVISOR,
    "amir": Role.SUPERVISOR,
    "sef": Role.SUPERVISOR,
    "administrator": Role.ADMINISTRATOR,
    "yonetici": Role.ADMINISTRATOR,
    "sistem yoneticisi": Role.ADMINISTRATOR,
}
_LANGUAGES: Mapping[str, str] = {
    "": DEFAULT,
    "turkish": "tr",
    "ingilizce": "en",
    **{fold(name): code for code, own_name in LANGUAGES.items() for name in (code, own_name)},
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake in one cell. `row` is the spreadsheet's row number, from 1."""

    row: int
    column: str  # the spreadsheet's column letter, or empty for the whole row
    why: InvalidInput | UnknownKey


class UnreadableSheet(ValueError):
    """The file as a whole cannot be read; its text is a key of `users.WHY_UNREADABLE`."""


def add_users(
    session: Session, filename: str, content: bytes, *, by: Actor
) -> tuple[list[User], list[Mistake]]:
    """The users added and the mistakes found. With any mistake nobody is added.

    Raises UnreadableSheet if the file is no spreadsheet, lacks a column, or is too large.
    """
    rows = _cells(filename, content)
    places = _places(next(rows, []))
    units = {
        fold(word): unit.key for unit in session.scalars(select(Unit)) for word in (unit.key, unit.name_tr)
    }
    added: list[User] = []
    mistakes: list[Mistake] = []
    undo = session.begin_nested()
    for number, row in enumerate(rows, start=2):
        if number > MAX_ROWS + 1:
            raise UnreadableSheet("too_many_rows")
        values = {name: row[place] if place < len(row) else "" for name, place in places.items()}
        if not any(values.values()):
            continue
        try:
            with session.begin_nested():
                added.append(_add(session, values, units, by=by))
        except (InvalidInput, UnknownKey) as error:
            field = error.field if isinstance(error, InvalidInput) else error.what
            column = get_column_letter(places[field] + 1) if field in places else ""
            mistakes.append(Mistake(number, column, error))
    if mistakes:
        undo.rollback()
        return [], mistakes
    undo.commit()
    return added, []


def _add(session: Session, values: Mapping[str, str], units: Mapping[str, str], *, by: Actor) -> User:
    role = _ROLES.get(fold(values["role"]))
    if role is None:
        raise UnknownKey(Thing.ROLE, values["role"], Role)
    unit = values.get("unit", "")
    if unit and fold(unit) not in units:
        raise UnknownKey(Thing.UNIT, unit, sorted(set(units.values())))
    language = _LANGUAGES.get(fold(values.get("language", "")))
    if language is None:
        raise UnknownKey(Thing.LANGUAGE, values["language"], ("tr", "en"))
    return people.add_user(
        session,
        email=values["email"],
        name=values["name"],
        role=role,
        unit=units[fold(unit)] if unit else None,
        language=language,
        password=None,
        by=by,
    )


def _places(header: Iterable[str]) -> dict[str, int]:
    """Column → its index. Raises UnreadableSheet if a required column is missing or one is repeated."""
    places: dict[str, int] = {}
    for place, title in enumerate(header):
        for column, spellings in COLUMNS.items():
            if fold(title).strip() in spellings:
                if column in places:
                    raise UnreadableSheet("column_twice")
                places[column] = place
    if any(column not in places for column in REQUIRED):
        raise UnreadableSheet("columns_missing")
    return places


def _cells(filename: str, content: bytes) -> Iterator[list[str]]:
    if filename.lower().endswith(".csv"):
        return _csv_cells(content)
    if filename.lower().endswith(".xlsx"):
        return _xlsx_cells(content)
    raise UnreadableSheet("not_a_spreadsheet")


def _csv_cells(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1254", errors="replace")  # what Excel writes in Turkey
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [_text(cell) for cell in row]
    except csv.Error:
        raise UnreadableSheet("not_a_spreadsheet") from None


def _xlsx_cells(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
                raise UnreadableSheet("too_large")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        sheet = book.worksheets[0]
        for row in sheet.iter_rows(values_only=True):
            yield [_text(cell) for cell in row]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, SyntaxError) as error:
        if isinstance(error, UnreadableSheet):
            raise
        raise UnreadableSheet("not_a_spreadsheet") from None


def _text(cell: Any) -> str:
    """The cell as text: `5.0` is `5`, a formula is its source, white space is collapsed."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(getattr(cell, "text", cell)).replace("\0", "").split())
