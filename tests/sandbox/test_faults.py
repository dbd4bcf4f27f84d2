"""Faults on demand: each in its platform's own shape, as often as asked, where it counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

PAGE = "100200300401"
CHANNELS = ["x-belediye", "facebook-belediye", "instagram-belediye", "whatsapp-cozum"]


def _read(stage: Any, channel: str) -> requests.Response:
    answer: requests.Response = (
        stage.x("GET", "users/me") if channel.startswith("x") else stage.graph("GET", "me", channel)
    )
    return answer


def _send(stage: Any, channel: str, text: str = "Merhaba") -> requests.Response:
    """Answers the last thing Ayşe said on the channel."""
    threads = stage.threads(channel)
    answer: requests.Response
    if channel == "whatsapp-cozum":
        chat = threads["chats"][0]
        answer = stage.whatsapp(to=chat["phone"], type="text", text={"body": text})
    else:
        comment = next(post["replies"][0] for post in threads["posts"] if post["replies"])["external_id"]
        if channel == "x-belediye":
            answer = stage.reply_on_x(text, comment)
        else:
            edge = "comments" if channel.startswith("facebook") else "replies"
            answer = stage.graph("POST", f"{comment}/{edge}", channel, data={"message": text})
    return answer


def _ours(stage: Any, channel: str) -> list[str]:
    """The texts of ours that answer somebody."""
    threads = stage.threads(channel)
    if channel == "whatsapp-cozum":
        return [one["text"] for chat in threads["chats"] for one in chat["messages"] if one["is_ours"]]
    comments = [comment for post in threads["posts"] for comment in post["replies"]]
    return [one["text"] for comment in comments for one in comment["replies"] if one["is_ours"]]


@pytest.mark.parametrize("channel", CHANNELS)
def test_accept_then_hang_up_publishes_and_answers_nothing(stage: Any, channel: str) -> None:
    stage.say(channel, "merhaba")
    stage.fault(channel, "accept_then_hang_up")
    with pytest.raises(requests.ConnectionError):
        _send(stage, channel, "yayında")
    assert _ours(stage, channel) == ["yayında"]
    assert _send(stage, channel, "bu da").ok


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_hanging_send_ends_unanswered_and_unpublished(stage: Any, channel: str) -> None:
    stage.say(channel, "merhaba")
    stage.fault(channel, "hang")
    began = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        _send(stage, channel)
    assert time.monotonic() - began >= 0.3
    assert _ours(stage, channel) == []


REFUSALS = {
    "x-belediye": (403, None),
    "facebook-belediye": (400, 100),
    "instagram-belediye": (400, 100),
    "whatsapp-cozum": (400, 131026),
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_refuse_counts_sends_only_and_as_often_as_asked(stage: Any, channel: str) -> None:
    stage.say(channel, "merhaba")
    stage.fault(channel, "refuse", times=2)
    assert _read(stage, channel).ok
    for _ in range(2):
        refused = _send(stage, channel)
        assert (refused.status_code, refused.json().get("error", {}).get("code")) == REFUSALS[channel]
    assert _send(stage, channel).ok
    assert _ours(stage, channel) == ["Merhaba"]


def test_a_refused_private_message_says_the_person_is_not_available(stage: Any) -> None:
    stage.say("facebook-belediye", "merhaba", kind="dm")
    peer = stage.threads("facebook-belediye")["chats"][0]["peer_id"]
    stage.fault("facebook-belediye", "refuse")
    body = {"recipient": {"id": peer}, "message": {"text": "a"}}
    error = stage.graph("POST", f"{PAGE}/messages", "facebook-belediye", json=body).json()["error"]
    assert (error["code"], error["error_subcode"]) == (551, 1545041)


def test_a_rate_limit_says_how_long_to_wait(stage: Any) -> None:
    for channel in CHANNELS:
        stage.fault(channel, "rate_limit")
    x, facebook, instagram, whatsapp = (_read(stage, channel) for channel in CHANNELS)
    assert (x.status_code, x.json()["title"]) == (429, "Too Many Requests")
    assert x.headers["x-rate-limit-remaining"] == "0"
    assert 0 < int(x.headers["x-rate-limit-reset"]) - time.time() <= 61
    assert facebook.json()["error"]["code"] == 80001
    assert '"estimated_time_to_regain_access": 1' in facebook.headers["X-Business-Use-Case-Usage"]
    assert instagram.json()["error"]["code"] == 80002
    assert (whatsapp.status_code, whatsapp.json()["error"]["code"]) == (429, 130429)
    assert all(_read(stage, channel).ok for channel in CHANNELS)


SHAPES = {
    "server_error": [(503, None, None), (500, 2, None), (500, 2, None), (500, 131000, None)],
    "expired_token": [(401, None, None), (401, 190, 463), (401, 190, 463), (401, 190, 463)],
    "revoked_scope": [(403, None, None), (403, 200, None), (403, 200, None), (403, 10, None)],
}


@pytest.mark.parametrize("fault", SHAPES)
def test_each_platform_words_the_fault_its_own_way_and_publishes_nothing(stage: Any, fault: str) -> None:
    seen = []
    for channel in CHANNELS:
        stage.say(channel, "merhaba")
        stage.fault(channel, fault)
        answer = _send(stage, channel)
        error = answer.json().get("error", {})
        seen.append((answer.status_code, error.get("code"), error.get("error_subcode")))
        assert _ours(stage, channel) == []
        assert _read(stage, channel).ok
    assert seen == SHAPES[fault]


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_html_error_is_no_json(stage: Any, channel: str) -> None:
    stage.fault(channel, "html_error")
    answer = _read(stage, channel)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_a_slow_call_ends_well_and_does_not_hold_up_others(open_stage: Callable[..., Any]) -> None:
    stage = open_stage(slow_seconds=1.5)
    stage.fault("x-belediye", "slow")
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        slow, meanwhile = pool.submit(_read, stage, "x-belediye"), 0
        while not slow.done():
            assert _read(stage, "facebook-belediye").ok
            meanwhile += 1
    assert slow.result().ok
    assert meanwhile >= 3, "held up, others would be answered once before it and once after"
    assert time.monotonic() - began >= 1.5


def test_a_fault_befalls_its_own_channel_only_and_zero_ends_it(stage: Any) -> None:
    stage.fault("facebook-belediye", "server_error", times=9)
    assert _read(stage, "facebook-baskan").ok
    assert _read(stage, "facebook-belediye").status_code == 500
    stage.fault("facebook-belediye", "server_error", times=0)
    assert _read(stage, "facebook-belediye").ok
