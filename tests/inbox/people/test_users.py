"""People of the town hall: added, changed, let in by their password."""

from __future__ import annotations

import time

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import people
from inbox.errors import InvalidInput, UnknownKey
from inbox.models import HistoryEntry, Unit
from inbox.people import passwords
from inbox.states import Role
from tests.support.people import PASSWORD, add


def test_the_right_password_lets_in_whatever_the_case_of_the_address(session: Session) -> None:
    added = add(session)
    assert people.authenticate(session, " Ayse@City.Test ", PASSWORD) is added


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ayse@city.test", "wrong horse battery"),
        ("ayse@city.test", ""),
        ("ayse@city.test", PASSWORD + "x" * 1000),
        ("nobody@city.test", PASSWORD),
        ("", ""),
        ("\0", "\0\ud800"),
    ],
)
def test_nothing_else_lets_in(session: Session, email: str, password: str) -> None:
    add(session)
    assert people.authenticate(session, email, password) is None


def test_who_was_deactivated_does_not_come_in(session: Session) -> None:
    add(session).is_active = False
    session.flush()
    assert people.authenticate(session, "ayse@city.test", PASSWORD) is None


def test_an_unknown_address_costs_as_much_as_a_wrong_password(session: Session) -> None:
    add(session)

    def cost(email: str) -> float:
        started = time.thread_time()
        for _ in range(5):
            assert people.authenticate(session, email, "wrong horse battery") is None
        return time.thread_time() - started

    known, unknown = cost("ayse@city.test"), cost("nobody@city.test")
    assert 0.5 < unknown / known < 2


def test_a_hash_made_with_older_parameters_is_renewed_when_its_owner_comes_in(session: Session) -> None:
    added = add(session)
    added.password_hash = PasswordHasher(memory_cost=1024, time_cost=1, parallelism=1).hash(PASSWORD)
    assert people.authenticate(session, added.email, PASSWORD) is added
    assert not passwords.is_outdated(added.password_hash)
    assert people.authenticate(session, added.email, PASSWORD) is added


@pytest.mark.parametrize("email", ["", "ayse", "a@b", "a b@city.test", "@city.test", "a@city.test\n,b@c.tr"])
def test_what_is_no_address_is_refused(session: Session, email: str) -> None:
    with pytest.raises(InvalidInput, match="email"):
        add(session, email)


def test_an_address_belongs_to_one_user(session: Session) -> None:
    add(session)
    with pytest.raises(InvalidInput, match="belongs to another"):
        add(session, "AYSE@city.test")


def test_a_role_or_unit_that_does_not_exist_is_named_with_those_that_do(session: Session) -> None:
    session.add(Unit(key="roads", name_tr="Fen İşleri", name_en="Roads", name_ar="x"))
    session.flush()
    with pytest.raises(UnknownKey, match="moderator"):
        people.add_user(session, email="a@city.test", name="A", role="mayor", password=None, by="test")
    with pytest.raises(UnknownKey, match="roads"):
        people.add_user(
            session, email="a@city.test", name="A", role="unit_officer", unit="moon", password=None, by="test"
        )


def test_an_officer_has_a_unit_and_nobody_else_has(session: Session) -> None:
    session.add(Unit(key="roads", name_tr="Fen İşleri", name_en="Roads", name_ar="x"))
    session.flush()
    with pytest.raises(InvalidInput, match="unit"):
        people.add_user(session, email="a@city.test", name="A", role="unit_officer", password=None, by="test")
    with pytest.raises(InvalidInput, match="unit"):
        people.add_user(
            session, email="a@city.test", name="A", role="moderator", unit="roads", password=None, by="test"
        )


def test_the_only_administrator_can_be_neither_deactivated_nor_demoted(session: Session) -> None:
    chief = add(session, "chief@city.test", Role.ADMINISTRATOR)
    for role, is_active in ((Role.MODERATOR, True), (Role.ADMINISTRATOR, False)):
        with pytest.raises(InvalidInput, match="only administrator"), session.begin_nested():
            people.edit_user(
                session, chief, name="C", role=role, unit=None, language="tr", is_active=is_active, by="test"
            )
    add(session, "other@city.test", Role.ADMINISTRATOR)
    session.refresh(chief)
    people.edit_user(
        session, chief, name="C", role="moderator", unit=None, language="tr", is_active=True, by="test"
    )
    assert chief.role is Role.MODERATOR


def test_every_change_of_a_user_is_in_the_history_without_their_words(session: Session) -> None:
    added = add(session)
    people.edit_user(
        session, added, name="Ayşe K", role="supervisor", unit=None, language="en", is_active=False, by=added
    )
    people.set_password(session, added, "another good password", by=added)
    session.flush()
    kinds = [entry.details for entry in session.scalars(select(HistoryEntry).order_by(HistoryEntry.id))]
    assert [details["what"] for details in kinds] == ["added", "edited", "password"]
    assert kinds[1]["fields"] == ["name", "role", "language", "is_active"]
    assert "Ayşe" not in str(kinds)
