"""The tables of moves, and the one function that follows them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from inbox import states
from inbox.states import (
    MESSAGE_MOVES,
    REPLY_MOVES,
    REQUEST_MOVES,
    MessageState,
    ReplyState,
    RequestState,
    may_move,
)

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("enum", "moves"),
    [(MessageState, MESSAGE_MOVES), (RequestState, REQUEST_MOVES), (ReplyState, REPLY_MOVES)],
)
def test_every_state_has_its_row_of_moves_and_leads_only_to_states(enum, moves) -> None:  # type: ignore[no-untyped-def]
    assert set(moves) == set(enum)
    assert all(target in enum for targets in moves.values() for target in targets)
    assert all(state not in targets for state, targets in moves.items()), "nothing moves to itself"


def test_what_may_be_public_is_never_ready_but_by_the_proof_of_absence() -> None:
    assert not may_move(ReplyState.SENT, ReplyState.READY)
    assert not may_move(ReplyState.FAILED, ReplyState.READY), "a refused reply is approved anew"
    assert REPLY_MOVES[ReplyState.SENT] == frozenset()


def test_states_of_different_machines_never_mix() -> None:
    assert not may_move(MessageState.NEW, RequestState.CLOSED)


def test_no_code_but_history_writes_a_state() -> None:
    writers = []
    for package in ("inbox", "connectors", "worker", "web", "stack"):
        for file in (ROOT / package).rglob("*.py"):
            for number, line in enumerate(file.read_text().splitlines(), 1):
                if re.search(r"\.state\s*=[^=]", line):
                    writers.append(f"{file.relative_to(ROOT)}:{number} {line.strip()}")
    allowed = ("inbox/history.py", "inbox/ingest/queue.py")  # queue: the raw event's own small state
    assert [line for line in writers if not line.startswith(allowed)] == []


def test_time_comes_from_the_clock_alone() -> None:
    # Connectors speak of the platforms' time, which no shift of our clock moves.
    askers = []
    for package in ("inbox", "worker", "web"):
        for file in (ROOT / package).rglob("*.py"):
            if file.name == "clock.py":
                continue
            source = file.read_text()
            if re.search(
                r"datetime\.(now|utcnow|today)\(|date\.today\(|func\.now\(|CURRENT_TIMESTAMP", source
            ):
                askers.append(str(file.relative_to(ROOT)))
    assert askers == []


def test_the_database_knows_exactly_the_states_of_the_enums(session: Session) -> None:
    checks = {
        name: set(re.findall(r"'([^']+)'::", definition))
        for name, definition in session.execute(
            text("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'")
        )
    }
    wanted = {
        "ck_message_state": states.MessageState,
        "ck_tracked_request_state": states.RequestState,
        "ck_reply_state": states.ReplyState,
        "ck_raw_event_state": states.RawEventState,
        "ck_answer_outcome": states.Outcome,
        "ck_message_intent": states.Intent,
        "ck_message_urgency": states.Urgency,
        "ck_user_role": states.Role,
    }
    assert {name: checks[name] for name in wanted} == {
        name: {member.value for member in enum} for name, enum in wanted.items()
    }


def test_outcomes_are_the_four_of_the_contract() -> None:
    assert set(states.Outcome) == {"positive", "negative", "outside", "planned"}
