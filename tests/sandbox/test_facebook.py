"""A Facebook page: reading posts and comments, replying, hiding, deleting, and the hooks of all that."""

from __future__ import annotations

from typing import Any

PAGE = "100200300401"
FB = "facebook-belediye"


def _value(hook: Any) -> Any:
    assert hook.body["object"] == "page"
    [entry] = hook.body["entry"]
    assert entry["id"] == PAGE
    [change] = entry["changes"]
    assert change["field"] == "feed"
    return change["value"]


def test_a_citizens_comment_comes_by_hook_and_by_the_feed_alike(stage: Any, listener: Any) -> None:
    comment = stage.say(FB, "Sokağımızda ışık yanmıyor 😔")
    value = _value(listener.wait(1)[0])
    fields = "id,message,comments.limit(5){id,message,from,created_time}"
    feed = stage.graph("GET", f"{PAGE}/feed", FB, params={"fields": fields, "limit": "1"}).json()
    [post] = feed["data"]
    [polled] = post["comments"]["data"]
    assert (value["comment_id"], value["parent_id"], value["post_id"]) == (comment, post["id"], post["id"])
    assert (value["item"], value["verb"], value["message"]) == (
        "comment",
        "add",
        "Sokağımızda ışık yanmıyor 😔",
    )
    assert value["from"]["name"] == "Ayşe Yılmaz"
    assert (polled["id"], polled["message"], polled["from"]) == (comment, value["message"], value["from"])
    assert polled["created_time"].endswith("+0000")


def test_our_reply_stands_under_the_comment_and_comes_back_by_hook(stage: Any, listener: Any) -> None:
    comment = stage.say(FB, "Teşekkürler")
    reply = stage.graph("POST", f"{comment}/comments", FB, data={"message": "Rica ederiz."}).json()["id"]
    value = _value(listener.wait(2)[1])
    shown = stage.graph("GET", f"{comment}/comments", FB, params={"fields": "id,from,parent{id}"}).json()
    assert (value["from"]["id"], value["comment_id"], value["parent_id"]) == (PAGE, reply, comment)
    assert [(one["id"], one["from"]["id"], one["parent"]["id"]) for one in shown["data"]] == [
        (reply, PAGE, comment)
    ]
    [node] = stage.threads(FB)["posts"][0]["replies"]
    assert [one["external_id"] for one in node["replies"]] == [reply]


def test_threads_are_two_levels_deep_and_deeper_replies_are_flattened(stage: Any, listener: Any) -> None:
    comment = stage.say(FB, "Yol bozuk")
    ours = stage.graph("POST", f"{comment}/comments", FB, data={"message": "Hangi sokak?"}).json()["id"]
    deeper = stage.say(FB, "1029. sokak", parent=ours)
    ours_again = stage.graph("POST", f"{deeper}/comments", FB, data={"message": "Tamam."}).json()["id"]
    value = _value(listener.wait(4)[2])
    under = stage.graph("GET", f"{comment}/comments", FB).json()["data"]
    below = stage.graph("GET", f"{deeper}/comments", FB).json()["data"]
    assert value["parent_id"] == comment
    assert [one["id"] for one in under] == [ours, deeper, ours_again]
    assert below == []


def test_pages_of_comments_join_to_the_whole(stage: Any) -> None:
    post = stage.threads(FB)["posts"][0]["external_id"]
    ids = [stage.say(FB, f"yorum {n}", author=f"Kişi {n}") for n in range(7)]
    found: list[str] = []
    after: dict[str, str] = {}
    for _ in range(3):
        page = stage.graph("GET", f"{post}/comments", FB, params={"limit": "3", **after}).json()
        found += [one["id"] for one in page["data"]]
        after = {"after": page["paging"]["cursors"]["after"]}
    newest = stage.graph(
        "GET", f"{post}/comments", FB, params={"order": "reverse_chronological", "limit": "2"}
    )
    assert found == ids
    assert "next" not in page["paging"]
    assert "sandbox-token" not in newest.text  # the token came in a header and stays out of links
    assert [one["id"] for one in newest.json()["data"]] == ids[:-3:-1]


def test_stream_filter_shows_replies_among_the_comments(stage: Any) -> None:
    post = stage.threads(FB)["posts"][0]["external_id"]
    comment = stage.say(FB, "merhaba")
    reply = stage.graph("POST", f"{comment}/comments", FB, data={"message": "Merhaba"}).json()["id"]
    flat = stage.graph("GET", f"{post}/comments", FB, params={"filter": "stream"}).json()["data"]
    assert [one["id"] for one in flat] == [comment, reply]


