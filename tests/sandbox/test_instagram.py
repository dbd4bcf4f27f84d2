"""An Instagram account: comments, replies, mentions elsewhere, and what no hook tells."""

from __future__ import annotations

from typing import Any

ACCOUNT = "17841400000000001"
IG = "instagram-belediye"


def _change(hook: Any) -> Any:
    assert hook.body["object"] == "instagram"
    [entry] = hook.body["entry"]
    assert entry["id"] == ACCOUNT
    [change] = entry["changes"]
    return change


def test_a_comment_comes_by_hook_and_by_the_media_alike(stage: Any, listener: Any) -> None:
    comment = stage.say(IG, "Parkımız çok güzel olmuş 👏")
    change = _change(listener.wait(1)[0])
    fields = "id,caption,comments{id,text,timestamp,username,from,replies{id,text,username}}"
    media = stage.graph("GET", f"{ACCOUNT}/media", IG, params={"fields": fields, "limit": "1"}).json()[
        "data"
    ][0]
    [polled] = media["comments"]["data"]
    assert change["field"] == "comments"
    assert change["value"]["id"] == polled["id"] == comment
    assert change["value"]["text"] == polled["text"] == "Parkımız çok güzel olmuş 👏"
    assert change["value"]["media"]["id"] == media["id"]
    assert change["value"]["from"] == polled["from"]
    assert "parent_id" not in change["value"]
    assert "replies" not in polled


def test_our_reply_comes_back_by_hook_as_our_own(stage: Any, listener: Any) -> None:
    comment = stage.say(IG, "Kaçta açılıyor?")
    reply = stage.graph("POST", f"{comment}/replies", IG, data={"message": "Saat 14.00'te."}).json()["id"]
    value = _change(listener.wait(2)[1])["value"]
    shown = stage.graph("GET", reply, IG, params={"fields": "text,username,parent_id,media"}).json()
    assert (value["id"], value["parent_id"], value["from"]["id"]) == (reply, comment, ACCOUNT)
    assert value["from"]["self_ig_scoped_id"]
    assert (shown["text"], shown["username"], shown["parent_id"]) == (
        "Saat 14.00'te.",
        "esenyurtbelediye",
        comment,
    )
    assert [one["id"] for one in stage.graph("GET", f"{comment}/replies", IG).json()["data"]] == [reply]


def test_a_reply_to_a_reply_joins_the_top_comment(stage: Any) -> None:
    comment = stage.say(IG, "yol bozuk")
    ours = stage.graph("POST", f"{comment}/replies", IG, data={"message": "Hangi sokak?"}).json()["id"]
    deeper = stage.say(IG, "12. sokak", parent=ours)
    again = stage.graph("POST", f"{deeper}/replies", IG, data={"message": "Tamam"}).json()["id"]
    under = stage.graph("GET", f"{comment}/replies", IG).json()["data"]
    assert [one["id"] for one in under] == [ours, deeper, again]
    assert stage.graph("GET", f"{deeper}/replies", IG).json() == {"data": []}


def test_comments_come_newest_first_in_pages(stage: Any) -> None:
    media = stage.threads(IG)["posts"][0]["external_id"]
    ids = [stage.say(IG, f"yorum {n}", author=f"Kişi {n}") for n in range(3)]
    first = stage.graph("GET", f"{media}/comments", IG, params={"limit": "2"}).json()
    after = {"after": first["paging"]["cursors"]["after"], "limit": "2"}
    second = stage.graph("GET", f"{media}/comments", IG, params=after).json()
    assert [one["id"] for one in first["data"] + second["data"]] == ids[::-1]


def test_a_mention_elsewhere_brings_ids_only_and_is_fetched_and_answered(stage: Any, listener: Any) -> None:
    media = stage.say(IG, "@esenyurtbelediye bakın sokağımıza", kind="mention")
    change = _change(listener.wait(1)[0])
    fields = f"mentioned_media.media_id({media}){{id,caption,username}}"
    fetched = stage.graph("GET", ACCOUNT, IG, params={"fields": fields}).json()["mentioned_media"]
    answer = stage.graph("POST", f"{ACCOUNT}/mentions", IG, data={"media_id": media, "message": "Geliyoruz."})
    assert (change["field"], change["value"]) == ("mentions", {"media_id": media})
    assert fetched["caption"] == "@esenyurtbelediye bakın sokağımıza"
    [post] = [one for one in stage.threads(IG)["posts"] if one["external_id"] == media]
    assert [one["external_id"] for one in post["replies"]] == [answer.json()["id"]]


def test_a_media_that_does_not_name_us_cannot_be_answered_as_a_mention(stage: Any) -> None:
    media = stage.say("instagram-baskan", "@esenyurtbaskan selam", kind="mention")
    answer = stage.graph("POST", f"{ACCOUNT}/mentions", IG, data={"media_id": media, "message": "Selam"})
    assert answer.json()["error"]["error_subcode"] == 33


def test_too_long_or_empty_a_comment_is_refused(stage: Any) -> None:
    comment = stage.say(IG, "merhaba")
    for message in ("", "a" * 2201):
        answer = stage.graph("POST", f"{comment}/replies", IG, data={"message": message})
        assert answer.json()["error"]["code"] == 100


def test_a_deleted_comment_is_told_by_no_hook_but_is_gone(stage: Any, listener: Any) -> None:
    comment = stage.say(IG, "merhaba")
    stage.control("delete", external_id=comment)
    listener.wait(1)
    stage.settled()
    assert len(listener.received) == 1
    assert stage.graph("GET", comment, IG).json()["error"]["error_subcode"] == 33
    assert stage.graph("POST", f"{comment}/replies", IG, data={"message": "a"}).status_code == 400


def test_a_comment_can_be_hidden_and_deleted_by_us(stage: Any) -> None:
    comment = stage.say(IG, "reklam")
    assert stage.graph("POST", comment, IG, data={"hide": "true"}).json() == {"success": True}
    assert stage.graph("GET", comment, IG, params={"fields": "hidden"}).json()["hidden"] is True
    assert stage.graph("DELETE", comment, IG).json() == {"success": True}
