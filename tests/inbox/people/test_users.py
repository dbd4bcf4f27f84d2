"""Who may do what, and how people prove who they are."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import product

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox import clock, db, people
from inbox.errors import InvalidInput, NotAllowed, UnknownKey
from inbox.models import ApiToken, HistoryEntry, TrackedRequest, Unit, User
from inbox.people import passwords
from inbox.states import Role

PASSWORD = "correct horse battery"

# The whole table once more, as the town hall would write it on paper: M moderator, O officer (own unit only
# where there is a row), S supervisor, A administrator.
ON_PAPER = {
    "own.edit": "MOSA",
    "lists.read": "MOSA",
    "message.read": "MSA",
    "message.triage": "MSA",
    "request.read": "MOSA",
    "request.note": "MOSA",
    "request.respond": "MOSA",
    "request.return": "OSA",
    "request.reroute": "MSA",
    "request.close": "MSA",
    "request.reopen": "MSA",
    "reply.read": "MSA",
    "reply.approve": "MSA",
    "reply.settle": "MSA",
    "reply.rate": "MSA",
    "channel.read": "MSA",
    "feed.read": "MOSA",
    "events.read": "MSA",
    "settings.read": "SA",
    "settings.edit": "A",
    "set_aside.read": "SA",
    "users.read": "SA",
    "users.edit": "A",
}
LETTERS = {
    Role.MODERATOR: "M",
    Role.UNIT_OFFICER: "O",
    Role.SUPERVISOR: "S",
    Role.ADMINISTRATOR: "A",
}


def somebody(role: Role, *, unit_id: int | None = None, is_active: bool = True) -> User:
    return User(id=1, name="Biri", role=role, unit_id=unit_id, is_active=is_active)


def a_request(unit_id: int, *, outside: bool = False) -> TrackedRequest:
    return TrackedRequest(unit_id=unit_id, unit=Unit(id=unit_id, is_outside=outside))


def test_the_paper_and_the_table_name_the_same_actions() -> None:
    assert set(people.ACTIONS) == set(ON_PAPER)


@pytest.mark.parametrize(("role", "action"), list(product(Role, ON_PAPER)))
def test_each_role_may_do_what_the_paper_says_and_nothing_else(role: Role, action: str) -> None:
    assert people.may(somebody(role, unit_id=7), action) == (LETTERS[role] in ON_PAPER[action])


@pytest.mark.parametrize(("role", "action"), list(product(Role, ON_PAPER)))
def test_who_was_deactivated_may_do_nothing(role: Role, action: str) -> None:
    assert not people.may(somebody(role, unit_id=7, is_active=False), action)


@pytest.mark.parametrize("action", ["request.read", "request.note", "request.respond", "request.return"])
def test_a_unit_officer_acts_on_the_requests_of_the_own_unit_alone(action: str) -> None:
    officer = somebody(Role.UNIT_OFFICER, unit_id=7)
    assert people.may(officer, action, a_request(7))
    assert not people.may(officer, action, a_request(8))
    assert not people.may(somebody(Role.UNIT_OFFICER), action, a_request(7))


def test_a_moderator_answers_for_a_body_outside_and_for_no_unit_of_ours() -> None:
    moderator = somebody(Role.MODERATOR)
    assert people.may(moderator, "request.respond", a_request(7, outside=True))
    assert not people.may(moderator, "request.respond", a_request(7))


def test_a_refusal_names_who_and_what() -> None:
    with pytest.raises(NotAllowed) as refusal:
        people.require(somebody(Role.MODERATOR), "users.edit")
    assert (refusal.value.who, refusal.value.action) == ("Biri", "users.edit")


def test_an_action_nobody_wrote_down_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        people.may(somebody(Role.ADMINISTRATOR), "message.burn")


# --- passwords and users ----------------------------------------------------------------------------


def add(session: Session, email: str = "ayse@city.test", role: Role = Role.MODERATOR) -> User:
    return people.add_user(session, email=email, name="Ayşe", role=role, password=PASSWORD, by="test")


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


def test_nobody_has_the_password_of_nobody(session: Session) -> None:
    assert not passwords.matches(passwords.NOBODY, PASSWORD)
    assert not passwords.is_outdated(passwords.NOBODY)


def test_a_hash_made_with_older_parameters_is_renewed_when_its_owner_comes_in(session: Session) -> None:
    added = add(session)
    added.password_hash = PasswordHasher(memory_cost=1024, time_cost=1, parallelism=1).hash(PASSWORD)
    assert people.authenticate(session, added.email, PASSWORD) is added
    assert not passwords.is_outdated(added.password_hash)
    assert people.authenticate(session, added.email, PASSWORD) is added


@pytest.mark.parametrize("password", ["short", "x" * 201, "aaaaaaaaaaaa", "ayse@city.test"])
def test_a_password_that_is_no_password_is_refused(session: Session, password: str) -> None:
    with pytest.raises(InvalidInput, match="password"):
        people.add_user(
            session, email="ayse@city.test", name="Ayşe", role="moderator", password=password, by="test"
        )


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


# --- links and tokens -------------------------------------------------------------------------------


def test_a_reset_link_works_once_and_ends_every_session(session: Session) -> None:
    added = add(session)
    token, key_before = people.reset_token(added), added.session_key
    found = people.user_for_reset_token(session, token)
    assert found is added
    people.set_password(session, added, "another good password", by=added)
    session.flush()
    assert people.user_for_reset_token(session, token) is None
    assert people.user_for_session(session, added.id, key_before) is None
    assert people.user_for_session(session, added.id, added.session_key) is added


def test_a_reset_link_ends_after_two_days(session: Session) -> None:
    token = people.reset_token(add(session))
    clock.shift_by(timedelta(days=1, hours=23).total_seconds())
    assert people.user_for_reset_token(session, token) is not None
    clock.shift_by(timedelta(days=2, minutes=1).total_seconds())
    assert people.user_for_reset_token(session, token) is None


@pytest.mark.parametrize(
    "token", ["", ".", "1", "1.2.3", "1.99999999999999999.x", "²." * 2, "1.\ud800.x", "9" * 99]
)
def test_what_is_no_reset_link_resets_nobody(session: Session, token: str) -> None:
    add(session)
    assert people.user_for_reset_token(session, token) is None


def test_a_reset_link_with_another_expiry_or_user_is_not_genuine(session: Session) -> None:
    token = people.reset_token(add(session))
    other = add(session, "other@city.test")
    user_id, expires, signature = token.split(".")
    assert people.user_for_reset_token(session, f"{other.id}.{expires}.{signature}") is None
    assert people.user_for_reset_token(session, f"{user_id}.{int(expires) + 1}.{signature}") is None


def test_the_first_administrator_is_made_while_there_is_nobody(database: None) -> None:
    token = people.first_run_token()
    with db.transaction() as session:
        assert people.is_first_run_token(session, token)
        add(session)
    with db.transaction() as session:
        assert not people.is_first_run_token(session, token)
        assert people.has_users(session)


def test_an_api_token_stands_for_its_user_until_revoked(session: Session) -> None:
    added = add(session)
    token = people.issue_token(session, added, "Panel", may_approve_alone=True)
    found = people.user_for_token(session, token)
    assert found is not None
    assert found[0] is added
    assert found[1].may_approve_alone
    people.revoke_token(session, found[1].id, by=added)
    session.flush()
    assert people.user_for_token(session, token) is None


def test_an_api_token_ends_with_its_user(session: Session) -> None:
    added = add(session)
    token = people.issue_token(session, added, "Panel", may_approve_alone=False)
    added.is_active = False
    session.flush()
    assert people.user_for_token(session, token) is None


def test_only_the_digest_of_an_api_token_is_kept(session: Session) -> None:
    token = people.issue_token(session, add(session), "Panel", may_approve_alone=False)
    session.flush()
    row = session.scalars(select(ApiToken)).one()
    kept = " ".join(str(getattr(row, column.name)) for column in ApiToken.__table__.columns)
    assert token not in kept
    assert token.removeprefix("cozum_") not in kept
