"""What the screens offer: asked of one function, never worked out in a template."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inbox.models import Reply, TrackedRequest, Unit, User
from inbox.states import MessageState, ReplyState, RequestState, Role
from inbox.values import ReplyKind
from web.kit import can

TEMPLATES = Path(__file__).parents[3] / "web" / "templates"
STATES = "|".join(
    sorted({member.value for enum in (MessageState, ReplyState, RequestState) for member in enum})
)
COMPARED = re.compile(
    rf"""\.state(\.value)?\s*(==|!=|\bin\b|\bnot\s+in\b|\bis\b)"""  # reply.state == …, in (…), is …
    rf"""|(==|!=|\bin\b)\s*\w+\.state\b"""  # … == reply.state
    rf"""|["']({STATES})["']"""  # a state by its name, however it is asked about
)


def comparisons(template: str) -> list[str]:
    """The lines of a template that ask a row for its state."""
    return [line.strip() for line in template.splitlines() if COMPARED.search(line)]


@pytest.mark.parametrize(
    "line",
    [
        '{% if reply.state == "SENT" %}',
        "{% if reply.state.value != 'SENT' %}",
        "{% if tracked.state in [given] %}",
        "{% if tracked.state.value not in given %}",
        '{% set state = tracked.state.value %}{% if state == "WITH_UNIT" %}',
        "{% for reply in replies if wanted == reply.state %}",
        "{{ replies | selectattr('state', 'equalto', 'DRAFT') }}",
    ],
)
def test_a_comparison_is_found_however_it_is_written(line: str) -> None:
    assert comparisons(f"<p>\n{line}\n</p>") == [line]


def test_showing_a_state_is_no_comparison() -> None:
    assert comparisons("{{ reply.state | label }} {{ request.state | state_class }} {{ group.state }}") == []


def test_no_template_compares_a_state() -> None:
    found = {
        str(file.relative_to(TEMPLATES)): lines
        for file in TEMPLATES.rglob("*.html")
        if (lines := comparisons(file.read_text()))
    }
    assert found == {}


def test_every_question_of_a_template_has_an_answer() -> None:
    """Jinja takes a misspelled name for a no: the button would be gone, and nobody would know why."""
    user = _user(Role.SUPERVISOR)
    answers = {
        *can.with_request(_request(RequestState.WITH_UNIT), user),
        *can.with_reply(_reply(ReplyState.DRAFT), user),
        *can.with_messages(MessageState.NEW, user),
    }
    asked = {
        name
        for file in TEMPLATES.rglob("*.html")
        for name in re.findall(r"\bcan\)?\.(\w+)", file.read_text())
    }
    assert asked <= answers
    assert {"convert", "undo", "respond_as_unit"} <= asked, "the pattern finds what is asked"


@pytest.mark.parametrize(
    ("action", "states"),
    [
        ("convert", {"NEW", "WAITING", "ANSWERED"}),
        ("answer", {"NEW", "WAITING"}),
        ("inform", {"CONVERTED"}),
        ("dismiss", {"NEW", "WAITING"}),
        ("reopen", {"WAITING", "ANSWERED", "DISMISSED"}),
    ],
)
def test_what_may_be_done_with_a_message(action: str, states: set[str]) -> None:
    user = _user(Role.MODERATOR)
    assert {state.value for state in MessageState if can.with_messages(state, user)[action]} == states


@pytest.mark.parametrize(
    ("action", "states"),
    [
        ("respond", {"WITH_UNIT", "RETURNED"}),
        ("respond_as_unit", {"WITH_UNIT"}),
        ("return_to_desk", {"WITH_UNIT"}),
        ("reroute", {"WITH_UNIT", "RETURNED"}),
        ("close", {"RESPONDED"}),
        ("reopen_request", {"RESPONDED", "CLOSED", "CANCELLED"}),
    ],
)
def test_what_may_be_done_with_a_request(action: str, states: set[str]) -> None:
    user = _user(Role.SUPERVISOR)
    assert {one.value for one in RequestState if can.with_request(_request(one), user)[action]} == states


@pytest.mark.parametrize(
    ("action", "states"),
    [
        ("approve", {"DRAFT"}),
        ("edit", {"DRAFT"}),
        ("undo", {"READY"}),
        ("redraft", {"FAILED"}),
        ("withdraw", {"DRAFT", "FAILED"}),
        ("settle", {"UNCERTAIN"}),
        ("rate", {"SENT"}),
    ],
)
def test_what_may_be_done_with_a_reply(action: str, states: set[str]) -> None:
    user = _user(Role.MODERATOR)
    assert {one.value for one in ReplyState if can.with_reply(_reply(one), user)[action]} == states


def test_what_stands_on_the_platform_is_neither_approved_nor_written_anew() -> None:
    user = _user(Role.MODERATOR)
    assert not can.with_reply(_reply(ReplyState.DRAFT, external_id="9"), user)["approve"]
    assert not can.with_reply(_reply(ReplyState.FAILED, external_id="9"), user)["redraft"]


@pytest.mark.parametrize("role", [Role.UNIT_OFFICER, Role.MODERATOR])
def test_an_officer_acts_on_requests_of_their_own_unit_alone(role: Role) -> None:
    user = _user(role, unit_id=7)
    own, other = (can.with_request(_request(RequestState.WITH_UNIT, unit_id=id), user) for id in (7, 8))
    assert own["return_to_desk"] is (role is Role.UNIT_OFFICER)
    assert not other["return_to_desk"]
    assert not any(can.with_reply(_reply(one), user)["approve"] for one in ReplyState) or (
        role is Role.MODERATOR
    )


def _user(role: Role, unit_id: int | None = None) -> User:
    return User(name="-", role=role, unit_id=unit_id, is_active=True)


def _request(state: RequestState, unit_id: int = 7) -> TrackedRequest:
    return TrackedRequest(state=state, unit_id=unit_id, unit=Unit(key="-", is_outside=False))


def _reply(state: ReplyState, external_id: str | None = None) -> Reply:
    return Reply(state=state, kind=ReplyKind.ANSWER, external_id=external_id, rating=None)
