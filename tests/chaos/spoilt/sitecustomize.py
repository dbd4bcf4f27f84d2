"""Spoils one thing of the product in every process that finds this file on its path: the known-bad runs.

Python imports it by itself before anything else. It waits for one module of the product to be imported and
changes it, as CHAOS_KNOWN_BAD names; the product itself knows nothing of this. What each switch shows is
written in tests/chaos/known_bad.py.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def cursor_early(polling: Any) -> None:
    """The cursor is kept at once, the body ten seconds later: who dies in between has lost it.

    What X may show late is not asked for again either, or the next page would bring it back.
    """
    sys.modules["connectors.x.calls"]._OVERLAP = timedelta(0)  # type: ignore[attr-defined]

    def store(session: Any, channel_id: int, edge: str, page: Any) -> int:
        cursor = polling._cursor(session, channel_id, edge)
        fresh = cursor.last_digest != page.digest
        cursor.cursor, cursor.last_digest, cursor.updated_at = page.cursor, page.digest, polling.now()
        if fresh:
            source = f"poll:{session.get_one(polling.Channel, channel_id).key}:{edge}"

            def later() -> None:
                with polling.transaction() as session:
                    polling.ingest.store_raw_event(session, source, page.body, digest=page.digest)

            threading.Timer(10.0, later).start()
        return int(fresh)

    polling._store = store


def lock_not_key(facts: Any) -> None:
    """A message is looked for and then stored, under a lock of this process, not by a unique key."""
    into, lock = facts.insert, threading.Lock()

    class Unchecked(type(into(facts.Message))):  # type: ignore[misc]
        inherit_cache = False

        def on_conflict_do_nothing(self, **_: Any) -> Any:
            with lock:
                time.sleep(0.1)  # as long as it takes when there is more to do than here
            return self

    facts.insert = lambda table: Unchecked(table) if table is facts.Message else into(table)


def no_order(sending: Any) -> None:
    """No earlier reply of a thread holds back a later one."""
    sending.exists = lambda *_: sending.select(1).where(sending.Channel.id < 0).exists()


def retry_maybe_sent(sending: Any) -> None:
    """What may be public is sent again, as if it surely were not."""
    _instead(sending, lambda maybe, reply_id: sending.NotSent(maybe.failure, maybe.words, retry_after=1))


def believe_maybe_sent(sending: Any) -> None:
    """What may be public is taken for public."""
    _instead(sending, lambda maybe, reply_id: sending.Sent(f"believed-{reply_id}"))


def _instead(sending: Any, outcome_of: Callable[[Any, int], Any]) -> None:
    as_it_is = sending.record_outcome

    def record(session: Any, reply_id: int, claimed_version: int, outcome: Any) -> Any:
        if isinstance(outcome, sending.MaybeSent):
            outcome = outcome_of(outcome, reply_id)
        return as_it_is(session, reply_id, claimed_version, outcome)

    sending.record_outcome = record


def wrong_thread(groups: Any) -> None:
    """A reply is written to the citizen who commented before."""
    as_it_is = groups.latest

    def latest(session: Any, message: Any) -> Any:
        right = as_it_is(session, message)
        other = session.scalars(
            groups.select(groups.Message)
            .where(
                groups.Message.channel_id == right.channel_id,
                groups.Message.kind == right.kind,
                groups.Message.author_id != right.author_id,
                groups.Message.is_ours.is_(False),
                groups.Message.deleted_at.is_(None),
                groups.Message.id < right.id,
            )
            .order_by(groups.Message.id.desc())
            .limit(1)
        ).first()
        return right if other is None else other

    groups.latest = latest


def no_look(dispatch: Any) -> None:
    """Nobody looks for what may be public."""
    dispatch.look_for_uncertain = lambda: 0


SPOILS: dict[str, tuple[str, Callable[[Any], None]]] = {
    "cursor-early": ("worker.polling", cursor_early),
    "lock-not-key": ("inbox.ingest.facts", lock_not_key),
    "no-order": ("inbox.replies.sending", no_order),
    "retry-maybe-sent": ("inbox.replies.sending", retry_maybe_sent),
    "believe-maybe-sent": ("inbox.replies.sending", believe_maybe_sent),
    "wrong-thread": ("inbox.conversations.groups", wrong_thread),
    "no-look": ("worker.dispatch", no_look),
}


class _SpoiltLoader(Loader):
    def __init__(self, real: Loader, spoil: Callable[[Any], None]) -> None:
        self._real, self._spoil = real, spoil

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._real.exec_module(module)
        self._spoil(module)


class _Finder(MetaPathFinder):
    def __init__(self, name: str, spoil: Callable[[Any], None]) -> None:
        self._name, self._spoil = name, spoil

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        for finder in sys.meta_path:
            found = None if finder is self else finder.find_spec(fullname, path, target)
            if found is not None and found.loader is not None:
                found.loader = _SpoiltLoader(found.loader, self._spoil)
                return found
        return None


if (wanted := os.environ.get("CHAOS_KNOWN_BAD", "")) != "":
    sys.meta_path.insert(0, _Finder(*SPOILS[wanted]))
