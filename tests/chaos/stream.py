"""What citizens do in a run: seeded, over all seven channels, in the ways that lose or double messages.

Not everything a platform lets happen can be told to anybody: X and Instagram say nothing of deleted comments,
and a private message whose hook is dropped is gone. The stream keeps to what a platform tells; which channels
may have a hook dropped, and which deletions there are, is settled here.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.chaos import words
from tests.chaos.ledger import Ledger, Said
from tests.chaos.system import System

CHANNELS = (
    "x-belediye",
    "x-baskan",
    "facebook-belediye",
    "facebook-baskan",
    "instagram-belediye",
    "instagram-baskan",
    "whatsapp-cozum",
)
DROPPABLE = ("x-belediye", "x-baskan", "facebook-belediye", "instagram-belediye")
"""Here a hook may be lost: all that is said here can be polled."""
WITH_CHATS = ("facebook-baskan", "instagram-baskan")
TELLING_DELETIONS = ("facebook-baskan", "whatsapp-cozum")
HANDLES = {"x-belediye": "@esenyurtbelediye", "x-baskan": "@esenyurtbaskan"}
TICK = 0.25  # seconds between two bundles of what is said
SOONEST_EDIT = 2.5  # seconds: platforms tell whole seconds, and nobody corrects within one
LOOK_BACK = 400  # so many of the latest messages may still be edited, deleted or answered by citizens


class Speaker:
    """Makes citizens say things and writes them down. Safe for several threads."""

    def __init__(self, system: System, ledger: Ledger, rng: random.Random) -> None:
        self.system, self.ledger = system, ledger
        self._names, self._rng = words.names(rng), rng
        self._lock = threading.Lock()
        self._number = 0
        self.posts: dict[str, list[str]] = {
            channel: [post["external_id"] for post in system.threads(channel)["posts"] if post["is_ours"]]
            for channel in CHANNELS
            if channel != "whatsapp-cozum"
        }

    def citizen(self) -> str:
        """Somebody new."""
        with self._lock:
            return next(self._names)

    def number(self) -> int:
        """The number of one more text."""
        with self._lock:
            self._number += 1
            return self._number

    def random(self, choose: Callable[[random.Random], Any]) -> Any:
        """What `choose` makes of the run's seeded numbers."""
        with self._lock:
            return choose(self._rng)

    def compose(
        self,
        channel: str,
        author: str,
        *,
        parent: str | None = None,
        plain: bool = False,
        first: bool = False,
    ) -> tuple[dict[str, Any], Said]:
        """One thing to be said, not said yet.

        `plain`: in public where the channel has that, under a post of ours. `first`: this citizen said
        nothing yet, and may so be one who hides the number.
        """
        number = self.number()

        def choose(rng: random.Random) -> tuple[dict[str, Any], Said]:
            text = words.complaint(rng, number, long=not plain and rng.random() < 0.03)
            saying: dict[str, Any] = {"channel": channel, "author": author}
            private = channel == "whatsapp-cozum"
            if parent is not None:
                saying["parent"] = parent
            elif channel in WITH_CHATS and not plain and rng.random() < 0.25:
                saying["kind"], private = "dm", True
            elif channel in HANDLES and rng.random() < 0.5:
                named = [HANDLES[channel]]
                if not plain and rng.random() < 0.15:
                    named = list(HANDLES.values())
                text = f"{' '.join(named)} {text}"
                saying["kind"] = "mention"
            elif channel.startswith("facebook") and not plain and rng.random() < 0.02:
                saying["kind"] = "mention"
            elif not private:
                saying["parent"] = rng.choice(self.posts[channel])
            if channel == "whatsapp-cozum" and first and rng.random() < 0.05:
                saying["hide_phone"] = True
            saying["text"] = text
            return saying, Said("", channel, author, text, private, number, saying.get("parent"))

        made: tuple[dict[str, Any], Said] = self.random(choose)
        return made

    def say(self, *composed: tuple[dict[str, Any], Said], together: bool = False) -> list[Said]:
        """All of this is said now."""
        answer = self.system.control(
            "/say_many",
            sayings=[saying for saying, _ in composed],
            **({"together": True} if together else {}),
        )
        said = [one for _, one in composed]
        for one, external_id in zip(said, answer["external_ids"], strict=True):
            one.external_id, one.at = external_id, time.monotonic()
        self.ledger.note(*said)
        return said


