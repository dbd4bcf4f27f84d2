"""The whole loop, through the API alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from inbox import clock, db, queries, replies
from inbox.values import MessageKind


def _found_public(reply_id: int) -> None:
    """What the sender does when the platform took the reply."""
    with db.transaction() as session:
        replies.settle(session, queries.reply(session, reply_id), sent=True, by="test")


def test_a_complaint_travels_from_the_message_to_the_closed_request(small: Any, say: Any) -> None:
    message = say("Çukur var")

    request = small.chief.post(
        f"/messages/{message}/convert",
        {
            "unit": "roads",
            "category": "pothole",
            "neighbourhood": "yenikent",
            "note": "aynı sokak",
            "acknowledge": True,
        },
    ).json
    number = request["number"]
    assert (request["state"], request["unit"], request["neighbourhood"]) == ("WITH_UNIT", "roads", "yenikent")
    assert [one["id"] for one in request["messages"]] == [message]
    assert [one["kind"] for one in request["replies"]] == ["acknowledgement"]
    assert str(number) in request["replies"][0]["text"]

    answered = small.officer.post(
        f"/requests/{number}/respond", {"outcome": "positive", "text": "Çukur kapatıldı."}
    ).json
    assert answered["state"] == "RESPONDED"
    assert answered["answers"][0]["outcome"] == "positive"
    draft = next(one for one in answered["replies"] if one["kind"] == "answer")
    assert (draft["state"], draft["message"], draft["request"]) == ("DRAFT", message, number)

    approved = small.moderator.post(f"/requests/{number}/approve", {"text": "Çukur bugün kapatıldı."}).json
    ready = next(one for one in approved["replies"] if one["id"] == draft["id"])
    assert (ready["state"], ready["text"]) == ("READY", "Çukur bugün kapatıldı.")

    _found_public(draft["id"])
    closed = small.chief.get(f"/requests/{number}").json
    assert closed["state"] == "CLOSED"
    steps = [
        (one["from_state"], one["to_state"]) for one in closed["history"] if one["kind"] == "request.moved"
    ]
    assert steps == [("WITH_UNIT", "RESPONDED"), ("RESPONDED", "CLOSED")]


def test_an_answer_of_a_token_that_approves_alone_is_ready_at_once(small: Any, say: Any) -> None:
    message = say()

    reply = small.chief.post(f"/messages/{message}/answer", {"text": "Merhaba, hangi sokak?"}).json

    assert reply["state"] == "READY"
    assert small.chief.get(f"/messages/{message}").json["state"] == "ANSWERED"


def test_an_answer_of_any_other_token_waits_for_somebody_else(small: Any, say: Any) -> None:
    message = say()
    reply = small.moderator.post(f"/messages/{message}/answer", {"text": "Merhaba"}).json
    assert reply["state"] == "DRAFT"

    own = small.moderator.post(f"/replies/{reply['id']}/approve")
    other = small.chief.post(f"/replies/{reply['id']}/approve", {"version": reply["version"]})

    assert own.status_code == 403
    assert other.json["state"] == "READY"


def test_a_question_makes_the_message_wait(small: Any, say: Any) -> None:
    message = say()

    small.chief.post(f"/messages/{message}/answer", {"text": "Hangi sokak?", "question": True})

    assert small.chief.get(f"/messages/{message}").json["state"] == "WAITING"


def test_a_message_is_dismissed_with_a_reason_and_taken_up_again(small: Any, say: Any) -> None:
    message = say()

    dismissed = small.chief.post(f"/messages/{message}/dismiss", {"reason": "praise"}).json
    reopened = small.chief.post(f"/messages/{message}/reopen").json

    assert (dismissed["state"], reopened["state"]) == ("DISMISSED", "NEW")


def test_a_planned_answer_stays_with_the_unit_and_tells_the_day(small: Any, convert: Any) -> None:
    number = convert()
    day = (clock.now() + timedelta(days=3)).date().isoformat()

    request = small.officer.post(
        f"/requests/{number}/respond", {"outcome": "planned", "text": "Programa alındı.", "until": day}
    ).json

    assert (request["state"], request["planned_until"]) == ("WITH_UNIT", day)
    assert [one["kind"] for one in request["replies"]] == ["interim"]


def test_a_returned_request_is_rerouted_by_the_desk(small: Any, convert: Any) -> None:
    number = convert()

    returned = small.officer.post(f"/requests/{number}/return", {"reason": "Bizim değil"}).json
    rerouted = small.moderator.post(f"/requests/{number}/reroute", {"unit": "cleaning"}).json

    assert (returned["state"], rerouted["state"], rerouted["unit"]) == ("RETURNED", "WITH_UNIT", "cleaning")


def test_a_reason_of_the_citys_list_is_kept_by_its_name_and_other_words_as_they_are(
    small: Any, convert: Any
) -> None:
    by_key, by_words = convert(), convert()

    small.officer.post(f"/requests/{by_key}/return", {"reason": "not-ours"})
    small.officer.post(f"/requests/{by_words}/return", {"reason": "Karayolları bakıyor"})

    with db.transaction() as session:
        kept = [queries.request_file(session, one).notes[0].text for one in (by_key, by_words)]
    assert kept == ["Görev alanımız değil", "Karayolları bakıyor"]


def test_many_citizens_of_one_request_get_one_reply_each_but_for_those_named(
    small: Any, say: Any, convert: Any
) -> None:
    number = convert()
    for _ in range(2):
        small.moderator.post(f"/requests/{number}/messages", {"message": say()})
    drafts = small.officer.post(
        f"/requests/{number}/respond", {"outcome": "positive", "text": "Yapıldı."}
    ).json["replies"]

    approved = small.moderator.post(f"/requests/{number}/approve", {"except": [drafts[0]["id"]]}).json

    assert [one["state"] for one in approved["replies"]] == ["DRAFT", "READY", "READY"]


def test_a_reply_is_withdrawn_settled_and_its_request_closed_and_reopened(small: Any, convert: Any) -> None:
    number = convert()
    drafts = small.officer.post(
        f"/requests/{number}/respond", {"outcome": "negative", "text": "Yapılamıyor."}
    ).json["replies"]

    withdrawn = small.moderator.post(f"/replies/{drafts[0]['id']}/withdraw").json
    closed = small.moderator.get(f"/requests/{number}").json
    reopened = small.moderator.post(f"/requests/{number}/reopen", {"reason": "Yanlış"}).json

    assert (withdrawn["state"], closed["state"], reopened["state"]) == ("WITHDRAWN", "CLOSED", "WITH_UNIT")


def test_a_request_is_closed_by_hand_once_it_is_answered(small: Any, convert: Any) -> None:
    number = convert()
    too_early = small.moderator.post(f"/requests/{number}/close")
    small.officer.post(f"/requests/{number}/respond", {"outcome": "positive", "text": "Yapıldı."})

    closed = small.moderator.post(f"/requests/{number}/close").json

    assert (too_early.status_code, too_early.json["state"]) == (409, "WITH_UNIT")
    assert closed["state"] == "CLOSED"


def test_a_person_settles_what_nobody_is_sure_of(small: Any, say: Any) -> None:
    reply = small.chief.post(
        f"/messages/{say(channel='whatsapp-cozum', kind=MessageKind.CHAT)}/answer", {"text": "Merhaba"}
    ).json

    settled = small.chief.post(f"/replies/{reply['id']}/settle", {"sent": True}).json

    assert settled["state"] == "SENT"


def test_every_time_is_rfc_3339_with_a_numeric_offset(small: Any, say: Any) -> None:
    message = small.chief.get(f"/messages/{say()}").json

    for name in ("sent_at", "received_at"):
        assert datetime.fromisoformat(message[name]).utcoffset() == timedelta(0)
        assert message[name].endswith("+00:00")
