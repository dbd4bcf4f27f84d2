"""Who may call what: the token's owner decides, by the one permission table."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from inbox import clock, db
from inbox.models import ApiToken, User

READS = ["/units", "/categories", "/neighbourhoods", "/reasons", "/channels", "/messages", "/messages/1"]
READS += ["/requests", "/requests/100010", "/replies", "/replies/1", "/events"]
WRITES = [
    "/messages/1/convert",
    "/messages/1/answer",
    "/messages/1/dismiss",
    "/messages/1/reopen",
    "/requests/100010/messages",
    "/requests/100010/respond",
    "/requests/100010/return",
    "/requests/100010/reroute",
    "/requests/100010/close",
    "/requests/100010/reopen",
    "/requests/100010/approve",
    "/replies/1/approve",
    "/replies/1/withdraw",
    "/replies/1/settle",
]


def _told_to_identify(answer: Any) -> None:
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", READS)
def test_nothing_is_read_without_a_token(small: Any, path: str) -> None:
    _told_to_identify(small.stranger.get(path))


@pytest.mark.parametrize("path", WRITES)
def test_nothing_is_done_without_a_token_whatever_the_body(small: Any, path: str) -> None:
    _told_to_identify(small.stranger.post(path, {"nonsense": True}))


@pytest.mark.parametrize("sent", ["Bearer", "Bearer ", "Bearer wrong", "Basic Zm9v", "wrong", "Bearer \xff"])
def test_a_token_that_is_none_is_refused(small: Any, sent: str) -> None:
    answer = small.app.test_client().get("/api/v1/units", headers={"Authorization": sent})

    _told_to_identify(answer)


def test_a_revoked_token_and_one_of_a_deactivated_user_are_refused(small: Any) -> None:
    with db.transaction() as session:
        session.execute(update(ApiToken).where(ApiToken.user_id == 1).values(revoked_at=clock.now()))
        session.execute(update(User).where(User.id == 2).values(is_active=False))

    _told_to_identify(small.chief.get("/units"))
    _told_to_identify(small.moderator.get("/units"))
    assert small.officer.get("/units").status_code == 200


def test_a_session_cookie_counts_for_nothing_at_the_api(small: Any) -> None:
    client = small.app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = "1"

    _told_to_identify(client.get("/api/v1/units"))


@pytest.mark.parametrize("path", ["/messages", "/replies", "/events", "/channels"])
def test_a_unit_officer_reads_no_messages_replies_events_or_channels(small: Any, path: str) -> None:
    answer = small.officer.get(path)

    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")


def test_a_unit_officer_sees_the_units_requests_and_no_others(small: Any, convert: Any) -> None:
    own, other = convert(), convert(unit="cleaning")

    listed = small.officer.get("/requests").json["items"]
    by_name = small.officer.get("/requests", unit="roads").json["items"]

    assert [one["number"] for one in listed] == [one["number"] for one in by_name] == [own]
    assert small.officer.get(f"/requests/{own}").status_code == 200
    assert small.officer.get(f"/requests/{other}").status_code == 403
    assert small.officer.get("/requests", unit="cleaning").status_code == 403


def test_a_unit_officer_reads_the_messages_of_the_units_requests_there_and_only_there(
    small: Any, convert: Any
) -> None:
    request = small.officer.get(f"/requests/{convert()}").json

    assert request["messages"][0]["text"]
    assert small.officer.get(f"/messages/{request['messages'][0]['id']}").status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("reroute", {"unit": "roads"}),
        ("close", None),
        ("reopen", {"reason": "x"}),
        ("approve", None),
        ("messages", {"message": 1}),
    ],
)
def test_a_unit_officer_does_not_do_the_desks_work(small: Any, convert: Any, path: str, body: Any) -> None:
    assert small.officer.post(f"/requests/{convert()}/{path}", body).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [("respond", {"outcome": "positive", "text": "Yapıldı."}), ("return", {"reason": "Bizim değil"})],
)
def test_a_unit_officer_does_not_answer_for_another_unit(
    small: Any, convert: Any, path: str, body: Any
) -> None:
    number = convert(unit="cleaning")

    answer = small.officer.post(f"/requests/{number}/{path}", body)

    assert answer.status_code == 403
    assert small.chief.get(f"/requests/{number}").json["state"] == "WITH_UNIT"


def test_a_moderator_answers_for_a_body_outside_but_not_for_a_unit_of_ours(small: Any, convert: Any) -> None:
    ours, outside = convert(), convert(unit="iski")
    body = {"outcome": "outside", "text": "İSKİ'ye iletildi."}

    assert small.moderator.post(f"/requests/{ours}/respond", body).status_code == 403
    assert small.moderator.post(f"/requests/{outside}/respond", body).status_code == 200
