"""What the runner did, written down independently of the product.

What it had citizens say, what it had approved, what it broke, and how long each took to be seen again.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Said:
    """One thing the runner made a citizen say."""

    external_id: str
    channel: str
    author: str
    text: str
    private: bool
    number: int
    parent: str | None = None
    at: float = 0.0  # time.monotonic()


@dataclass
class Promise:
    """One reply that was approved: its words hold `tag`, and it must stand under this citizen's words, once.

    `replies` are the product's ids for it: more than one when the platform refused it and it was written
    anew.
    """

    tag: str
    channel: str
    author: str
    targets: set[str]  # external ids of what this citizen said in the thread
    conversation: str  # which replies stand in one order: the thread, as the runner knows it
    place: int  # in the order of approval, over all
    replies: list[int] = field(default_factory=list)
    again: dict[str, Any] | None = None  # how it is said anew after a refusal, where that can be
    refused: int = 0


@dataclass
class Fault:
    """One thing that was broken."""

    kind: str
    where: str
    at: float  # time.monotonic()
    recovered: float | None = None  # seconds from `at`


@dataclass
class Watch:
    """What must be seen before a fault counts as recovered from: a message, or the end of a reply."""

    fault: Fault
    message: tuple[str, str] | None = None  # platform, external id
    reply: Promise | None = None


class Ledger:
    """Everything of one run. Its lists only grow; each is appended to under the lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.said: list[Said] = []
        self.edits = 0
        self.deletions = 0
        self.batches = 0
        self.promises: list[Promise] = []
        self.faults: list[Fault] = []
        self.watches: list[Watch] = []
        self.troubles: list[str] = []  # of the runner itself: what it could not do as planned
        self._places = 0

    def note(self, *said: Said) -> None:
        """These were said."""
        with self.lock:
            self.said += said

    def promise(self, promise: Promise) -> Promise:
        """This was approved just now."""
        with self.lock:
            self._places += 1
            promise.place = self._places
            self.promises.append(promise)
        return promise

    def promised_again(self, promise: Promise, reply: int) -> None:
        """What was refused was approved anew just now."""
        with self.lock:
            self._places += 1
            promise.place = self._places
            promise.replies.append(reply)

    def broke(self, kind: str, where: str) -> Fault:
        """This was broken just now."""
        fault = Fault(kind, where, time.monotonic())
        with self.lock:
            self.faults.append(fault)
        return fault

    def watch(
        self, fault: Fault, *, message: tuple[str, str] | None = None, reply: Promise | None = None
    ) -> None:
        """The fault is recovered from when this is seen."""
        with self.lock:
            self.watches.append(Watch(fault, message, reply))

    def trouble(self, what: str) -> None:
        """The runner could not do what it wanted."""
        with self.lock:
            self.troubles.append(what)
