"""The list of requests, and the file of one."""

from __future__ import annotations

from typing import Any

from tests.support.at_the_desk import convert, respond


def test_the_file_of_a_request_shows_words_answers_notes_and_history(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Çukur var"))
    respond(number, "Asfaltlandı.")
    moderator.post(f"/requests/{number}/note", text="Muhtar da aradı", number=number)

    page = moderator.get(f"/requests/{number}").text

    for words in ("Çukur var", "Asfaltlandı.", "Muhtar da aradı", "Birim yanıtladı"):
        assert words in page


def test_a_typed_number_leads_to_its_file(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Çukur var"))

    assert moderator.get(f"/requests?number=%23{number}").location == f"/requests/{number}"
