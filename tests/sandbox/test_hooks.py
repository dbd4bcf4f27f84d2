"""Delivery of hooks: exact bytes, signed, again until answered 200, and going wrong on demand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

import sandbox
from tests.support.waiting import until


def test_meta_signs_the_exact_escaped_bytes(stage: Any, listener: Any) -> None:
    stage.say("facebook-belediye", "Çınar'da / ağaç 🌳")
    [hook] = listener.wait(1)
    expected = hmac.new(b"sandbox-meta-app-secret", hook.raw, hashlib.sha256).hexdigest()
    assert hook.path == "/hooks/meta"
    assert hook.headers["x-hub-signature-256"] == f"sha256={expected}"
    assert hook.raw.isascii()
    assert rb"\u00c7\u0131nar'da \/ a\u011fa\u00e7 \ud83c\udf33" in hook.raw
    assert hook.raw != json.dumps(hook.body).encode()  # reserialising would break the signature


def test_x_posts_come_by_hook_when_asked_after_a_challenge_and_signed(
    open_stage: Callable[..., Any], listener: Any
) -> None:
    stage = open_stage(x_hooks=True)
    mention = stage.say("x-belediye", "@esenyurtbelediye @esenyurtbaskan yol bozuk")
    reply = stage.reply_on_x("Bakıyoruz.", mention).json()["data"]["id"]
    hooks = listener.wait(3)
    events = {(one.body["data"]["filter"]["user_id"], one.body["data"]["event_type"]): one for one in hooks}
    for hook in hooks:
        signed = hmac.new(b"sandbox-x-consumer-secret", hook.raw, hashlib.sha256).digest()
        assert hook.headers["x-twitter-webhooks-signature"] == "sha256=" + base64.b64encode(signed).decode()
        assert hook.path == "/hooks/x"
    assert listener.crc_asked == 2  # one challenge a lane, not one a hook
    assert set(events) == {
        ("1500000001", "post.mention.create"),
        ("1500000002", "post.mention.create"),
        ("1500000001", "post.create"),
    }
    seen = events["1500000001", "post.mention.create"].body["data"]
    assert seen["payload"]["id"] == mention
    assert seen["includes"]["users"][0]["name"] == "Ayşe Yılmaz"
    assert len({one.body["data"]["event_uuid"] for one in hooks}) == 3
    assert events["1500000001", "post.create"].body["data"]["payload"]["id"] == reply


def test_x_delivers_nothing_to_a_hook_that_fails_its_challenge(
    open_stage: Callable[..., Any], listener: Any
) -> None:
    listener.crc_secret = "another"
    stage = open_stage(x_hooks=True)
    stage.say("x-belediye", "@esenyurtbelediye merhaba")
    until(lambda: listener.crc_asked)
    assert listener.received == []
    listener.crc_secret = "sandbox-x-consumer-secret"
    assert len(listener.wait(1)) == 1


def test_a_hook_not_answered_200_comes_again_with_the_same_bytes(stage: Any, listener: Any) -> None:
    listener.answers = [500, 403, 204]
    stage.say("whatsapp-cozum", "merhaba")
    hooks = listener.wait(4)
    stage.settled()
    assert len(hooks) == 4
    assert len({hook.raw for hook in hooks}) == 1


def test_one_failing_hook_does_not_hold_back_another(stage: Any, listener: Any) -> None:
    listener.answers = [500]
    first = stage.say("whatsapp-cozum", "ilk")
    listener.wait(1)
    second = stage.say("whatsapp-cozum", "ikinci")
    ids = [one.body["entry"][0]["changes"][0]["value"]["messages"][0]["id"] for one in listener.wait(3)]
    assert sorted(ids[1:]) == sorted([first, second])


def test_undelivered_hooks_and_all_that_was_said_survive_a_restart(tmp_path: Path, listener: Any) -> None:
    settings = {"hook_base_url": "http://127.0.0.1:9", "hook_backoff_seconds": 5.0}
    with sandbox.running(settings, folder=tmp_path) as url:
        body = {"channel": "whatsapp-cozum", "author": "Ayşe Yılmaz", "text": "unutma \ud83d"}
        id = requests.post(f"{url}/_control/say", json=body, timeout=10).json()["external_id"]
        change = {"external_id": id, "text": "unutmadı"}
        assert requests.post(f"{url}/_control/edit", json=change, timeout=10).ok
    with sandbox.running({"hook_base_url": listener.url}, folder=tmp_path) as url:
        hook, _ = listener.wait(2)
        threads = requests.get(f"{url}/_control/threads?channel=whatsapp-cozum", timeout=10).json()
        posts = requests.get(f"{url}/_control/threads?channel=x-belediye", timeout=10).json()["posts"]
    assert hook.body["entry"][0]["changes"][0]["value"]["messages"][0]["id"] == id
    [said] = threads["chats"][0]["messages"]
    assert (said["external_id"], said["text"], said["edited"]) == (id, "unutmadı", True)
    assert len(posts) == 3


def test_a_duplicate_hook_comes_twice_in_the_same_bytes(stage: Any, listener: Any) -> None:
    stage.fault("facebook-belediye", "duplicate_hook")
    stage.say("facebook-belediye", "iki kere")
    stage.say("facebook-belediye", "bir kere")
    hooks = listener.wait(3)
    stage.settled()
    assert [hooks[0].raw == hooks[1].raw, len(hooks)] == [True, 3]


def test_a_dropped_hook_never_comes_but_the_comment_is_there(stage: Any, listener: Any) -> None:
    stage.fault("facebook-belediye", "drop_hook")
    lost = stage.say("facebook-belediye", "kayıp")
    stage.say("facebook-belediye", "gelen")
    [hook] = listener.wait(1)
    stage.settled()
    assert len(listener.received) == 1
    assert hook.body["entry"][0]["changes"][0]["value"]["message"] == "gelen"
    assert stage.graph("GET", lost, "facebook-belediye").status_code == 200


def test_a_late_hook_comes_after_its_pause(stage: Any, listener: Any) -> None:
    stage.fault("instagram-baskan", "late_hook")
    began = time.monotonic()
    stage.say("instagram-baskan", "geç")
    listener.wait(1)
    assert time.monotonic() - began >= 0.4


def test_an_out_of_order_hook_comes_after_the_next_one(open_stage: Callable[..., Any], listener: Any) -> None:
    stage = open_stage(out_of_order_seconds=60)
    stage.fault("whatsapp-cozum", "out_of_order")
    began = time.monotonic()
    first = stage.say("whatsapp-cozum", "ilk")
    second = stage.say("whatsapp-cozum", "ikinci")
    ids = [one.body["entry"][0]["changes"][0]["value"]["messages"][0]["id"] for one in listener.wait(2)]
    assert ids == [second, first]
    assert time.monotonic() - began < 30, "it did not wait out its bound"


def test_hooks_prove_themselves_when_asked(stage: Any, listener: Any) -> None:
    assert stage.control("verify_hooks").json() == {"meta": True, "x": True}
    listener.crc_secret = "another"
    assert stage.control("verify_hooks").json() == {"meta": True, "x": False}


def test_what_is_said_together_comes_in_one_body_a_platform(stage: Any, listener: Any) -> None:
    places = ("facebook-belediye", "facebook-baskan", "facebook-belediye", "whatsapp-cozum", "whatsapp-cozum")
    sayings = [
        {"channel": channel, "author": f"Ayşe {number}", "text": f"söz {number}"}
        for number, channel in enumerate(places)
    ]
    answer = stage.control("say_many", sayings=sayings, together=True)

    page, line = sorted((one.body for one in listener.wait(2)), key=lambda body: body["object"])
    comments = [change["value"] for entry in page["entry"] for change in entry["changes"]]
    assert len({entry["id"] for entry in page["entry"]}) == 2, "entries of two pages"
    assert sorted(one["comment_id"] for one in comments) == sorted(answer.json()["external_ids"][:3])
    (change,) = line["entry"][0]["changes"]
    assert [one["text"]["body"] for one in change["value"]["messages"]] == ["söz 3", "söz 4"]
    assert [one["profile"]["name"] for one in change["value"]["contacts"]] == ["Ayşe 3", "Ayşe 4"]
    assert len(listener.received) == 2
