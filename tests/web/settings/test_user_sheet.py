"""Spreadsheets of users, as people really make them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.models import Unit, User
from inbox.states import Role
from web.settings import user_sheet

HEADER = ["E-posta", "Ad Soyad", "Rol", "Birim", "Dil"]


def workbook(*rows: Sequence[object]) -> bytes:
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.fixture
def unit(session: Session) -> Unit:
    added = Unit(key="roads", name_tr="Fen İşleri Müdürlüğü", name_en="Roads", name_ar="x")
    session.add(added)
    session.flush()
    return added


def test_people_are_added_by_the_names_a_town_hall_uses(session: Session, unit: Unit) -> None:
    content = workbook(
        HEADER,
        ["  A@City.test ", "Ayşe  Yılmaz", "Moderatör", None, None],
        [None, None, None, None, None],
        ["b@city.test", "Bülent Ek", "BİRİM YETKİLİSİ", "FEN İŞLERİ MÜDÜRLÜĞÜ", "İngilizce"],
        ["c@city.test", "Can", "administrator", "", "tr"],
    )
    added, mistakes = user_sheet.add_users(session, "Kişiler.XLSX", content, by="test")
    assert mistakes == []
    assert [(one.email, one.name, one.role, one.unit, one.language) for one in added] == [
        ("a@city.test", "Ayşe Yılmaz", Role.MODERATOR, None, "tr"),
        ("b@city.test", "Bülent Ek", Role.UNIT_OFFICER, unit, "en"),
        ("c@city.test", "Can", Role.ADMINISTRATOR, None, "tr"),
    ]


def test_every_mistake_is_named_as_the_spreadsheet_shows_it_and_nobody_is_added(
    session: Session, unit: Unit
) -> None:
    content = workbook(
        ["No", *HEADER],
        [1, "a@city.test", "A", "moderator", None, None],
        [2, "a@city.test", "A again", "moderator", None, None],
        [3, "no address", "B", "moderator", None, None],
        [4, "c@city.test", "", "moderator", None, None],
        [5, "d@city.test", "D", "king", None, None],
        [6, "e@city.test", "E", "unit officer", "moon", None],
        [7, "f@city.test", "F", "unit officer", None, None],
        [8, "g@city.test", "G", "moderator", None, "Klingon"],
    )
    added, mistakes = user_sheet.add_users(session, "people.xlsx", content, by="test")
    assert added == []
    assert [(mistake.row, mistake.column) for mistake in mistakes] == [
        (3, "B"),
        (4, "B"),
        (5, "C"),
        (6, "D"),
        (7, "E"),
        (8, "E"),
        (9, "F"),
    ]
    assert session.scalar(select(func.count(User.id))) == 0


def test_a_formula_is_the_text_of_the_formula(session: Session) -> None:
    content = workbook(
        HEADER, ["a@city.test", '=HYPERLINK("http://evil.test","x")', "moderator"], ["=1+1", "B", "moderator"]
    )
    added, mistakes = user_sheet.add_users(session, "people.xlsx", content, by="test")
    assert [(mistake.row, mistake.column) for mistake in mistakes] == [(3, "A")]
    added, _ = user_sheet.add_users(
        session, "p.csv", b"email,name,role\na@city.test,=1+1,moderator", by="test"
    )
    assert [one.name for one in added] == ["=1+1"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1254"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_file_is_read_as_office_programs_write_it(
    session: Session, unit: Unit, encoding: str, delimiter: str
) -> None:
    lines = [HEADER[:4], ["a@city.test", "Şule Çığır", "birim yetkilisi", "Fen İşleri Müdürlüğü"]]
    content = "\r\n".join(delimiter.join(line) for line in lines).encode(encoding)
    added, mistakes = user_sheet.add_users(session, "kisiler.csv", content, by="test")
    assert (mistakes, [one.name for one in added]) == ([], ["Şule Çığır"])


def test_a_file_that_unpacks_to_something_huge_is_refused_before_it_is_read(session: Session) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (user_sheet.MAX_UNPACKED + 1))
    with pytest.raises(user_sheet.UnreadableSheet, match="too_large"):
        user_sheet.add_users(session, "people.xlsx", stream.getvalue(), by="test")


def test_an_endless_file_is_refused(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_sheet, "MAX_ROWS", 3)
    content = "email,name,role\n" + "".join(f"a{n}@city.test,A,moderator\n" for n in range(4))
    with pytest.raises(user_sheet.UnreadableSheet, match="too_many_rows"):
        user_sheet.add_users(session, "people.csv", content.encode(), by="test")