def test_an_empty_or_endless_message_is_refused(stage: Any) -> None:
    comment = stage.say(FB, "merhaba")
    for message in ("", "  ", "a" * 8001):
        answer = stage.graph("POST", f"{comment}/comments", FB, data={"message": message})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)


def test_a_deleted_comment_takes_no_reply(stage: Any) -> None:
    comment = stage.say(FB, "merhaba")
    stage.control("delete", external_id=comment)
    answer = stage.graph("POST", f"{comment}/comments", FB, data={"message": "Merhaba"})
    assert answer.json()["error"]["error_subcode"] == 33


def test_with_a_deleted_comment_all_under_it_is_gone(stage: Any) -> None:
    comment = stage.say(FB, "merhaba")
    reply = stage.graph("POST", f"{comment}/comments", FB, data={"message": "Merhaba"}).json()["id"]
    stage.control("delete", external_id=comment)
    assert stage.graph("GET", reply, FB).json()["error"]["error_subcode"] == 33
    [node] = stage.threads(FB)["posts"][0]["replies"]
    assert (node["deleted"], node["replies"][0]["deleted"]) == (True, True)


def test_edits_removals_and_reactions_are_told_by_hook(stage: Any, listener: Any) -> None:
    comment = stage.say(FB, "çöp alınmadi")
    stage.control("edit", external_id=comment, text="çöp alınmadı")
    stage.control("react", external_id=comment, author="Veli Kaya", reaction="❤️")
    stage.control("delete", external_id=comment)
    _, edited, reacted, removed = (_value(hook) for hook in listener.wait(4))
    assert (edited["verb"], edited["message"], edited["comment_id"]) == ("edited", "çöp alınmadı", comment)
    assert (reacted["item"], reacted["verb"], reacted["reaction_type"]) == ("reaction", "add", "love")
    assert (removed["verb"], removed["comment_id"]) == ("remove", comment)
    assert "message" not in removed


def test_a_comment_can_be_hidden_and_shown(stage: Any, listener: Any) -> None:
    comment = stage.say(FB, "reklam")
    hidden = stage.graph("POST", comment, FB, data={"is_hidden": "true"})
    shown = stage.graph("GET", comment, FB, params={"fields": "is_hidden"}).json()
    stage.graph("POST", comment, FB, data={"is_hidden": "false"})
    verbs = [_value(hook)["verb"] for hook in listener.wait(3)]
    assert hidden.json() == {"success": True}
    assert shown == {"is_hidden": True, "id": comment}
    assert verbs == ["add", "hide", "unhide"]


def test_our_own_comment_can_be_changed_and_deleted_and_the_citizens_text_cannot_be_changed(
    stage: Any,
) -> None:
    comment = stage.say(FB, "merhaba")
    reply = stage.graph("POST", f"{comment}/comments", FB, data={"message": "Merhba"}).json()["id"]
    assert stage.graph("POST", reply, FB, data={"message": "Merhaba"}).json() == {"success": True}
    assert stage.graph("GET", reply, FB).json()["message"] == "Merhaba"
    assert stage.graph("POST", comment, FB, data={"message": "x"}).status_code == 400
    assert stage.graph("DELETE", reply, FB).json() == {"success": True}
    assert stage.graph("GET", reply, FB).status_code == 400


def test_a_visitors_post_is_in_the_feed_but_not_among_the_pages_own(stage: Any, listener: Any) -> None:
    post = stage.say(FB, "Sayfanıza yazıyorum: durak yok", kind="mention")
    value = _value(listener.wait(1)[0])
    feed = stage.graph("GET", f"{PAGE}/feed", FB).json()["data"]
    own = stage.graph("GET", f"{PAGE}/published_posts", FB).json()["data"]
    reply = stage.graph("POST", f"{post}/comments", FB, data={"message": "Not aldık."})
    assert (value["item"], value["verb"], value["post_id"]) == ("post", "add", post)
    assert feed[0]["id"] == post
    assert post not in [one["id"] for one in own]
    assert reply.status_code == 200


def test_a_picture_comes_with_the_comment(stage: Any, listener: Any) -> None:
    url = "https://pictures.example/cukur.jpg"
    comment = stage.say(FB, "fotoğraf", media=[url])
    value = _value(listener.wait(1)[0])
    shown = stage.graph("GET", comment, FB, params={"fields": "attachment"}).json()
    assert value["photo"] == shown["attachment"]["media"]["image"]["src"] == url
