"""Who may do what."""

from __future__ import annotations

from itertools import product

import pytest

from inbox import people
from inbox.errors import NotAllowed
from inbox.models import TrackedRequest, Unit, User
from inbox.states import Role

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
