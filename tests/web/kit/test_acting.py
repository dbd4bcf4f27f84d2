"""One function around every action: what is refused leaves nothing behind, and is answered in one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask, Response
from sqlalchemy.orm import Session

from inbox import db, queries
from inbox.errors import IllegalMove, NotFound
from inbox.refusals import Thing
from inbox.states import MessageState
from web.kit.acting import Refusal, act, see_other

WEB = Path(__file__).parents[3] / "web"
BY_HAND = re.compile(
    r"^\s*nudge\(|^\s*except \(?errors\.(CoreError|IllegalMove|MovedMeanwhile|InvalidInput)\b"
)


def _half_done(session: Session) -> None:
    """Changes something, and then the core refuses the rest."""
    queries.units(session)[0].name_tr = "half done"
    session.flush()
    raise IllegalMove(Thing.MESSAGE, 7, MessageState.DISMISSED, MessageState.CONVERTED)


def _names() -> list[str]:
    with db.transaction() as session:
        return [unit.name_tr for unit in queries.units(session)]


def test_what_the_core_refuses_half_way_leaves_nothing_behind(app: Flask, town: None) -> None:
    heard: list[Refusal] = []

    def refused(refusal: Refusal) -> Response:
        heard.append(refusal)
        return Response(status=refusal.status)

    before = _names()
    with app.test_request_context():
        answer = act(_half_done, lambda _: Response(), refused, wakes="send")
    assert answer.status_code == 409
    assert "7" in heard[0].words
    assert _names() == before
    assert "half done" not in before


def test_without_a_screen_for_it_a_refusal_goes_on_to_the_error_page(app: Flask, town: None) -> None:
    def work(session: Session) -> None:
        queries.message(session, 999)

    with app.test_request_context(), pytest.raises(NotFound):
        act(work, lambda _: Response())


def test_what_was_made_is_kept_and_answered(app: Flask, town: None) -> None:
    def work(session: Session) -> str:
        unit = queries.units(session)[0]
        unit.name_tr = "Yeni ad"
        return unit.key

    with app.test_request_context():
        answer = act(work, lambda key: see_other(f"/{key}"))
    assert (answer.status_code, "Yeni ad" in _names()) == (303, True)


def _by_hand(source: str) -> list[str]:
    return [line.strip() for line in source.splitlines() if BY_HAND.search(line)]


@pytest.mark.parametrize(
    "line",
    [
        '    nudge("send")',
        "    except errors.CoreError as error:",
        "    except (errors.IllegalMove, errors.X):",
    ],
)
def test_the_block_written_by_hand_is_found(line: str) -> None:
    assert _by_hand(f"try:\n{line}\n") == [line.strip()]


def test_no_screen_writes_the_block_by_hand() -> None:
    files = [file for room in ("desk", "units", "settings") for file in (WEB / room).glob("*.py")]
    assert files
    assert {file.name: found for file in files if (found := _by_hand(file.read_text()))} == {}
