"""A row by what people call it by, and the city's lists in Turkish alphabetical order."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from inbox import queries
from inbox.db import transaction
from inbox.errors import NotFound, UnknownKey
from inbox.models import Category, Neighbourhood, Unit


@pytest.mark.parametrize("id", [0, -1, 999_999, 2**63, 10**30])
def test_a_number_nobody_has_is_not_found_however_large(session: Session, id: int) -> None:
    for look in (queries.message, queries.reply, queries.request):
        with pytest.raises(NotFound):
            look(session, id)


def test_what_is_out_of_use_is_not_found_and_not_named(city: SimpleNamespace) -> None:
    with transaction() as session:
        session.get_one(Unit, city.parks.id).is_active = False
    with transaction() as session:
        with pytest.raises(UnknownKey) as refusal:
            queries.unit(session, "park-bahceler")
        assert refusal.value.existing == ["fen-isleri", "iski"]
        assert [unit.key for unit in queries.units(session)] == ["fen-isleri", "iski"]


def test_bodies_outside_are_told_from_units_of_ours(city: SimpleNamespace) -> None:
    with transaction() as session:
        assert [unit.key for unit in queries.units(session, outside=True)] == ["iski"]
        assert [unit.key for unit in queries.units(session, outside=False)] == ["fen-isleri", "park-bahceler"]


def test_lists_stand_in_turkish_alphabetical_order(session: Session) -> None:
    for name in ("Zafer", "Çınar", "Ümit", "İncirtepe", "Cumhuriyet", "Şehitler", "Sultaniye", "Irmak"):
        session.add(Neighbourhood(key=name.lower(), name_tr=name, name_en="-", name_ar="-"))
    session.flush()
    names = [one.name_tr for one in queries.neighbourhoods(session)]
    assert names == ["Cumhuriyet", "Çınar", "Irmak", "İncirtepe", "Sultaniye", "Şehitler", "Ümit", "Zafer"]


def test_a_category_comes_with_the_unit_it_proposes(city: SimpleNamespace) -> None:
    with transaction() as session:
        (category,) = queries.categories(session)
        assert "unit" not in inspect(category).unloaded
        assert category.unit is not None
        assert category.unit.key == "fen-isleri"
        assert isinstance(queries.category(session, "yol"), Category)


def test_a_reason_is_known_by_its_key_and_its_use(city: SimpleNamespace) -> None:
    with transaction() as session:
        assert queries.reason(session, "praise", use="dismiss").name_en == "Praise"
        with pytest.raises(UnknownKey):
            queries.reason(session, "praise", use="return")
        assert queries.reasons(session, use="return") == []
