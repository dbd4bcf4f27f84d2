"""`python -m sandbox.citizens --sandbox URL`: invented citizens who keep writing in the demo.

It uses the sandbox's control calls only, and continues when the sandbox does not answer for a while.
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
# Relative number of messages by platform.
PLATFORM_WEIGHTS = {"x": 24, "facebook": 30, "instagram": 22, "whatsapp": 24}
PRIVATE_SHARE = 0.12
MENTION_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message, ready for /_control/say."""

    channel: str
    author: str
    text: str
    kind: str | None = None
    picture: bool = False


class Crowd:
    """Chooses who writes what next, by the shares of a real day. The same seed gives the same choices."""

    def __init__(self, channels: list[dict[str, str]], seed: int | None = None) -> None:
        self._channels = channels
        self._dice = random.Random(seed)
        self._unsaid: dict[str, list[str]] = {}

    def next(self) -> list[Spoken]:
        """What the next citizen writes: one message, or several short ones on WhatsApp."""
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
            both = [account["handle"] for account in self._channels if account["platform"] == "x"]
            named = (
                " ".join(f"@{named_handle}" for named_handle in both)
                if self._dice.random() < 0.25
                else f"@{handle}"
            )
            return Spoken(channel["key"], author, f"{named} {text}", kind="mention", picture=picture)
        return Spoken(channel["key"], author, text, picture=picture)

    def _channel(self) -> dict[str, str]:
        """A random channel. The first account of a platform (the institution) counts twice."""
        weights: list[float] = []
        seen: set[str] = set()
        for channel in self._channels:
            platform = channel["platform"]
            weights.append(PLATFORM_WEIGHTS.get(platform, 10) * (1.0 if platform in seen else 2.0))
            seen.add(platform)
        return self._dice.choices(self._channels, weights=weights)[0]

    def _text(self, kind: str) -> str:
        """A random text of the kind. None is repeated before all have been used."""
        if not self._unsaid.get(kind):
            self._unsaid[kind] = self._dice.sample(TEXTS[kind], len(TEXTS[kind]))
        return self._unsaid[kind].pop()

    def pause(self, rate: float | None) -> float:
        """Seconds until the next citizen writes: about 60 / rate, or 6 to 15 without a rate."""
        if rate is not None:
            return self._dice.uniform(0.6, 1.4) * 60 / rate
        return self._dice.uniform(FASTEST_SECONDS, SLOWEST_SECONDS)


def speak(url: str, spoken: Spoken, number: int) -> bool:
    """Post it to the sandbox. False if the sandbox did not answer or refused it."""
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
    """The sandbox's channels. Waits until the sandbox answers; [] if stopped before."""
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
    """Let citizens write until stopped, or until `most` have. Returns the number of accepted messages."""
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
    """Run the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="sandbox.citizens", description="Invented citizens who write on the sandbox."
    )
    parser.add_argument("--sandbox", required=True, help="the sandbox's address")
    parser.add_argument("--rate", type=float, help="citizens a minute; without it one every 6 to 15 seconds")
    parser.add_argument("--burst", type=int, default=BURST, help="how many write at once at the start")
    parser.add_argument("--count", type=int, help="stop after this many citizens")
    parser.add_argument("--seed", type=int, help="the same seed gives the same citizens and texts")
    options = parser.parse_args()
    if options.rate is not None and options.rate <= 0:
        parser.error("--rate must be more than 0")
    stop = threading.Event()
    for handled in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(handled, lambda _signal, _frame: stop.set())
    url = options.sandbox.rstrip("/")
    stream(url, stop, rate=options.rate, burst=options.burst, seed=options.seed, most=options.count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
