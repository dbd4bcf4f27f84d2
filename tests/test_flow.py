"""The whole loop on the whole system: from a citizen's words to a public answer and a rating."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.running_demo import Demo, demo, eventually

CHANNELS = (
    "x-belediye",
    "x-baskan",
    "facebook-belediye",
    "facebook-baskan",
    "instagram-belediye",
    "instagram-baskan",
    "whatsapp-cozum",
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One running system for the module."""
    with demo(tmp_path_factory.mktemp("flow") / "demo") as running:
        yield running


def request_of(system: Demo, message_id: int) -> Any:
    """The request a message stands on, whole."""
    number = system.get(f"/messages/{message_id}")["request"]
    return system.get(f"/requests/{number}")


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_whole_loop(system: Demo, channel: str) -> None:
    author = f"Ayşe Yılmaz {channel}"
    words = f"Zafer Mahallesi 1405. sokakta kaldırım taşları sökülmüş, yürünemiyor ({channel})"
    external_id = system.control("/say", channel=channel, author=author, text=words)["external_id"]

    message = system.message(channel, external_id)
    assert message["text"].endswith(words), "the citizen's very words (X may put our handle before them)"
    assert message["state"] == "NEW"
    assert message["suggestion"]["neighbourhood"] == "zafer"
    if channel != "whatsapp-cozum":
        assert message["parent_external_id"] or message["platform"] == "x"

    request = system.post(
        f"/messages/{message['id']}/convert",
        {"unit": "fen-isleri", "category": "yol-kaldirim", "neighbourhood": "zafer", "acknowledge": True},
    )
    number = str(request["number"])
    acknowledged = eventually(
        lambda: system.ours_under(channel, external_id, words=number),
        what="the acknowledgement in the thread",
    )
    assert len(acknowledged) == 1

    system.post(f"/requests/{number}/respond", {"outcome": "positive", "text": "Kaldırım onarıldı."})
    assert system.get(f"/requests/{number}")["state"] == "RESPONDED"
    approved = system.post(f"/requests/{number}/approve")
    assert approved
    answered = eventually(
        lambda: system.ours_under(channel, external_id, words="Kaldırım onarıldı"),
        what="the answer in the thread",
    )
    assert len(answered) == 1
    eventually(lambda: system.get(f"/requests/{number}")["state"] == "CLOSED", what="the request closed")

    eventually(
        lambda: [
            reply
            for reply in system.get(f"/requests/{number}")["replies"]
            if reply["kind"] == "rating" and reply["state"] == "SENT"
        ],
        what="the question whether it helped",
    )
    system.control("/rate", channel=channel, author=author, stars=4)
    ratings = eventually(lambda: system.get(f"/requests/{number}")["ratings"], what="the rating")
    assert [rating["stars"] for rating in ratings] == [4]

    history = system.get(f"/requests/{number}")["history"]
    kinds = [entry["kind"] for entry in history]
    assert "request.opened" in kinds
    assert all(entry["by"] and entry["at"] for entry in history)


def test_a_planned_answer_tells_the_day_and_comes_back_on_it(system: Demo) -> None:
    channel = "facebook-belediye"
    said = system.control(
        "/say", channel=channel, author="Bekir Kaya", text="Pınar mahallesinde kaldırım kırık"
    )
    message = system.message(channel, said["external_id"])
    number = system.post(
        f"/messages/{message['id']}/convert",
        {"unit": "fen-isleri", "category": "yol-kaldirim", "acknowledge": False},
    )["number"]
    day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    system.post(
        f"/requests/{number}/respond", {"outcome": "planned", "text": "Ekibimiz gelecek.", "until": day}
    )
    assert system.get(f"/requests/{number}")["state"] == "WITH_UNIT"
    system.post(f"/requests/{number}/approve")
    eventually(lambda: system.ours_under(channel, said["external_id"]), what="the interim reply")
    (system.folder / "clock").write_text(str(3 * 86400))
    try:
        eventually(
            lambda: (
                "request.came_back"
                in [entry["kind"] for entry in system.get(f"/requests/{number}")["history"]]
            ),
            within=90,
            what="the planned request coming back",
        )
    finally:
        (system.folder / "clock").write_text("0")


def test_a_post_that_names_two_accounts_is_one_row_with_one_answer(system: Demo) -> None:
    words = "@esenyurtbelediye @esenyurtbaskan park ne zaman açılacak?"
    said = system.control("/say", channel="x-belediye", author="Cemile Ak", text=words, kind="mention")
    first = system.message("x-belediye", said["external_id"])
    second = system.message("x-baskan", said["external_id"])
    assert first["id"] == second["id"]
    system.post(f"/messages/{first['id']}/answer", {"text": "Park cumartesi günü açılıyor, bekleriz."})
    eventually(
        lambda: system.ours_under("x-belediye", said["external_id"], words="cumartesi"), what="the answer"
    )
    again = system.api("POST", f"/messages/{first['id']}/answer", {"text": "İkinci yanıt"})
    assert again.status_code == 409
    assert "ANSWERED" in again.text


def test_an_emergency_stands_on_top_and_is_marked(system: Demo) -> None:
    said = system.control(
        "/say",
        channel="whatsapp-cozum",
        author="Deniz Su",
        text="Babamı az önce kaybettik, evde vefat etti, ölüm belgesi için doktor gönderir misiniz",
    )
    message = system.message("whatsapp-cozum", said["external_id"])
    assert message["intent"] == "emergency"
    assert message["urgency"] in ("siren", "look_now")


def test_a_dismissed_message_is_out_of_the_way_with_its_reason(system: Demo) -> None:
    said = system.control("/say", channel="instagram-belediye", author="Ece", text="Hayırlı cumalar 🌹")
    message = system.message("instagram-belediye", said["external_id"])
    reasons = {reason["key"] for reason in system.get("/reasons")["items"]}
    system.post(
        f"/messages/{message['id']}/dismiss", {"reason": "praise" if "praise" in reasons else "greeting"}
    )
    assert system.get(f"/messages/{message['id']}")["state"] == "DISMISSED"
    refused = system.api("POST", f"/messages/{message['id']}/dismiss", {"reason": "no-such-reason"})
    assert refused.status_code in (409, 422)


def test_what_the_citizen_edits_and_deletes_is_shown_and_stops_nothing_else(system: Demo) -> None:
    channel = "facebook-belediye"
    said = system.control("/say", channel=channel, author="Fatma Gül", text="cadde karanlik")
    message = system.message(channel, said["external_id"])
    # Platforms tell whole seconds: within one, nobody knows which of two texts came later.
    second = int(time.time())
    eventually(lambda: int(time.time()) > second, what="the next second")
    system.control("/edit", channel=channel, external_id=said["external_id"], text="Cadde çok karanlık")
    eventually(
        lambda: system.get(f"/messages/{message['id']}")["text"] == "Cadde çok karanlık", what="the edit"
    )
    system.control("/delete", channel=channel, external_id=said["external_id"])
    eventually(lambda: system.get(f"/messages/{message['id']}")["deleted_at"], what="the deletion")
