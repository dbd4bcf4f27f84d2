"""The municipality's own lists: rows are changed and taken out of use, never deleted; each change is kept."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.city import lists
from inbox.errors import InvalidInput, NotFound, UnknownKey
from inbox.models import Category, HistoryEntry, Neighbourhood, ReplyText

NAMES = {"name_en": "-", "name_ar": "-"}


def add_text(session: Session, *variants: str, language: str = "tr") -> None:
    values: dict[str, Any] = {"key": "a-text", "kind": "answer", "language": language, "scope": "any"}
    values |= {"voice": "any", "outcome": "positive", "variants": list(variants)}
    lists.add(session, "texts", values, by="test")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Fen İşleri Müdürlüğü", "fen-isleri-mudurlugu"),
        ("  Park & Bahçeler ", "park-bahceler"),
        ("19 Mayıs", "19-mayis"),
        ("x" * 80, "x" * 60),
        ("???", ""),
    ],
)
def test_a_key_is_made_from_a_turkish_name(name: str, key: str) -> None:
    assert lists.key_from(name) == key


def test_rows_stand_in_turkish_order_and_those_out_of_use_last(session: Session) -> None:
    for name in ("Zafer", "Çınar", "Cumhuriyet", "İncirtepe"):
        lists.add(session, "neighbourhoods", {"name_tr": name, **NAMES}, by="test")
    (first,) = [row for row in lists.rows(session, "neighbourhoods") if row.key == "cumhuriyet"]
    lists.edit(session, "neighbourhoods", first, {"is_active": False}, by="test")
    shown = [row.key for row in lists.rows(session, "neighbourhoods")]
    assert shown == ["cinar", "incirtepe", "zafer", "cumhuriyet"]


def test_a_key_is_given_once_and_a_list_or_row_that_does_not_exist_is_named(session: Session) -> None:
    added = lists.add(session, "neighbourhoods", {"name_tr": "Zafer", **NAMES}, by="test")
    with pytest.raises(InvalidInput) as refusal:
        lists.add(session, "neighbourhoods", {"name_tr": "ZAFER", **NAMES}, by="test")
    assert refusal.value.field == "key"
    with pytest.raises(UnknownKey):
        lists.rows(session, "streets")
    with pytest.raises(NotFound):
        lists.row(session, "neighbourhoods", added.id + 1)


@pytest.mark.parametrize("key", ["Zafer", "zafer mah", "zafer--mah", "-zafer", "çınar", "z" * 61])
def test_what_is_no_key_is_refused(session: Session, key: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        lists.add(session, "neighbourhoods", {"key": key, "name_tr": "Zafer", **NAMES}, by="test")
    assert refusal.value.field == "key"


def test_what_a_row_is_known_by_never_changes(session: Session) -> None:
    row = lists.add(session, "neighbourhoods", {"name_tr": "Zafer", **NAMES}, by="test")
    lists.edit(session, "neighbourhoods", row, {"key": "other", "name_tr": "Zafer Mahallesi"}, by="test")
    session.expire_all()
    kept = session.scalars(select(Neighbourhood)).one()
    assert (kept.key, kept.name_tr) == ("zafer", "Zafer Mahallesi")


def test_an_edit_that_changes_nothing_leaves_no_trace_and_one_that_does_names_its_fields(
    session: Session,
) -> None:
    row = lists.add(session, "neighbourhoods", {"name_tr": "Zafer", **NAMES}, by="test")
    lists.edit(session, "neighbourhoods", row, {"name_tr": " Zafer "}, by="test")
    lists.edit(session, "neighbourhoods", row, {"name_tr": "Yeni Zafer"}, by="test")
    with pytest.raises(InvalidInput):
        lists.edit(session, "neighbourhoods", row, {"name_tr": ""}, by="test")
    session.flush()
    told = session.scalars(select(HistoryEntry.details).order_by(HistoryEntry.id)).all()
    assert [(entry["what"], entry["fields"]) for entry in told][1:] == [("edited", ["name_tr"])]


def test_stems_are_kept_folded_and_once(session: Session) -> None:
    lists.add(
        session, "categories", {"name_tr": "Yol", "stems": ["Çukur", "cukur", "ASFALT"], **NAMES}, by="test"
    )
    assert session.scalars(select(Category.stems)).one() == ["cukur", "asfalt"]


def test_a_text_that_could_be_said_is_kept(session: Session) -> None:
    add_text(session, "{salutation} {text}")
    assert session.scalars(select(ReplyText.variants)).one() == ["{salutation} {text}"]


@pytest.mark.parametrize(
    ("variants", "language"),
    [
        (("{salutation} {mayors_shoe_size}",), "tr"),
        (("{unit:yalan}",), "tr"),
        (("{unit:a}",), "en"),
        (("{salutation",), "tr"),
        ((), "tr"),
    ],
)
def test_a_text_that_could_not_be_said_is_refused(
    session: Session, variants: tuple[str, ...], language: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        add_text(session, *variants, language=language)
    assert refusal.value.field == "variants"
