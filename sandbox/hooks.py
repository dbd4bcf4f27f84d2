"""Delivers hooks as the platforms do: exact bytes, signed, repeated until the product answers 200.

Each channel has its own thread (a lane), so that one account's failures do not delay another's. A failed hook
is retried with growing delays while later ones overtake it: as on the platforms, order is not guaranteed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import requests

from sandbox.batches import merged
from sandbox.config import Config
from sandbox.faults import HOOK_FAULTS, Faults
from sandbox.store import Store

CRC_EVERY_SECONDS = 3600.0
_SURROGATE = re.compile("[\ud800-\udfff]")


def meta_bytes(body: dict[str, Any]) -> bytes:
    """Serialise as Meta does: no spaces, non-ASCII as lower-case \\uXXXX, slashes escaped."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def x_bytes(body: dict[str, Any]) -> bytes:
    """Serialise as X does: no spaces, UTF-8."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return _SURROGATE.sub(lambda lone: f"\\u{ord(lone[0]):04x}", text).encode()


def meta_signature(secret: str, raw: bytes) -> str:
    """The value of `X-Hub-Signature-256` for these bytes."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def x_signature(secret: str, raw: bytes) -> str:
    """The value of `x-twitter-webhooks-signature` for these bytes; also the answer to a CRC."""
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()


@dataclass(slots=True)
class Delivery:
    """One hook that has not been answered 200 yet."""

    id: str
    channel: str
    family: str  # meta | x
    body: str
    due: float  # time.monotonic()
    attempts: int = 0
    waits_for_next: bool = False  # sent after a later hook, at `due` at the latest


class HookSender:
    """Delivers the hooks of all channels. `send` never blocks."""

    def __init__(self, config: Config, faults: Faults, store: Store) -> None:
        self._config = config
        self._faults = faults
        self._store = store
        self._lanes: dict[str, _Lane] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._batches = threading.local()
        self.counts: Counter[str] = Counter()
        self.unsubscribed: set[str] = set()  # channels without hooks
        for key, raw in store.read("hook"):
            raw["due"] = time.monotonic()
            self._lane(raw["channel"]).push(Delivery(**{**raw, "id": key}))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold back what this thread sends in the block, and send it at the end in merged bodies."""
        waiting: list[tuple[str, str, dict[str, Any]]] = []
        self._batches.waiting = waiting
        try:
            yield
        finally:
            self._batches.waiting = None
            for family in dict.fromkeys(family for _, family, _ in waiting):
                of_family = [(channel, body) for channel, its_family, body in waiting if its_family == family]
                for body in merged(body for _, body in of_family):
                    self.send(of_family[0][0], family, body)

    def send(self, channel: str, family: str, body: dict[str, Any], *, after: float = 0.0) -> None:
        """Deliver `body` to the hook of the family (`meta`, `x`), not earlier than in `after` seconds."""
        if not self._config.hook_base_url or channel in self.unsubscribed:
            return
        batch = getattr(self._batches, "waiting", None)
        if batch is not None and not after:
            batch.append((channel, family, body))
            return
        raw = meta_bytes(body) if family == "meta" else x_bytes(body)
        fault = self._faults.take(channel, HOOK_FAULTS)
        if fault == "drop_hook":
            self.counts["dropped"] += 1
            return
        if fault == "late_hook":
            after += self._config.late_hook_seconds
        if fault == "out_of_order":
            after += self._config.out_of_order_seconds
        for _ in range(2 if fault == "duplicate_hook" else 1):
            delivery = Delivery(
                id=uuid.uuid4().hex,
                channel=channel,
                family=family,
                body=raw.decode(),
                due=time.monotonic() + after,
                waits_for_next=fault == "out_of_order",
            )
            self._store.put("hook", delivery.id, asdict(delivery))
            self._lane(channel).push(delivery)

    def pending(self) -> int:
        """The number of hooks that have not been answered 200 yet."""
        with self._lock:
            return sum(lane.pending() for lane in self._lanes.values())

    def challenge(self, family: str) -> bool:
        """Challenge the product's hook, as the platform does at registration. Raises network errors."""
        asked = secrets.token_urlsafe(16)
        config = self._config
        url = f"{config.hook_base_url}/hooks/{family}"
        if family == "x":
            query = {"crc_token": asked, "nonce": secrets.token_urlsafe(8)}
        else:
            query = {
                "hub.mode": "subscribe",
                "hub.verify_token": config.meta_verify_token,
                "hub.challenge": str(secrets.randbelow(2**31)),
            }
        answer = requests.get(url, params=query, timeout=config.hook_timeout_seconds, allow_redirects=False)
        if answer.status_code != 200:
            return False
        if family == "meta":
            return answer.text == query["hub.challenge"]
        try:
            token = answer.json()["response_token"]
        except (ValueError, KeyError, TypeError):
            return False
        return bool(token == x_signature(config.x_consumer_secret, asked.encode()))

    def forget(self) -> None:
        """Drop all undelivered hooks and reset the counters."""
        with self._lock:
            for lane in self._lanes.values():
                lane.clear()
        self.counts.clear()
        self.unsubscribed.clear()

    def stop(self) -> None:
        """Stop all threads. Undelivered hooks stay in the store."""
        self._stopping.set()
        with self._lock:
            for lane in self._lanes.values():
                lane.wake()
        for lane in self._lanes.values():
            lane.thread.join(timeout=self._config.hook_timeout_seconds + 1)

    def _lane(self, channel: str) -> _Lane:
        with self._lock:
            if channel not in self._lanes:
                self._lanes[channel] = _Lane(self, self._config, self._store, self._stopping, channel)
            return self._lanes[channel]


