"""The control calls: what citizens do, the public truth, ratings, and input that names nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from sandbox.rating import stars_of

ALL = [
    "x-belediye",
    "x-baskan",
    "facebook-belediye",
    "facebook-baskan",
    "instagram-belediye",
    "instagram-baskan",
    "whatsapp-cozum",
]
PHONE = "105500000000001"


def _answer(stage: Any, channel: str, external_id: str, text: str) -> None:
    if channel.startswith("x"):
        sent = stage.reply_on_x(text, external_id, channel)
    elif channel.startswith("facebook"):
        sent = stage.graph("POST", f"{external_id}/comments", channel, data={"message": text})
    else:
        sent = stage.graph("POST", f"{external_id}/replies", channel, data={"message": text})
    assert sent.ok, sent.text


def test_every_social_account_has_posts_of_its_own(stage: Any) -> None:
    for channel in ALL[:6]:
        posts = stage.threads(channel)["posts"]
        assert 2 <= len(posts) <= 3
        assert all(post["is_ours"] and post["text"] and not post["replies"] for post in posts)
        assert [post["sent_at"] for post in posts] == sorted(
            (post["sent_at"] for post in posts), reverse=True
        )


@pytest.mark.parametrize("channel", ALL)
def test_what_a_citizen_says_is_the_public_truth_in_its_exact_words(stage: Any, channel: str) -> None:
    text = 'Sokağımızda "İ" & <b>ışık</b> yok 😡\nyardım edin'
    id = stage.say(channel, text, author="KraL_34 🌹")
    threads = stage.threads(channel)
    said = (
        threads["chats"][0]["messages"][0]
        if channel == "whatsapp-cozum"
        else threads["posts"][0]["replies"][0]
    )
    assert (said["external_id"], said["text"], said["author"]) == (id, text, "KraL_34 🌹")
    assert said["is_ours"] is False
    assert datetime.fromisoformat(said["sent_at"]).tzinfo is not None


@pytest.mark.parametrize("channel", ALL[:6])
def test_a_conversation_is_nested_in_order(stage: Any, channel: str) -> None:
    first = stage.say(channel, "ilk")
    second = stage.say(channel, "ikinci", author="Veli Kaya")
    _answer(stage, channel, first, "yanıt")
    post = stage.threads(channel)["posts"][0]
    assert [one["external_id"] for one in post["replies"]] == [first, second]
    assert [(one["text"], one["parent"]) for one in post["replies"][0]["replies"]] == [("yanıt", first)]
    assert post["replies"][0]["parent"] == post["external_id"]


@pytest.mark.parametrize("channel", ALL)
def test_edits_and_deletions_show_as_flags(stage: Any, channel: str) -> None:
    edited = stage.say(channel, "önce")
    deleted = stage.say(channel, "silinecek")
    stage.control("edit", channel=channel, external_id=edited, text="sonra")
    stage.control("delete", channel=channel, external_id=deleted)
    threads = stage.threads(channel)
    said = threads["chats"][0]["messages"] if channel == "whatsapp-cozum" else threads["posts"][0]["replies"]
    assert [(one["external_id"], one["text"], one["edited"], one["deleted"]) for one in said] == [
        (edited, "sonra", True, False),
        (deleted, "silinecek", False, True),
    ]


def test_a_post_in_the_name_of_two_accounts_is_in_the_truth_of_both(stage: Any) -> None:
    id = stage.say("x-baskan", "@esenyurtbaskan @esenyurtbelediye ses verin")
    for channel in ("x-belediye", "x-baskan"):
        assert stage.threads(channel)["posts"][0]["external_id"] == id


@pytest.mark.parametrize("channel", ALL[:6])
def test_a_public_answer_is_rated_in_words_under_it(stage: Any, channel: str) -> None:
    comment = stage.say(channel, "yol bozuk")
    _answer(stage, channel, comment, "Yapıldı. Bizi 1-5 arasında puanlar mısınız?")
    rated = stage.control("rate", channel=channel, author="Ayşe Yılmaz", stars=4, text="hızlıydı")
    said = [
        one
        for one in _all(stage.threads(channel)["posts"])
        if one["external_id"] == rated.json()["external_id"]
    ]
    assert rated.json()["as"] == "public_reply"
    assert [(one["text"], one["author"]) for one in said] == [("4 hızlıydı", "Ayşe Yılmaz")]
    ours = next(one for one in _all(stage.threads(channel)["posts"]) if one["text"].startswith("Yapıldı"))
    assert said[0]["answers"] == ours["external_id"]


def _all(nodes: list[Any]) -> list[Any]:
    return [one for node in nodes for one in (node, *_all(node["replies"]))]


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        ({"type": "list", "action": {"button": "Puan", "sections": [{"rows": "CHOICES"}]}}, "list_reply"),
        ({"type": "button", "action": {"buttons": "CHOICES"}}, "button_reply"),
    ],
)
def test_a_whatsapp_rating_chooses_the_row_or_button_with_those_stars(
    stage: Any, listener: Any, kind: dict[str, Any], reply: str
) -> None:
    stage.say("whatsapp-cozum", "teşekkürler")
    phone = stage.threads("whatsapp-cozum")["chats"][0]["phone"]
    choices = [{"id": f"rate:88:{n}", "title": "★" * n + "☆" * (3 - n)} for n in (3, 2, 1)]
    if reply == "list_reply":
        kind["action"]["sections"] = [{"title": "Puan", "rows": choices}]
    else:
        kind["action"]["buttons"] = [{"type": "reply", "reply": choice} for choice in choices]
    asked = stage.whatsapp(
        to=phone, type="interactive", interactive={**kind, "body": {"text": "Nasıldı?"}}
    ).json()["messages"][0]["id"]
    rated = stage.control(
        "rate", channel="whatsapp-cozum", author="Ayşe Yılmaz", stars=2, text="geç geldiniz"
    )
    said = [
        hook.body["entry"][0]["changes"][0]["value"]["messages"][0]
        for hook in listener.wait(6)
        if "messages" in hook.body["entry"][0]["changes"][0]["value"]
    ]
    assert rated.json()["as"] == reply
    assert said[1]["interactive"] == {"type": reply, reply: {"id": "rate:88:2", "title": "★★☆"}}
    assert said[1]["context"]["id"] == asked
    assert said[2]["text"]["body"] == "geç geldiniz"


@pytest.mark.parametrize(
    ("id", "title", "stars"),
    [
        ("rate:88:1", "★★☆", 2),
        ("b", "⭐⭐⭐⭐⭐", 5),
        ("rate:88:1", "4 yıldız", 4),
        ("rate:104233:3", "Orta", 3),
        ("rate:104233", "Bugün değil", None),
        ("x5", "12 gün", 5),
    ],
)
def test_stars_are_read_from_the_title_before_the_id(id: str, title: str, stars: int | None) -> None:
    assert stars_of({"id": id, "title": title}) == stars


def test_a_whatsapp_rating_without_such_a_choice_is_a_text(stage: Any) -> None:
    stage.say("whatsapp-cozum", "teşekkürler")
    phone = stage.threads("whatsapp-cozum")["chats"][0]["phone"]
    stage.whatsapp(to=phone, type="text", text={"body": "1-5 arası puan verir misiniz?"})
    rated = stage.control("rate", channel="whatsapp-cozum", author="Ayşe Yılmaz", stars=5).json()
    last = stage.threads("whatsapp-cozum")["chats"][0]["messages"][-1]
    assert (rated["as"], last["text"], last["external_id"]) == ("text", "5", rated["external_id"])


@pytest.mark.parametrize(
    ("channel", "account"),
    [("facebook-belediye", "100200300401"), ("instagram-baskan", "17841400000000002")],
)
def test_a_private_reply_is_rated_in_private(stage: Any, channel: str, account: str) -> None:
    comment = stage.say(channel, "yol bozuk")
    _answer(stage, channel, comment, "Yapıldı.")
    body = {"recipient": {"comment_id": comment}, "message": {"text": "1-5 arası puan?"}}
    assert stage.graph("POST", f"{account}/messages", channel, json=body).ok
    rated = stage.control("rate", channel=channel, author="Ayşe Yılmaz", stars=1, text="hâlâ aynı")
    last = stage.threads(channel)["chats"][0]["messages"][-1]
    assert rated.json()["as"] == "text"
    assert (last["text"], last["is_ours"]) == ("1 hâlâ aynı", False)


@pytest.mark.parametrize("channel", ALL)
def test_a_rating_of_nothing_is_a_409_that_says_so(stage: Any, channel: str) -> None:
    stage.say(channel, "merhaba")
    answer = stage.control("rate", channel=channel, author="Ayşe Yılmaz", stars=5)
    assert answer.status_code == 409
    assert "Ayşe Yılmaz" in answer.json()["error"]


@pytest.mark.parametrize(
    ("call", "body", "named"),
    [
        ("say", {"channel": "tiktok", "author": "A", "text": "a"}, "tiktok"),
        ("say", {"channel": "x-belediye", "author": "A"}, "text"),
        ("say", {"channel": "x-belediye", "author": "A", "text": ""}, "text"),
        ("say", {"channel": "x-belediye", "author": " ", "text": "a"}, "author"),
        ("say", {"channel": "x-belediye", "author": "A", "text": "a", "parent": "9"}, "9"),
        ("say", {"channel": "x-belediye", "author": "A", "text": "a", "kind": "fax"}, "fax"),
        ("say", {"channel": "x-belediye", "author": "A", "text": "a", "kind": "dm"}, "dm"),
        ("say", {"channel": "whatsapp-cozum", "author": "A", "text": "a", "kind": "comment"}, "comment"),
        ("say", {"channel": "x-belediye", "author": "A", "text": "a", "media": [1]}, "media"),
        ("say", {"channel": "x-belediye", "author": "A", "text": "a", "colour": 1}, "colour"),
        ("edit", {"external_id": "9", "text": "a"}, "9"),
        ("delete", {"external_id": "9"}, "9"),
        ("react", {"external_id": "9", "author": "A"}, "9"),
        ("rate", {"channel": "x-belediye", "author": "A", "stars": 6}, "6"),
        ("rate", {"channel": "x-belediye", "author": "A", "stars": "5"}, "stars"),
        ("faults", {"channel": "x-belediye", "fault": "gremlins"}, "gremlins"),
        ("faults", {"channel": "nowhere", "fault": "hang"}, "nowhere"),
        ("faults", {"channel": "x-belediye", "fault": "hang", "times": -1}, "times"),
        ("clock", {"shift_seconds": "a"}, "shift_seconds"),
    ],
)
def test_input_that_names_nothing_is_a_422_that_names_it(
    stage: Any, call: str, body: dict[str, Any], named: str
) -> None:
    answer = stage.control(call, **body)
    assert answer.status_code == 422
    assert named in answer.json()["error"]


def test_an_unknown_channel_or_fault_says_what_exists(stage: Any) -> None:
    unknown = stage.control("say", channel="tiktok", author="A", text="a").json()
    fault = stage.control("faults", channel="x-belediye", fault="gremlins").json()
    threads = requests.get(f"{stage.url}/_control/threads?channel=tiktok", timeout=10)
    assert unknown["exist"] == ALL
    assert "accept_then_hang_up" in fault["exist"]
    assert (threads.status_code, threads.json()["exist"]) == (422, ALL)


def test_nobody_edits_or_deletes_what_we_said_or_what_is_gone(stage: Any) -> None:
    ours = stage.threads("x-belediye")["posts"][0]["external_id"]
    gone = stage.say("x-belediye", "silinecek")
    stage.control("delete", external_id=gone)
    assert stage.control("edit", external_id=ours, text="a").status_code == 422
    assert stage.control("delete", external_id=ours).status_code == 422
    assert stage.control("edit", external_id=gone, text="a").status_code == 422
    assert stage.control("say", channel="x-belediye", author="A", text="a", parent=gone).status_code == 422


def test_what_is_typed_in_the_platforms_own_app_is_ours(stage: Any, listener: Any) -> None:
    comment = stage.say("facebook-belediye", "merhaba")
    message = stage.say("whatsapp-cozum", "merhaba")
    typed = stage.say("facebook-belediye", "Telefondan yazdım", by_us=True, parent=comment)
    echoed = stage.say("whatsapp-cozum", "Telefondan", by_us=True, parent=message)
    bodies = [hook.body["entry"][0]["changes"][0] for hook in listener.wait(4)]
    by_field = {change["field"]: change["value"] for change in bodies[-2:]}
    assert by_field["feed"]["comment_id"] == typed
    assert by_field["feed"]["from"]["id"] == "100200300401"
    assert by_field["smb_message_echoes"]["message_echoes"][0]["id"] == echoed


def test_a_citizen_asked_again_with_a_known_state_gets_304(stage: Any) -> None:
    url = f"{stage.url}/_control/threads?channel=x-belediye"
    tag = requests.get(url, timeout=10).headers["ETag"]
    same = requests.get(url, headers={"If-None-Match": tag}, timeout=10)
    stage.say("x-belediye", "yeni")
    changed = requests.get(url, headers={"If-None-Match": tag}, timeout=10)
    assert (same.status_code, changed.status_code) == (304, 200)


def test_reset_forgets_all_but_the_seeded_posts(stage: Any) -> None:
    before = [post["external_id"] for post in stage.threads("x-belediye")["posts"]]
    stage.say("x-belediye", "unutulacak")
    stage.say("whatsapp-cozum", "unutulacak")
    stage.fault("x-belediye", "server_error", times=9)
    stage.control("reset")
    threads = stage.threads("x-belediye")
    assert [post["external_id"] for post in threads["posts"]] == before
    assert all(not post["replies"] for post in threads["posts"])
    assert stage.threads("whatsapp-cozum")["chats"] == []
    assert stage.x("GET", "users/me").ok


def test_every_answer_is_dated_by_the_sandboxs_own_clock(stage: Any) -> None:
    stage.control("clock", shift_seconds=86_400)

    dated = parsedate_to_datetime(stage.graph("GET", "me", "facebook-belediye").headers["Date"])

    assert timedelta(hours=23) < dated - datetime.now(UTC) < timedelta(hours=25)