class Stream:
    """Says `total` things within `seconds`, with edits, deletions, batches and conversations among them."""

    def __init__(self, speaker: Speaker, *, total: int, seconds: float, rng: random.Random) -> None:
        self.speaker, self.total, self.seconds, self.rng = speaker, total, seconds, rng
        self.done = 0
        self._recent: deque[Said] = deque(maxlen=LOOK_BACK)
        self._regulars: deque[tuple[str, str]] = deque(maxlen=60)  # who may go on speaking, and where
        self._untouchable: set[str] = set()  # deleted, or with something under it

    def run(self, stopping: threading.Event) -> None:
        """Until all is said or a stop is asked for."""
        begun = time.monotonic()
        while self.done < self.total and not stopping.is_set():
            due = min(self.total, int((time.monotonic() - begun) / self.seconds * self.total) + 1)
            if due > self.done:
                self._some(min(due - self.done, 60))
            stopping.wait(TICK)

    def _some(self, count: int) -> None:
        singles = []
        while count > 0:
            if self.rng.random() < 0.03:
                count -= self._together(min(count, self.rng.randint(2, 12)))
            else:
                singles.append(self._one())
                count -= 1
        if singles:
            self._said(self.speaker.say(*singles))
        for _ in range(len(singles)):
            chance = self.rng.random()
            if chance < 0.06:
                self._edit()
            elif chance < 0.09:
                self._delete()

    def _one(self, channel: str | None = None) -> tuple[dict[str, Any], Said]:
        """Somebody new, somebody who spoke before, or an answer to what another citizen said."""
        chance = self.rng.random()
        if channel is None and chance < 0.35 and self._regulars:
            channel, author = self.rng.choice(self._regulars)
            return self.speaker.compose(channel, author)
        where = channel or self.rng.choice(CHANNELS)
        author = self.speaker.citizen()
        if self.rng.random() < 0.4:
            self._regulars.append((where, author))
        if chance > 0.93 and self._recent:
            above = self.rng.choice(self._recent)
            if above.channel == where and not above.private and above.external_id not in self._untouchable:
                self._untouchable.add(above.external_id)
                return self.speaker.compose(where, author, parent=above.external_id)
        return self.speaker.compose(where, author, first=True)

    def _together(self, count: int) -> int:
        """Several at once, told in one body: of two pages, or of one."""
        platform = self.rng.choice(("facebook", "instagram", "whatsapp"))
        channels = [one for one in CHANNELS if one.startswith(platform)]
        self._said(
            self.speaker.say(*(self._one(self.rng.choice(channels)) for _ in range(count)), together=True)
        )
        self.speaker.ledger.batches += 1
        return count

    def _said(self, said: list[Said]) -> None:
        self.done += len(said)
        self._recent.extend(said)

    def _edit(self) -> None:
        if not self._recent:
            return
        chosen = self.rng.choice(self._recent)
        if chosen.external_id in self._untouchable or chosen.channel.startswith("instagram"):
            return
        if time.monotonic() - chosen.at < SOONEST_EDIT:
            return
        self.speaker.ledger.edits += 1
        text = words.correction(chosen.text, self.speaker.ledger.edits)
        self.speaker.system.control(
            "/edit", external_id=chosen.external_id, channel=chosen.channel, text=text
        )
        chosen.text = text

    def _delete(self) -> None:
        if not self._recent:
            return
        chosen = self.rng.choice(self._recent)
        told = chosen.channel in TELLING_DELETIONS and not (
            chosen.private and chosen.channel == "facebook-baskan"
        )
        if not told or chosen.external_id in self._untouchable:
            return
        self._untouchable.add(chosen.external_id)
        self.speaker.ledger.deletions += 1
        self.speaker.system.control("/delete", external_id=chosen.external_id, channel=chosen.channel)
