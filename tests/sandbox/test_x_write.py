"""Writing to the X API: what is published, and everything X refuses."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.x_text import weighted_length

BELEDIYE = "1500000001"


def test_a_reply_stands_under_the_citizens_post_for_all_to_see(stage: Any) -> None:
    parent = stage.say("x-belediye", "@esenyurtbelediye çukur var")
    answer = stage.reply_on_x("Ekibimiz yarın gelecek.", parent)
    id = answer.json()["data"]["id"]
    assert answer.status_code == 201
    assert answer.json() == {
        "data": {"id": id, "text": "Ekibimiz yarın gelecek.", "edit_history_tweet_ids": [id]}
    }
    [post] = [one for one in stage.threads("x-belediye")["posts"] if one["external_id"] == parent]
    [reply] = post["replies"]
    assert (reply["external_id"], reply["is_ours"], reply["parent"]) == (id, True, parent)


def test_a_text_over_280_weighted_characters_is_refused(stage: Any) -> None:
    parent = stage.say("x-belediye", "@esenyurtbelediye merhaba")
    long = stage.reply_on_x("ş" * 281, parent)
    fits = stage.reply_on_x("ş" * 280, parent)
    assert (long.status_code, fits.status_code) == (400, 201)
    assert long.json()["detail"].startswith("Your Tweet text is too long.")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Çöp alınmıyor", 13),
        ("İĞŞığş", 6),
        ("مرحبا", 5),
        ("日本", 4),
        ("🌹", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇹🇷", 2),
        ("👍🏽", 2),
        ("❤️", 2),
        ("bak https://www.esenyurt.example/a/very/long/path?with=query tamam", 4 + 23 + 6),
        ("e\u0301", 1),
        ("“tırnak”…", 10),
    ],
)
def test_length_is_weighted_as_x_does(text: str, length: int) -> None:
    assert weighted_length(text) == length


def test_an_unknown_or_deleted_parent_is_refused(stage: Any) -> None:
    gone = stage.say("x-belediye", "@esenyurtbelediye silinecek")
    stage.control("delete", external_id=gone)
    for parent in ("1234567890", gone):
        answer = stage.reply_on_x("Merhaba", parent)
        assert answer.status_code == 403
        assert answer.json()["detail"] == (
            "You attempted to reply to a Tweet that is deleted or not visible to you."
        )


def test_the_same_text_twice_from_one_account_is_refused_as_duplicate(stage: Any) -> None:
    first, second = (stage.say("x-belediye", f"@esenyurtbelediye {n}") for n in "ab")
    assert stage.reply_on_x("Teşekkür ederiz.", first).status_code == 201
    again = stage.reply_on_x("Teşekkür ederiz.", second)
    assert again.status_code == 403
    assert again.json() == {
        "title": "Forbidden",
        "detail": "You are not allowed to create a Tweet with duplicate content.",
        "type": "about:blank",
        "status": 403,
    }


def test_only_who_names_us_or_answers_our_post_may_be_answered(stage: Any) -> None:
    elsewhere = stage.say("x-baskan", "Sadece başkana @esenyurtbaskan")
    under_ours = stage.say("x-belediye", "Adınızı anmadan yazıyorum")
    refused = stage.reply_on_x("Buyurun", elsewhere)
    allowed = stage.reply_on_x("Buyurun", under_ours)
    assert refused.status_code == 403
    assert "not been mentioned or otherwise engaged" in refused.json()["detail"]
    assert allowed.status_code == 201


@pytest.mark.parametrize(
    "body",
    [{}, {"text": ""}, {"text": 5}, {"text": "a", "words": 1}, {"text": "a", "reply": {}}]
    + [{"text": "a", "reply": {"in_reply_to_tweet_id": 12}}],
)
def test_a_body_x_cannot_take_is_a_400(stage: Any, body: dict[str, Any]) -> None:
    assert stage.x("POST", "tweets", json=body).status_code == 400


def test_own_posts_can_be_deleted_and_others_cannot(stage: Any) -> None:
    parent = stage.say("x-belediye", "@esenyurtbelediye merhaba")
    reply = stage.reply_on_x("Merhaba", parent).json()["data"]["id"]
    assert stage.x("DELETE", f"tweets/{reply}", "x-baskan").status_code == 403
    assert stage.x("DELETE", f"tweets/{reply}").json() == {"data": {"deleted": True}}
    assert stage.x("DELETE", f"tweets/{reply}").status_code == 404
    assert stage.reply_on_x("Merhaba", parent).status_code == 201  # no duplicate of what is gone


def test_a_reply_in_our_conversation_can_be_hidden_and_shown(stage: Any) -> None:
    comment = stage.say("x-belediye", "reklam reklam")
    elsewhere = stage.say("x-belediye", "@esenyurtbelediye kendi gönderim")
    assert stage.x("PUT", f"tweets/{comment}/hidden", json={"hidden": True}).json() == {
        "data": {"hidden": True}
    }
    assert stage.threads("x-belediye")["posts"][1]["replies"][0]["hidden"]
    assert stage.x("PUT", f"tweets/{elsewhere}/hidden", json={"hidden": True}).status_code == 403
