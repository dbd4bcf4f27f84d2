"""The demo's living stream: `python -m sandbox.citizens --sandbox URL` lets citizens speak at their pace.

It knows the sandbox by its control calls only, and goes on when the sandbox is away for a while.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from sandbox.citizen_texts import FRAGMENTS, NAMES, SHARES, TEXTS

BURST = 25
SLOWEST_SECONDS, FASTEST_SECONDS = 15.0, 6.0
PICTURE = "https://pictures.example/vatandas/{number}.jpg"
# How often a message comes by each platform's accounts; the institution is written to more than the mayor.
PLATFORM_WEIGHTS = {"x": 24, "facebook": 30, "instagram": 22, "whatsapp": 24}
PRIVATE_SHARE = 0.12
MENTION_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Spoken:
    """One thing said, ready for /_control/say."""

    channel: str
    author: str
    text: str
    kind: str | None = None
    picture: bool = False


class Crowd:
    """Who says what next, by the shares of a real day. The same seed gives the same crowd."""

    def __init__(self, channels: list[dict[str, str]], seed: int | None = None) -> None:
        self._channels = channels
        self._dice = random.Random(seed)
        self._unsaid: dict[str, list[str]] = {}

    def next(self) -> list[Spoken]:
        """What one citizen says now: one message, or the pieces of one on WhatsApp."""
        channel = self._channel()
        author = self._dice.choice(NAMES)
        if channel["platform"] == "whatsapp" and self._dice.random() < 0.35:
            return [
                Spoken(channel["key"], author, "" if piece == "📷" else piece, picture=piece == "📷")
                for piece in self._dice.choice(FRAGMENTS)
            ]
        kind = self._dice.choices(list(SHARES), weights=list(SHARES.values()))[0]
        return [self._spoken(channel, author, self._text(kind), kind)]

    def _spoken(self, channel: dict[str, str], author: str, text: str, kind: str) -> Spoken:
        picture = kind in ("place", "no_place") and self._dice.random() < 0.2
        platform, handle = channel["platform"], channel.get("handle", "")
        if platform in ("facebook", "instagram") and self._dice.random() < PRIVATE_SHARE:
            return Spoken(channel["key"], author, text, kind="dm", picture=picture)
        if platform == "x" and handle and kind != "greeting" and self._dice.random() < MENTION_SHARE:
            both = [one["handle"] for one in self._channels if one["platform"] == "x"]
            named = " ".join(f"@{one}" for one in both) if self._dice.random() < 0.25 else f"@{handle}"
            return Spoken(channel["key"], author, f"{named} {text}", kind="mention", picture=picture)
        return Spoken(channel["key"], author, text, picture=picture)

    def _channel(self) -> dict[str, str]:
        """A channel by weight; the first account of a platform twice as often as the others."""
        weights: list[float] = []
        seen: set[str] = set()
        for channel in self._channels:
            platform = channel["platform"]
            weights.append(PLATFORM_WEIGHTS.get(platform, 10) * (1.0 if platform in seen else 2.0))
            seen.add(platform)
        return self._dice.choices(self._channels, weights=weights)[0]

    def _text(self, kind: str) -> str:
        """A text of the kind; none is repeated before all were said."""
        if not self._unsaid.get(kind):
            self._unsaid[kind] = self._dice.sample(TEXTS[kind], len(TEXTS[kind]))
        return self._unsaid[kind].pop()

    def pause(self, rate: float | None) -> float:
        """Seconds to the next citizen: about 60 / rate, else a human 6 to 15."""
        if rate is not None:
            return self._dice.uniform(0.6, 1.4) * 60 / rate
        return self._dice.uniform(FASTEST_SECONDS, SLOWEST_SECONDS)


def speak(url: str, spoken: Spoken, number: int) -> bool:
    """Says it on the sandbox. False when the sandbox was not there or did not take it."""
    body: dict[str, Any] = {"channel": spoken.channel, "author": spoken.author, "text": spoken.text}
    if spoken.kind:
        body["kind"] = spoken.kind
    if spoken.picture:
        body["media"] = [PICTURE.format(number=number)]
    try:
        answer = requests.post(f"{url}/_control/say", json=body, timeout=10)
    except requests.RequestException:
        return False
    return answer.status_code == 200


def channels_of(url: str, stop: threading.Event) -> list[dict[str, str]]:
    """The sandbox's channels, waiting for it to be there; [] when stopped before."""
    while not stop.is_set():
        try:
            read: list[dict[str, str]] = requests.get(f"{url}/_control/health", timeout=5).json()["channels"]
            return read
        except (requests.RequestException, ValueError, KeyError):
            stop.wait(0.5)
    return []


def stream(
    url: str, stop: threading.Event, *, rate: float | None, burst: int, seed: int | None, most: int | None
) -> int:
    """Lets citizens speak until stopped (or `most` have); how many messages were taken."""
    channels = channels_of(url, stop)
    if not channels:
        return 0
    crowd = Crowd(channels, seed)
    taken = 0
    for turn in _turns(most):
        if stop.is_set():
            break
        pieces = crowd.next()
        for place, piece in enumerate(pieces):
            taken += speak(url, piece, turn)
            if place < len(pieces) - 1:
                stop.wait(0.05 if turn < burst else crowd.pause(60 / 2.5))
        stop.wait(0.05 if turn < burst else crowd.pause(rate))
    return taken


def _turns(most: int | None) -> Iterator[int]:
    turn = 0
    while most is None or turn < most:
        yield turn
        turn += 1


def main() -> int:
    """The command line; the answer is the exit code."""
    parser = argparse.ArgumentParser(
        prog="sandbox.citizens", description="Citizens who speak on the sandbox."
    )
    parser.add_argument("--sandbox", required=True, help="the sandbox's address")
    parser.add_argument("--rate", type=float, help="citizens a minute; without it one every 6 to 15 seconds")
    parser.add_argument("--burst", type=int, default=BURST, help="how many speak at once at the beginning")
    parser.add_argument("--count", type=int, help="stop after this many citizens")
    parser.add_argument("--seed", type=int, help="the same number gives the same crowd")
    options = parser.parse_args()
    if options.rate is not None and options.rate <= 0:
        parser.error("--rate must be more than 0")
    stop = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, lambda _signal, _frame: stop.set())
    url = options.sandbox.rstrip("/")
    stream(url, stop, rate=options.rate, burst=options.burst, seed=options.seed, most=options.count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
