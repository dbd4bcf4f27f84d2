"""The demo's stream of citizens: how many speak, where, in which mix, and how long it waits."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import requests

import sandbox
from sandbox.citizen_texts import FRAGMENTS, SHARES, TEXTS
from sandbox.citizens import Crowd, stream
from sandbox.config import DEMO_CHANNELS
from tests.support.waiting import until

CHANNELS = [
    {"key": one.key, "platform": one.platform, "handle": one.handle, "name": one.name}
    for one in DEMO_CHANNELS
]


def test_about_120_different_texts_cover_every_kind_of_a_day() -> None:
    texts = [text for kind in TEXTS.values() for text in kind]
    assert len(texts) == len(set(texts)) >= 120
    assert set(TEXTS) == set(SHARES)
    assert sum(SHARES.values()) == 1000
    assert len(FRAGMENTS) >= 6


def test_a_thousand_messages_have_the_mix_of_a_day_over_all_channels() -> None:
    crowd = Crowd(CHANNELS, seed=1)
    said = [piece for _ in range(1000) for piece in crowd.next()]
    by_channel = {key: sum(1 for one in said if one.channel == key) for key in (c["key"] for c in CHANNELS)}
    emergencies = sum(1 for one in said if any(text in one.text for text in TEXTS["emergency"]))
    praise = sum(1 for one in said if any(text in one.text for text in TEXTS["praise"]))
    assert all(count >= 50 for count in by_channel.values())
    assert 3 <= emergencies <= 25
    assert 150 <= praise <= 320
    assert any("@esenyurtbelediye @esenyurtbaskan" in one.text for one in said)


def test_the_same_seed_is_the_same_crowd() -> None:
    one, other = (Crowd(CHANNELS, seed=7) for _ in range(2))
    assert [one.next() for _ in range(50)] == [other.next() for _ in range(50)]


def test_every_message_of_a_stream_is_taken_and_public(stage: Any) -> None:
    taken = stream(stage.url, threading.Event(), rate=6000, burst=30, seed=3, most=30)
    said = 0
    for channel in CHANNELS:
        threads = stage.threads(channel["key"])
        said += sum(len(chat["messages"]) for chat in threads["chats"])
        said += sum(len(post["replies"]) for post in threads["posts"] if post["is_ours"])
        said += sum(not post["is_ours"] and channel["key"] == _home(stage, post) for post in threads["posts"])
    assert taken == said >= 30


def _home(stage: Any, post: Any) -> str:
    """A post that names two accounts stands in both truths; it is counted at the first."""
    return next(
        channel["key"]
        for channel in CHANNELS
        if any(one["external_id"] == post["external_id"] for one in stage.threads(channel["key"])["posts"])
    )


def test_the_stream_waits_for_its_sandbox_and_ends_on_a_signal() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "sandbox.citizens",
        "--sandbox",
        f"http://127.0.0.1:{port}",
        "--burst",
        "9",
    ]
    process = subprocess.Popen(command)  # noqa: S603
    with socket.create_server(("127.0.0.1", port)) as early:  # nobody who could answer is there yet
        early.settimeout(60)
        early.accept()[0].close()
    with sandbox.running({}, port=port) as url:
        health = f"{url}/_control/health"
        until(lambda: requests.get(health, timeout=10).json()["revision"] >= 20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
