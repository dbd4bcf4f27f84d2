"""The hooks answer as the contract says, whatever knocks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, text

from inbox import db
from inbox.channels import alarms
from inbox.models import Channel, HookCount, Message, RawEvent
from inbox.states import RawEventState
from tests.support.away import database_away
from tests.support.front import Client, knocking
from worker import ingest

LIMIT = 8 * 1024 * 1024


@pytest.fixture
def platform(database: None) -> Iterator[Client]:
    with knocking() as client:
        yield client


def meta_signed(body: bytes, key: str = "app-secret") -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


def x_signed(body: bytes, key: str = "consumer-secret") -> dict[str, str]:
    digest = hmac.new(key.encode(), body, hashlib.sha256).digest()
    return {"x-twitter-webhooks-signature": "sha256=" + base64.b64encode(digest).decode()}


def stored() -> list[tuple[str, bytes | None]]:
    with db.transaction() as session:
        return [(row.source, row.body) for row in session.scalars(select(RawEvent).order_by(RawEvent.id))]


def rejected() -> dict[str, int]:
    with db.transaction() as session:
        return {row.hook: row.rejected for row in session.scalars(select(HookCount))}


@pytest.mark.parametrize("body", [b'{"object": "page"}', b"not json \x00 \xff", b"", "{'ş': 1}".encode()])
def test_a_signed_body_is_kept_to_the_letter(platform: Client, body: bytes) -> None:
    assert platform.post("/hooks/meta", data=body, headers=meta_signed(body)).status_code == 200
    assert platform.post("/hooks/x", data=body, headers=x_signed(body)).status_code == 200
    assert stored() == [("hook:meta", body), ("hook:x", body)]


def test_every_configured_secret_signs(platform: Client) -> None:
    body = b'{"object": "page"}'
    answer = platform.post("/hooks/meta", data=body, headers=meta_signed(body, "second-app-secret"))
    assert answer.status_code == 200


def test_a_repeated_body_is_answered_again_and_kept_once(platform: Client) -> None:
    body = b'{"object": "page"}'
    for _ in range(3):
        assert platform.post("/hooks/meta", data=body, headers=meta_signed(body)).status_code == 200
    assert len(stored()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "ş"},
        meta_signed(b'{"object": "page"}', "somebody-else"),
        meta_signed(b'{"object": "other"}'),
        x_signed(b'{"object": "page"}'),
    ],
)
def test_a_body_nobody_signed_is_refused_and_counted(platform: Client, headers: dict[str, str]) -> None:
    for count in (1, 2):
        assert platform.post("/hooks/meta", data=b'{"object": "page"}', headers=headers).status_code == 403
        assert rejected() == {"meta": count}
    assert stored() == []


def test_refusals_are_counted_per_hook(platform: Client) -> None:
    platform.post("/hooks/meta", data=b"{}")
    platform.post("/hooks/x", data=b"{}")
    platform.post("/hooks/x", data=b"{}")
    assert rejected() == {"meta": 1, "x": 2}


def test_the_largest_body_is_taken_and_a_larger_one_is_not(platform: Client) -> None:
    body = json.dumps({"object": "page", "filler": "x" * LIMIT}).encode()
    fits, too_large = body[:LIMIT], body[: LIMIT + 1]
    assert platform.post("/hooks/meta", data=fits, headers=meta_signed(fits)).status_code == 200
    assert platform.post("/hooks/meta", data=too_large, headers=meta_signed(too_large)).status_code == 413
    assert len(stored()) == 1


def test_a_form_of_a_signed_body_is_bytes_like_any_other(platform: Client) -> None:
    body = b"a=1&b=2"
    answer = platform.post(
        "/hooks/meta",
        data=body,
        headers=meta_signed(body),
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200
    assert stored() == [("hook:meta", body)]


def test_a_hook_sets_no_cookie_and_is_never_slowed_down(platform: Client) -> None:
    for serial in range(150):
        body = b'{"n": %d}' % serial
        answer = platform.post("/hooks/meta", data=body, headers=meta_signed(body))
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    for _ in range(150):
        assert platform.post("/hooks/meta", data=b"{}").status_code == 403


def test_a_body_that_cannot_be_kept_is_asked_for_again(platform: Client) -> None:
    body = b'{"object": "page"}'
    with db.engine().begin() as connection:
        connection.execute(text("ALTER TABLE raw_event RENAME TO raw_event_away"))
    try:
        assert platform.post("/hooks/meta", data=body, headers=meta_signed(body)).status_code == 503
    finally:
        with db.engine().begin() as connection:
            connection.execute(text("ALTER TABLE raw_event_away RENAME TO raw_event"))
    assert platform.post("/hooks/meta", data=body, headers=meta_signed(body)).status_code == 200


def test_a_database_that_is_gone_is_told_with_503_and_nothing_more(platform: Client) -> None:
    body = b'{"object": "page"}'
    with database_away():
        assert platform.post("/hooks/meta", data=body, headers=meta_signed(body)).status_code == 503
        assert platform.post("/hooks/meta", data=body).status_code == 403


def test_meta_is_told_that_the_hook_is_ours(platform: Client) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "verify-token", "hub.challenge": "1158201444"}
    answer = platform.get("/hooks/meta", query_string=query)
    assert (answer.status_code, answer.text) == (200, "1158201444")


def test_a_challenge_is_shown_to_nobody_as_a_page(platform: Client) -> None:
    query = {
        "hub.mode": "subscribe",
        "hub.verify_token": "verify-token",
        "hub.challenge": "<script>alert(1)</script>",
    }
    answer = platform.get("/hooks/meta", query_string=query)
    assert answer.status_code == 403 or not answer.content_type.startswith("text/html")


@pytest.mark.parametrize("token", ["", "guessed", "verify-token "])
def test_who_does_not_know_the_token_is_told_nothing(platform: Client, token: str) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444"}
    answer = platform.get("/hooks/meta", query_string=query)
    assert answer.status_code == 403
    assert "1158201444" not in answer.text
    assert rejected() == {"meta": 1}


def test_x_is_shown_that_we_hold_the_secret(platform: Client) -> None:
    answer = platform.get("/hooks/x", query_string={"crc_token": "abc"})
    digest = hmac.new(b"consumer-secret", b"abc", hashlib.sha256).digest()
    assert answer.status_code == 200
    assert answer.json == {"response_token": "sha256=" + base64.b64encode(digest).decode()}


def test_there_is_no_third_hook(platform: Client) -> None:
    assert platform.post("/hooks/telegram", data=b"{}").status_code == 404


def test_a_signed_body_that_is_too_large_is_counted_and_alarms_and_disturbs_nothing_else(
    platform: Client,
) -> None:
    too_large, fits = b" " * (LIMIT + 1), b'{"object": "page"}'

    assert platform.post("/hooks/meta", data=too_large).status_code == 413, "a stranger's"
    assert open_alarms() == []

    assert platform.post("/hooks/meta", data=too_large, headers=meta_signed(too_large)).status_code == 413
    assert platform.post("/hooks/meta", data=fits, headers=meta_signed(fits)).status_code == 200

    assert open_alarms() == [("too_large", "meta", {"count": 1})]
    assert rejected() == {}
    assert stored() == [("hook:meta", fits)]


@pytest.mark.slow
def test_hundreds_of_the_longest_texts_in_one_body_are_kept_and_applied_a_few_at_a_time(
    platform: Client,
) -> None:
    with db.transaction() as session:
        line = Channel(key="whatsapp-cozum", platform="whatsapp", external_id="105500000000001", name="Hat")
        session.add(line)
    changes = [
        {
            "field": "messages",
            "value": {
                "metadata": {"phone_number_id": line.external_id},
                "messages": [
                    {
                        "from": f"9053200{number:05}",
                        "id": f"wamid.{number}",
                        "timestamp": "1795500000",
                        "type": "text",
                        "text": {"body": f"{number} " + "ğ" * 4090},
                    }
                ],
            },
        }
        for number in range(320)
    ]
    body = json.dumps({"object": "whatsapp_business_account", "entry": [{"changes": changes}]}).encode()
    assert 0.9 * LIMIT < len(body) < LIMIT

    assert platform.post("/hooks/meta", data=body, headers=meta_signed(body)).status_code == 200
    while ingest.run():
        pass

    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 320
        (event,) = session.scalars(select(RawEvent))
        assert (event.state, event.counts) == (RawEventState.APPLIED, {"messages": 320})


def open_alarms() -> list[tuple[str, str, dict[str, object]]]:
    with db.transaction() as session:
        return [(one.kind, one.subject, one.details) for one in alarms.open_alarms(session)]
