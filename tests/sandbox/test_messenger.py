"""Private messages of pages and Instagram accounts: windows, private replies, echoes."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

PAGE, ACCOUNT = "100200300401", "17841400000000001"
ACCOUNTS = [("facebook-belediye", PAGE), ("instagram-belediye", ACCOUNT)]
WEEK = 7 * 24 * 3600


def _send(
    stage: Any, channel: str, account: str, recipient: dict[str, str], **more: Any
) -> requests.Response:
    form = {"recipient": json.dumps(recipient), "message": json.dumps({"text": "Merhaba", **more})}
    answer: requests.Response = stage.graph("POST", f"{account}/messages", channel, data=form)
    return answer


def _event(hook: Any) -> Any:
    return hook.body["entry"][0]["messaging"][0]


@pytest.mark.parametrize(("channel", "account"), ACCOUNTS)
def test_a_message_is_answered_within_the_day_and_echoed_with_our_metadata(
    stage: Any, listener: Any, channel: str, account: str
) -> None:
    said = stage.say(channel, "Bir sorum var", kind="dm")
    came = _event(listener.wait(1)[0])
    answer = _send(stage, channel, account, {"id": came["sender"]["id"]}, metadata="reply-7")
    echo = _event(listener.wait(2)[1])
    assert came["message"] == {"mid": said, "text": "Bir sorum var"}
    assert came["recipient"]["id"] == account
    assert answer.json() == {"recipient_id": came["sender"]["id"], "message_id": echo["message"]["mid"]}
    assert echo["message"]["is_echo"] is True
    assert echo["message"]["metadata"] == "reply-7"
    assert echo["sender"]["id"] == account
    receipts = [_event(hook) for hook in listener.wait(4 if account == PAGE else 3)[2:]]
    kinds = [next(kind for kind in ("delivery", "read") if kind in event) for event in receipts]
    assert kinds == (["delivery", "read"] if account == PAGE else ["read"])
    [chat] = stage.threads(channel)["chats"]
    assert [(one["text"], one["is_ours"]) for one in chat["messages"]] == [
        ("Bir sorum var", False),
        ("Merhaba", True),
    ]


@pytest.mark.parametrize(("channel", "account"), ACCOUNTS)
def test_after_a_day_the_window_is_closed_but_open_for_a_human_agent_for_a_week(
    stage: Any, listener: Any, channel: str, account: str
) -> None:
    stage.say(channel, "Selam", kind="dm")
    recipient = {"id": _event(listener.wait(1)[0])["sender"]["id"]}
    stage.control("clock", shift_seconds=24 * 3600 + 1)
    closed = _send(stage, channel, account, recipient).json()["error"]
    form = {
        "recipient": json.dumps(recipient),
        "message": json.dumps({"text": "a"}),
        "messaging_type": "MESSAGE_TAG",
        "tag": "HUMAN_AGENT",
    }
    by_human = stage.graph("POST", f"{account}/messages", channel, data=form)
    stage.control("clock", shift_seconds=WEEK + 1)
    too_late = stage.graph("POST", f"{account}/messages", channel, data=form)
    assert (closed["code"], closed["error_subcode"]) == (10, 2018278 if account == PAGE else 2534022)
    assert by_human.status_code == 200
    assert too_late.json()["error"]["code"] == 10


@pytest.mark.parametrize(("channel", "account"), ACCOUNTS)
def test_a_comment_has_one_private_reply_within_a_week(stage: Any, channel: str, account: str) -> None:
    first, late = (stage.say(channel, text) for text in ("ilk", "geç"))
    sent = _send(stage, channel, account, {"comment_id": first})
    again = _send(stage, channel, account, {"comment_id": first})
    then = _send(stage, channel, account, {"id": sent.json()["recipient_id"]})
    stage.control("clock", shift_seconds=WEEK + 1)
    too_late = _send(stage, channel, account, {"comment_id": late})
    assert sent.status_code == 200
    assert again.json()["error"]["code"] == 10900
    assert then.json()["error"]["code"] == 10  # a private reply opens no window
    assert too_late.json()["error"]["code"] == 10903


def test_unknown_recipients_and_comments_are_refused(stage: Any) -> None:
    nobody = _send(stage, "facebook-belediye", PAGE, {"id": "123"})
    no_comment = _send(stage, "facebook-belediye", PAGE, {"comment_id": "1_2"})
    assert (nobody.json()["error"]["code"], nobody.json()["error"]["error_subcode"]) == (100, 2018001)
    assert (no_comment.json()["error"]["code"], no_comment.json()["error"]["error_subcode"]) == (100, 33)


@pytest.mark.parametrize(("channel", "account", "longest"), [(*ACCOUNTS[0], 2000), (*ACCOUNTS[1], 1000)])
def test_too_long_a_private_message_is_refused(
    stage: Any, listener: Any, channel: str, account: str, longest: int
) -> None:
    stage.say(channel, "Selam", kind="dm")
    recipient = {"id": _event(listener.wait(1)[0])["sender"]["id"]}
    assert _send(stage, channel, account, recipient, text="a" * (longest + 1)).json()["error"]["code"] == 100
    assert _send(stage, channel, account, recipient, text="a" * longest).status_code == 200


def test_a_nested_value_that_is_no_json_is_refused(stage: Any) -> None:
    form = {"recipient": "id", "message": "text"}  # what the SDK sends unless its values are encoded
    answer = stage.graph("POST", f"{PAGE}/messages", "facebook-belediye", data=form)
    assert answer.json()["error"]["code"] == 100


def test_edits_and_unsent_messages_are_told_as_each_platform_does(stage: Any, listener: Any) -> None:
    said = stage.say("instagram-belediye", "selm", kind="dm")
    stage.control("edit", external_id=said, text="selam")
    stage.control("react", external_id=said, author="Ayşe Yılmaz", reaction="❤️")
    stage.control("delete", external_id=said)
    _, edited, reacted, unsent = (_event(hook) for hook in listener.wait(4))
    assert edited["message_edit"] == {"mid": said, "text": "selam", "num_edit": 1}
    assert reacted["reaction"]["emoji"] == "❤️"
    assert unsent["message"] == {"mid": said, "is_deleted": True}
