"""A repeated call is one call."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from sqlalchemy import func, select

from inbox import db
from inbox.models import IdempotencyKey, TrackedRequest

BODY = {"unit": "roads", "category": "pothole"}


def _count(table: Any) -> int:
    with db.transaction() as session:
        return int(session.scalar(select(func.count()).select_from(table)) or 0)


def test_the_same_key_gives_the_same_answer_and_one_effect(small: Any, say: Any) -> None:
    message = say()

    first = small.chief.post(f"/messages/{message}/convert", BODY, key="once")
    second = small.chief.post(f"/messages/{message}/convert", BODY, key="once")

    assert first.status_code == second.status_code == 200
    assert first.data == second.data
    assert _count(TrackedRequest) == 1


def test_without_a_key_a_second_call_is_refused_by_the_state_it_finds(small: Any, say: Any) -> None:
    message = say()
    small.chief.post(f"/messages/{message}/convert", BODY)

    again = small.chief.post(f"/messages/{message}/convert", BODY)

    assert again.status_code == 409
    assert again.json["state"] == "CONVERTED"


def test_many_calls_at_once_with_one_key_are_one_effect_and_one_answer(small: Any, say: Any) -> None:
    message = say()
    start = Barrier(8)

    def call(_: int) -> tuple[int, bytes]:
        start.wait()
        with small.app.test_client() as client:
            answer = client.post(
                f"/api/v1/messages/{message}/convert",
                json=BODY,
                headers={"Authorization": f"Bearer {small.chief.token}", "Idempotency-Key": "at-once"},
            )
            return answer.status_code, answer.data

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(8)))

    assert {status for status, _ in answers} == {200}
    assert len({body for _, body in answers}) == 1
    assert _count(TrackedRequest) == 1


def test_a_key_used_for_another_body_is_refused(small: Any, say: Any) -> None:
    message = say()
    small.chief.post(f"/messages/{message}/convert", BODY, key="mine")

    other = small.chief.post(f"/messages/{message}/convert", {**BODY, "unit": "cleaning"}, key="mine")

    assert other.status_code == 422
    assert other.mimetype == "application/problem+json"
    assert "mine" in other.json["detail"]


def test_a_key_used_for_another_path_is_refused(small: Any, say: Any) -> None:
    first, second = say(), say()
    small.chief.post(f"/messages/{first}/dismiss", {"reason": "spam"}, key="mine")

    other = small.chief.post(f"/messages/{second}/dismiss", {"reason": "spam"}, key="mine")

    assert other.status_code == 422
    assert small.chief.get(f"/messages/{second}").json["state"] == "NEW"


def test_the_same_content_spelt_otherwise_is_the_same_call(small: Any, say: Any) -> None:
    message = say()
    path = f"/messages/{message}/convert"
    first = small.chief.post(path, {"unit": "roads", "category": "pothole"}, key="order")

    second = small.chief.post(path, {"category": "pothole", "unit": "roads"}, key="order")

    assert second.status_code == 200
    assert second.data == first.data


def test_a_refused_call_is_not_remembered(small: Any, say: Any) -> None:
    message = say()
    path = f"/messages/{message}/convert"
    refused = small.chief.post(path, {"unit": "nowhere", "category": "pothole"}, key="retry")

    mended = small.chief.post(path, BODY, key="retry")

    assert refused.status_code == 422
    assert mended.status_code == 200
    assert _count(IdempotencyKey) == 1


def test_keys_of_different_users_do_not_meet(small: Any, say: Any) -> None:
    first, second = say(), say()

    one = small.chief.post(f"/messages/{first}/dismiss", {"reason": "spam"}, key="shared")
    other = small.moderator.post(f"/messages/{second}/dismiss", {"reason": "spam"}, key="shared")

    assert (one.json["id"], other.json["id"]) == (first, second)


def test_a_key_that_is_no_visible_text_is_refused_by_name(small: Any, say: Any) -> None:
    message = say()

    for bad in ("two words", "ç", "k" * 256):
        answer = small.chief.post(f"/messages/{message}/dismiss", {"reason": "spam"}, key=bad)
        assert answer.status_code == 422
        assert answer.json["field"] == "Idempotency-Key"
