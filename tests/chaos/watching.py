"""Watching a run: when is what was broken seen to work again, what was refused, is the pipeline empty."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import datetime
from typing import Any

import psycopg

from connectors import CONNECTORS
from tests.chaos.desk import Desk
from tests.chaos.ledger import Ledger, Promise, Watch
from tests.chaos.system import System

LOOK = 0.3  # seconds between two looks
PERSON = 1.5  # seconds between two looks of a person at what could not be sent

UNFINISHED = ("READY", "SENDING", "UNCERTAIN")


class Watcher:
    """Two threads: one notes when watched things are seen, one words anew what was refused."""

    def __init__(self, system: System, ledger: Ledger, desk: Desk) -> None:
        self.system, self.ledger, self.desk = system, ledger, desk
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, name="watcher", daemon=True),
            threading.Thread(target=self._be_a_person, name="person", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK):
            with suppress(psycopg.Error):
                self._look()

    def _look(self) -> None:
        with self.ledger.lock:
            open_ = [one for one in self.ledger.watches if one.fault.recovered is None]
        if not open_:
            return
        wanted = [one.message for one in open_ if one.message is not None]
        replies = [one.reply.replies[-1] for one in open_ if one.reply is not None]
        with self.system.connect() as connection:
            seen = set(
                connection.execute(
                    "SELECT platform, external_id FROM message WHERE external_id = ANY(%s)",
                    [[external_id for _, external_id in wanted]],
                ).fetchall()
            )
            states = dict(
                connection.execute("SELECT id, state FROM reply WHERE id = ANY(%s)", [replies]).fetchall()
            )
        moment = time.monotonic()
        for one in open_:
            if self._is_over(one, seen, states):
                one.fault.recovered = moment - one.fault.at

    def _is_over(self, watch: Watch, seen: set[Any], states: dict[int, str]) -> bool:
        if watch.message is not None:
            return watch.message in seen
        promise = watch.reply
        if promise is None:
            return False
        state = states.get(promise.replies[-1])
        return state == "SENT" or (state == "FAILED" and promise.again is None)

    def _be_a_person(self) -> None:
        given_up: set[int] = set()
        while not self._stopping.wait(PERSON):
            with suppress(psycopg.Error):
                for promise in self._refused():
                    reply = promise.replies[-1]
                    if reply not in given_up and not self.desk.word_anew(promise):
                        given_up.add(reply)
                        promise.again = None

    def _refused(self) -> list[Promise]:
        with self.ledger.lock:
            latest = {one.replies[-1]: one for one in self.ledger.promises}
        with self.system.connect() as connection:
            failed = connection.execute(
                "SELECT id FROM reply WHERE state = 'FAILED' AND id = ANY(%s)", [list(latest)]
            ).fetchall()
        return [latest[id] for (id,) in failed]


def pending(system: System) -> dict[str, int]:
    """What is still on its way, by where it is; empty when nothing is. What a person must settle is not."""
    found: dict[str, int] = {"hooks": int(system.health()["hooks"]["pending"])}
    rows = system.rows(
        """
        SELECT 'bodies', count(*) FROM raw_event WHERE state = 'PENDING'
        UNION ALL
        SELECT 'replies', count(*) FROM reply JOIN channel ON channel.id = reply.channel_id
        WHERE reply.state IN ('READY', 'SENDING', 'UNCERTAIN') AND reply.kind <> 'rating'
          AND NOT EXISTS (
            SELECT FROM reply AS first
            WHERE first.thread_id = reply.thread_id AND first.id <= reply.id AND first.state = 'UNCERTAIN'
              AND channel.platform = 'whatsapp' AND first.claimed_at < now() - interval '45 seconds')
        """
    )
    found |= {name: int(count) for name, count in rows}
    return {name: count for name, count in found.items() if count}


def not_polled_since(system: System, moment: datetime) -> list[str]:
    """The edges that were not asked for news after `moment`, each as channel and edge."""
    asked = {
        (key, edge): at
        for key, edge, at in system.rows(
            "SELECT channel.key, edge, updated_at FROM channel_cursor JOIN channel ON channel.id = channel_id"
        )
    }
    return [
        f"{key} {edge}"
        for key, platform in system.platform_of.items()
        for edge in CONNECTORS[platform].edges
        if (key, edge) not in asked or asked[key, edge] <= moment
    ]
