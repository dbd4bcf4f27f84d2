"""The municipality's people in a run: they read what came in, answer it, ask, convert, approve, and word anew
what a platform refused. All through the API, each call with a key, called again until it is answered."""

from __future__ import annotations

import queue
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import requests

from tests.chaos.ledger import Ledger, Promise, Said
from tests.chaos.stream import CHANNELS, Speaker
from tests.chaos.system import System

PATIENCE = 240.0  # seconds until something said must be known here, or the desk gives it up
UNITS = (("fen-isleri", "yol-kaldirim"),)
PHRASES = (
    "Ekibimiz yerinde inceledi, çalışma bugün başlıyor",
    "Bildiriminiz için teşekkür ederiz, sorun giderildi",
    "Konuyu ilgili müdürlüğümüze ilettik",
    "Talebiniz değerlendirildi ve programa alındı",
)
# How many replies each kind of work makes, and how often it is chosen.
WORK = {"answer": (1, 40), "question": (2, 25), "talk": (3, 12), "request": (4, 23)}

Work = tuple[str, str, Callable[[Promise], None] | None]  # kind, channel, whom to tell of the first reply


class Desk:
    """Does the work given to it with several hands."""

    def __init__(self, system: System, ledger: Ledger, speaker: Speaker, *, hands: int) -> None:
        self.system, self.ledger, self.speaker = system, ledger, speaker
        self._work: queue.Queue[Work | None] = queue.Queue()
        self._hands = [
            threading.Thread(target=self._labour, name=f"desk-{n}", daemon=True) for n in range(hands)
        ]
        self._giving_up = threading.Event()
        self._tags = 0
        for hand in self._hands:
            hand.start()

    def give(self, kind: str, channel: str, tell: Callable[[Promise], None] | None = None) -> int:
        """One piece of work; how many replies it makes. `tell` hears of the first, when it is approved."""
        self._work.put((kind, channel, tell))
        return WORK[kind][0]

    def finish(self, seconds: float) -> None:
        """Wait until all work given is done."""
        for _ in self._hands:
            self._work.put(None)
        end = time.monotonic() + seconds
        for hand in self._hands:
            hand.join(max(0.1, end - time.monotonic()))
        if any(hand.is_alive() for hand in self._hands):
            self._giving_up.set()
            self.ledger.trouble("the desk was not done in time")

    def _labour(self) -> None:
        while (work := self._work.get()) is not None:
            kind, channel, tell = work
            try:
                getattr(self, f"_{kind}")(channel, tell)
            except (GaveUp, requests.RequestException, RuntimeError) as error:
                self.ledger.trouble(f"{kind} on {channel}: {type(error).__name__}: {str(error)[:200]}")

    # --- kinds of work ---

    def _answer(self, channel: str, tell: Callable[[Promise], None] | None) -> None:
        said, message = self._heard(channel, self.speaker.citizen())
        self._reply(said, message, [said], tell)

    def _question(self, channel: str, tell: Callable[[Promise], None] | None) -> None:
        """A question and, before it can be out, the answer: one thread, two replies, in this order."""
        said, message = self._heard(channel, self.speaker.citizen())
        self._reply(said, message, [said], tell, question=True)
        self._reply(said, message, [said], None)

    def _talk(self, channel: str, tell: Callable[[Promise], None] | None) -> None:
        """The citizen goes on speaking, and we go on answering."""
        said, message = self._heard(channel, self.speaker.citizen())
        all_said = [said]
        self._reply(said, message, all_said, tell)
        under = said.parent or (None if said.private else said.external_id)
        for _ in range(2):
            more, message = self._heard(channel, said.author, parent=under)
            all_said.append(more)
            self._reply(said, message, all_said, None)

    def _request(self, channel: str, tell: Callable[[Promise], None] | None) -> None:
        """Three citizens on one request: the first is told its number, all are told how it ended."""
        others = [one for one in CHANNELS if one.partition("-")[0] != channel.partition("-")[0]]
        where = [channel, *self.speaker.random(lambda rng: rng.sample(others, 2))]
        heard = [self._heard(one, self.speaker.citizen()) for one in where]
        unit, category = UNITS[0]
        first, first_message = heard[0]
        request = self._do(
            f"/messages/{first_message}/convert", unit=unit, category=category, acknowledge=True
        )
        number = request["number"]
        acknowledged = self._promise(str(number), first, [first], request["replies"][0]["id"])
        if tell is not None:
            tell(acknowledged)
        for _, message in heard[1:]:
            self._do(f"/requests/{number}/messages", message=message)
        self._do(f"/requests/{number}/respond", outcome="positive", text="Yol onarıldı.")
        tag = self._tag()
        approved = self._do(f"/requests/{number}/approve", text=f"{{salutation}} yol onarıldı ({tag}).")
        ids = {message: said for said, message in heard}
        for reply in approved["replies"]:
            if tag in reply["text"]:
                said = ids[reply["message"]]
                self._promise(tag, said, [said], reply["id"])

    # --- its parts ---

    def _heard(self, channel: str, author: str, *, parent: str | None = None) -> tuple[Said, int]:
        """A citizen's words, said now and waited for; with the id they have here."""
        saying, composed = self.speaker.compose(channel, author, plain=True)
        if parent is not None:
            saying["parent"], composed.parent = parent, parent
        (said,) = self.speaker.say((saying, composed))
        platform = self.system.platform_of[channel]
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not self._giving_up.is_set():
            found = self.system.rows(
                "SELECT id FROM message WHERE platform = %s AND external_id = %s AND state IS NOT NULL",
                platform,
                said.external_id,
            )
            if found:
                return said, found[0][0]
            time.sleep(0.3)
        raise GaveUp(f"{said.external_id} ({said.text}) was not seen")

    def _tag(self) -> str:
        with self.ledger.lock:
            self._tags += 1
            return f"y{self._tags:06d}"

    def _promise(self, tag: str, said: Said, targets: Iterable[Said], reply: int, **more: Any) -> Promise:
        return self.ledger.promise(
            Promise(
                tag=tag,
                channel=said.channel,
                author=said.author,
                targets={one.external_id for one in targets},
                conversation=f"{said.channel}|{said.author}",
                place=0,
                replies=[reply],
                **more,
            )
        )

    def _reply(
        self,
        said: Said,
        message: int,
        targets: list[Said],
        tell: Callable[[Promise], None] | None,
        *,
        question: bool = False,
    ) -> None:
        tag = self._tag()
        phrase = self.speaker.random(lambda rng: rng.choice(PHRASES))
        words = {"text": f"{phrase} ({tag}).", "question": question}
        reply = self._do(f"/messages/{message}/answer", **words)
        made = self._promise(tag, said, targets, reply["id"], again={"message": message, **words})
        if tell is not None:
            tell(made)

    def _do(self, path: str, **body: Any) -> Any:
        """One act of the API, which must succeed; asked again with the same key while the web is away."""
        key = uuid.uuid4().hex
        end = time.monotonic() + PATIENCE
        while True:
            why = ""
            try:
                answer = self.system.api("POST", path, body, key=key)
                if answer.status_code in (200, 201):
                    return answer.json()
                why = f"{answer.status_code} {answer.text[:200]}"
                if answer.status_code < 500:
                    raise GaveUp(f"{path}: {why}")
            except (requests.ConnectionError, requests.Timeout) as error:
                why = type(error).__name__
            if time.monotonic() > end or self._giving_up.is_set():
                raise GaveUp(f"{path}: {why}")
            time.sleep(0.3)

    def word_anew(self, promise: Promise) -> bool:
        """What the platform refused is said again, as a person would. False where that cannot be."""
        promise.refused += 1
        if promise.again is None:
            return False
        words = {name: value for name, value in promise.again.items() if name != "message"}
        try:
            reply = self._do(f"/messages/{promise.again['message']}/answer", **words)
        except GaveUp:
            return False
        self.ledger.promised_again(promise, reply["id"])
        return True


class GaveUp(Exception):
    """The runner could not do what it set out to do."""


def plan(rng: random.Random, replies: int, channels: Iterable[str] = CHANNELS) -> list[tuple[str, str]]:
    """Work (kind, channel) that makes at least so many replies."""
    planned: list[tuple[str, str]] = []
    made, where = 0, list(channels)
    kinds, weights = list(WORK), [weight for _, weight in WORK.values()]
    while made < replies:
        kind = rng.choices(kinds, weights)[0]
        planned.append((kind, rng.choice(where)))
        made += WORK[kind][0]
    return planned


def number_in(text: str, tag: str) -> bool:
    """Whether `tag` stands in `text` as a whole word."""
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(tag)}(?![0-9A-Za-z])", text) is not None