class _Lane:
    """Delivers one channel's hooks, one after another, from its own thread."""

    def __init__(
        self, hooks: HookSender, config: Config, store: Store, stopping: threading.Event, channel: str
    ) -> None:
        self._hooks = hooks
        self._config = config
        self._store = store
        self._stopping = stopping
        self._waiting: list[Delivery] = []
        self._changed = threading.Condition()
        self._session = requests.Session()
        self._session.trust_env = False
        self._crc_passed_at: float | None = None
        self.thread = threading.Thread(target=self._run, name=f"hooks-{channel}", daemon=True)
        self.thread.start()

    def push(self, delivery: Delivery) -> None:
        with self._changed:
            self._waiting.append(delivery)
            self._changed.notify()

    def pending(self) -> int:
        with self._changed:
            return len(self._waiting)

    def clear(self) -> None:
        with self._changed:
            self._waiting.clear()
            self._changed.notify()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _next(self) -> Delivery | None:
        """Wait for the next delivery that is due. None: the sandbox stops."""
        with self._changed:
            while not self._stopping.is_set():
                first = min(self._waiting, key=lambda delivery: delivery.due, default=None)
                pause = None if first is None else first.due - time.monotonic()
                if first is not None and pause is not None and pause <= 0:
                    return first
                self._changed.wait(pause)
        return None

    def _run(self) -> None:
        while (delivery := self._next()) is not None:
            answered = self._try(delivery)
            with self._changed:
                if answered:
                    if delivery in self._waiting:
                        self._waiting.remove(delivery)
                    self._store.drop("hook", delivery.id)
                    for other in self._waiting:
                        if other.waits_for_next:
                            other.due, other.waits_for_next = time.monotonic(), False
                else:
                    delivery.attempts += 1
                    pause = self._config.hook_backoff_seconds * 2 ** min(delivery.attempts - 1, 10)
                    delivery.due = time.monotonic() + min(pause, self._config.hook_backoff_most_seconds)
        self._session.close()

    def _try(self, delivery: Delivery) -> bool:
        """Make one attempt. True if the hook answered 200."""
        raw = delivery.body.encode()
        headers = {"Content-Type": "application/json"}
        if delivery.family == "meta":
            headers["User-Agent"] = "facebookexternalua"
            headers["X-Hub-Signature-256"] = meta_signature(self._config.meta_app_secret, raw)
        else:
            headers["x-twitter-webhooks-signature"] = x_signature(self._config.x_consumer_secret, raw)
        try:
            if delivery.family == "x" and not self._crc_is_valid():
                self._hooks.counts["crc_failed"] += 1
                return False
            answer = self._session.post(
                f"{self._config.hook_base_url}/hooks/{delivery.family}",
                data=raw,
                headers=headers,
                timeout=self._config.hook_timeout_seconds,
                allow_redirects=False,
            )
        except requests.RequestException:
            self._hooks.counts["unreachable"] += 1
            return False
        self._hooks.counts["delivered" if answer.status_code == 200 else "refused"] += 1
        return answer.status_code == 200

    def _crc_is_valid(self) -> bool:
        """Whether the hook passed a challenge (CRC) within the hour: X delivers to no other."""
        now = time.monotonic()
        if self._crc_passed_at is not None and now - self._crc_passed_at < CRC_EVERY_SECONDS:
            return True
        passed = self._hooks.challenge("x")
        self._crc_passed_at = now if passed else None
        return passed
