"""A unit officer sees the unit's own requests, answers them, or gives them back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from inbox import db, queries, tracking
from inbox.clock import now
from inbox.states import Outcome, RequestState


def opened(citizens: Any, text: str = "Çukur var", *, unit: str = "roads", who: str = "Ayşe Yılmaz") -> int:
    message_id = citizens.say(text, who=who)
    with db.transaction() as session:
        message = queries.message(session, message_id)
        return tracking.convert(session, message, unit=unit, category="pothole", by="test").number


def test_the_list_shows_the_units_own_requests_and_no_others(officer: Any, citizens: Any) -> None:
    own = opened(citizens, "Bizim sokakta çukur")
    other = opened(citizens, "Parktaki bank kırık", unit="parks", who="Kemal Acar")

    page = officer.get("/unit/").text

    assert str(own) in page
    assert "Bizim sokakta çukur" in page
    assert str(other) not in page


def test_another_units_request_is_refused_to_read_and_to_answer(officer: Any, citizens: Any) -> None:
    other = opened(citizens, unit="parks")

    assert officer.get(f"/unit/requests/{other}").status_code == 403
    for action in ("respond", "return", "note"):
        refused = officer.post(
            f"/unit/requests/{other}/{action}", outcome="positive", text="Yapıldı", reason="x"
        )
        assert refused.status_code == 403


@pytest.mark.parametrize("outcome", [Outcome.POSITIVE, Outcome.NEGATIVE])
def test_an_answer_goes_to_the_desk(officer: Any, citizens: Any, outcome: Outcome) -> None:
    number = opened(citizens)

    answer = officer.post(f"/unit/requests/{number}/respond", outcome=outcome.value, text="Baktık.")

    assert answer.status_code == 303
    with db.transaction() as session:
        file = queries.request_file(session, number)
    assert file.request.state is RequestState.RESPONDED
    assert file.answers[0].outcome is outcome


def test_a_planned_answer_keeps_its_day(officer: Any, citizens: Any) -> None:
    number = opened(citizens)
    day = (now() + timedelta(days=3)).date()

    officer.post(
        f"/unit/requests/{number}/respond", outcome="planned", text="Ekip gelecek.", until=day.isoformat()
    )

    with db.transaction() as session:
        assert queries.request(session, number).planned_until == day


@pytest.mark.parametrize("until", ["", "yarın", "2020-01-01"])
def test_a_planned_answer_without_a_day_to_come_is_refused_and_its_words_are_kept(
    officer: Any, citizens: Any, until: str
) -> None:
    number = opened(citizens)

    answer = officer.post(
        f"/unit/requests/{number}/respond",
        act="respond",
        outcome="planned",
        text="Ekibimiz gelecek, söz.",
        until=until,
    )

    assert answer.status_code == 422
    assert "Ekibimiz gelecek, söz." in answer.text


def test_an_answer_to_what_was_answered_meanwhile_is_refused_and_its_words_are_kept(
    officer: Any, citizens: Any
) -> None:
    number = opened(citizens)
    officer.post(f"/unit/requests/{number}/respond", outcome="positive", text="Yapıldı.")

    answer = officer.post(
        f"/unit/requests/{number}/respond", act="respond", outcome="negative", text="Geç kalan söz."
    )

    assert answer.status_code == 409
    assert "Geç kalan söz." in answer.text


def test_what_is_returned_carries_its_reason_to_the_desk(officer: Any, moderator: Any, citizens: Any) -> None:
    number = opened(citizens)

    officer.post(f"/unit/requests/{number}/return", reason="Görev alanımızda değil", text="Parklara ait")

    assert "Görev alanımızda değil: Parklara ait" in moderator.get(f"/requests/{number}").text


def test_a_return_without_any_reason_is_refused(officer: Any, citizens: Any) -> None:
    number = opened(citizens)

    assert officer.post(f"/unit/requests/{number}/return", reason="", text=" ").status_code == 422


def test_the_unit_sees_the_citizens_name_but_neither_handle_nor_phone(officer: Any, citizens: Any) -> None:
    message_id = citizens.say("Çukur var", platform="whatsapp", who="Mehmet Öztürk")
    with db.transaction() as session:
        message = queries.message(session, message_id)
        assert message.author is not None
        message.author.phone, message.author.handle = "905550001122", "mehmet34"
        number = tracking.convert(session, message, unit="roads", category="pothole", by="test").number

    page = officer.get(f"/unit/requests/{number}").text

    assert "Mehmet Öztürk" in page
    assert "905550001122" not in page
    assert "mehmet34" not in page


def test_who_belongs_to_no_unit_has_no_units_list(supervisor: Any, citizens: Any) -> None:
    assert supervisor.get("/unit/").status_code == 403
