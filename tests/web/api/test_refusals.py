"""What the API refuses names the thing, and what there is instead."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from inbox import platforms
from inbox.values import MessageKind

PROBLEM = "application/problem+json"


def _is_problem(answer: Any, status: int) -> dict[str, Any]:
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM), answer.text
    assert answer.json["status"] == status
    assert answer.json["detail"]
    return dict(answer.json)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"unit": "nowhere", "category": "pothole"}, "unit"),
        ({"unit": "roads", "category": "nothing"}, "category"),
        ({"unit": "roads", "category": "pothole", "neighbourhood": "atlantis"}, "neighbourhood"),
        ({"unit": "roads", "category": "pothole", "channel": "radio", "acknowledge": True}, "channel"),
    ],
)
def test_a_key_that_does_not_exist_is_named_with_what_exists(
    small: Any, say: Any, body: dict[str, Any], field: str
) -> None:
    problem = _is_problem(small.chief.post(f"/messages/{say()}/convert", body), 422)

    assert body[field] in problem["detail"]
    assert problem["existing"]
    assert body[field] not in problem["existing"]


def test_a_reason_that_does_not_exist_is_named_with_what_exists(small: Any, say: Any) -> None:
    problem = _is_problem(small.chief.post(f"/messages/{say()}/dismiss", {"reason": "boredom"}), 422)

    assert problem["existing"] == ["praise", "spam"]


def test_a_channel_that_does_not_exist_is_named_with_what_exists(small: Any) -> None:
    problem = _is_problem(small.chief.get("/messages", channel="radio"), 422)

    assert problem["existing"] == ["facebook-belediye", "whatsapp-cozum", "x-belediye"]


def test_an_illegal_move_names_the_state_it_is_in(small: Any, say: Any) -> None:
    message = say()
    small.chief.post(f"/messages/{message}/dismiss", {"reason": "spam"})

    problem = _is_problem(small.chief.post(f"/messages/{message}/answer", {"text": "Merhaba"}), 409)

    assert problem["state"] == "DISMISSED"


def test_an_approval_of_another_version_is_refused(small: Any, say: Any) -> None:
    reply = small.moderator.post(f"/messages/{say()}/answer", {"text": "Merhaba"}).json

    problem = _is_problem(small.chief.post(f"/replies/{reply['id']}/approve", {"version": 7}), 409)

    assert problem["state"] == "DRAFT"
    assert problem["by"].startswith("user:")
    assert datetime.fromisoformat(problem["at"]).tzinfo is not None


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"text": "bir\0iki"}, "text"),
        ({"text": "yarım \ud83d harf"}, "text"),
        ({"text": ""}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": "u" * 10_001}, "text"),
        ({"text": 7}, "text"),
        ({"text": None}, "text"),
        ({}, "text"),
        ({"text": "Merhaba", "txet": "Merhaba"}, "txet"),
        ({"text": "Merhaba", "question": "yes"}, "question"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(
    small: Any, say: Any, sent: dict[str, Any], field: str
) -> None:
    raw = json.dumps(sent).encode()

    problem = _is_problem(small.chief.send(f"/messages/{say()}/answer", raw), 422)

    assert [one["field"] for one in problem["errors"]] == [field]
    assert "Merhaba" not in problem["detail"]


def test_a_field_name_with_half_a_character_is_refused_in_an_answer_that_can_be_read(
    small: Any, say: Any
) -> None:
    _is_problem(small.chief.send(f"/messages/{say()}/answer", b'{"text": "a", "\\ud800": 1}'), 422)


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b'{"text":"a",}',
        b"[" * 100_000,
        b'{"a":' * 400 + b"1" + b"}" * 400,
    ],
)
def test_what_is_no_json_object_is_a_bad_request(small: Any, say: Any, raw: bytes) -> None:
    _is_problem(small.chief.send(f"/messages/{say()}/answer", raw), 400)


def test_a_body_of_another_type_is_refused(small: Any, say: Any) -> None:
    _is_problem(small.chief.send(f"/messages/{say()}/answer", b"text=hi", "text/plain"), 415)


def test_a_body_larger_than_the_limit_is_refused(small: Any, say: Any) -> None:
    _is_problem(small.chief.send(f"/messages/{say()}/answer", b" " * (1024 * 1024 + 1)), 413)


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ("x-belediye", MessageKind.MENTION),
        ("facebook-belediye", MessageKind.COMMENT),
        ("whatsapp-cozum", MessageKind.CHAT),
    ],
)
def test_a_text_longer_than_its_platform_takes_is_refused_with_both_numbers(
    small: Any, say: Any, channel: str, kind: MessageKind
) -> None:
    most = platforms.traits(channel.partition("-")[0]).longest(private=kind is MessageKind.CHAT)
    message = say(channel=channel, kind=kind)

    problem = _is_problem(small.chief.post(f"/messages/{message}/answer", {"text": "a" * (most + 1)}), 422)
    fitting = small.chief.post(f"/messages/{message}/answer", {"text": "a" * most})

    assert (problem["length"], problem["max_length"]) == (most + 1, most)
    assert fitting.status_code == 200, fitting.text


def test_a_planned_answer_without_its_day_is_refused_by_name(small: Any, convert: Any) -> None:
    problem = _is_problem(
        small.officer.post(f"/requests/{convert()}/respond", {"outcome": "planned", "text": "Yakında."}), 422
    )

    assert problem["field"] == "until"


@pytest.mark.parametrize("until", ["2026-02-30", "tomorrow", 1767225600, "2026-03-02T00:00:00Z", ""])
def test_a_day_that_is_none_is_refused_by_name(small: Any, convert: Any, until: object) -> None:
    body = {"outcome": "planned", "text": "Yakında.", "until": until}

    problem = _is_problem(small.officer.post(f"/requests/{convert()}/respond", body), 422)

    assert problem["field"] == "until"


def test_an_unknown_outcome_is_refused_with_those_there_are(small: Any, convert: Any) -> None:
    problem = _is_problem(
        small.officer.post(f"/requests/{convert()}/respond", {"outcome": "maybe", "text": "Bilmem."}), 422
    )

    assert problem["existing"] == ["positive", "negative", "outside", "planned"]


def test_a_reply_of_another_request_cannot_be_left_out_of_an_approval(small: Any, convert: Any) -> None:
    number = convert()
    small.officer.post(f"/requests/{number}/respond", {"outcome": "positive", "text": "Yapıldı."})

    problem = _is_problem(small.moderator.post(f"/requests/{number}/approve", {"except": [999]}), 422)

    assert problem["field"] == "except"
    assert small.chief.get(f"/requests/{number}").json["replies"][0]["state"] == "DRAFT"


@pytest.mark.parametrize("path", ["/messages/999", "/requests/100010", "/replies/999", f"/messages/{10**30}"])
def test_what_is_not_there_is_not_found(small: Any, path: str) -> None:
    _is_problem(small.chief.get(path), 404)


def test_a_number_with_a_wrong_check_digit_is_told_so(small: Any, convert: Any) -> None:
    number = convert()
    slipped = number - number % 10 + (number + 1) % 10

    problem = _is_problem(small.chief.get(f"/requests/{slipped}"), 404)

    assert "check digit" in problem["detail"]


def test_a_path_or_method_there_is_none_of_is_a_problem_document_too(small: Any) -> None:
    _is_problem(small.chief.get("/nothing"), 404)
    _is_problem(small.chief.get("/messages/abc"), 404)
    _is_problem(small.chief.post("/units", {}), 405)


def test_a_call_that_needs_no_body_takes_none_and_refuses_unknown_fields(small: Any, say: Any) -> None:
    message = say()
    small.chief.post(f"/messages/{message}/dismiss", {"reason": "spam"})

    problem = _is_problem(small.chief.post(f"/messages/{message}/reopen", {"why": "so"}), 422)
    empty = small.chief.post(f"/messages/{message}/reopen", {})

    assert problem["field"] == "why"
    assert empty.status_code == 200
