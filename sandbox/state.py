"""All that one running sandbox is made of, and how a request finds it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import cast

from flask import current_app

from sandbox import seed
from sandbox.access import AccountAccess
from sandbox.clock import Clock
from sandbox.config import Config
from sandbox.faults import Faults
from sandbox.hooks import HookSender
from sandbox.store import Store
from sandbox.world import World


@dataclass(slots=True)
class RateWindow:
    """How often one endpoint was called by one account in the running quarter of an hour."""

    calls: int
    ends_at: float


@dataclass(slots=True)
class Sandbox:
    """One set of stand-in platforms."""

    config: Config
    clock: Clock
    store: Store
    world: World
    faults: Faults
    hooks: HookSender
    stopping: threading.Event = field(default_factory=threading.Event)
    rate_windows: dict[tuple[str, str], RateWindow] = field(default_factory=dict)
    used_nonces: set[tuple[str, str]] = field(default_factory=set)
    subscriptions: dict[str, list[str]] = field(default_factory=dict)  # Meta fields, once changed
    standings: dict[str, AccountAccess] = field(default_factory=dict)  # by channel

    def reset(self) -> None:
        """Forget all that was said, every fault and undelivered hook; the accounts' own posts stand again."""
        with self.world.lock:
            self.faults.clear()
            self.hooks.forget()
            self.clock.shift = timedelta()
            self.rate_windows.clear()
            self.subscriptions.clear()
            self.standings.clear()
            self.world.forget()
            if self.config.seed_posts:
                seed.plant(self.world)

    def standing(self, key: str) -> AccountAccess:
        """How the platform stands towards the account of this channel."""
        return self.standings.setdefault(key, AccountAccess())

    def stop(self) -> None:
        """End the threads and close the file."""
        self.stopping.set()
        self.hooks.stop()
        self.store.close()


def open_sandbox(config: Config, folder: Path | None = None) -> Sandbox:
    """A sandbox as it was left in `folder`, or a fresh one with the accounts' seeded posts."""
    clock = Clock(config.clock_file)
    store = Store(folder)
    faults = Faults()
    world = World(config.channels, clock, store)
    sandbox = Sandbox(
        config=config,
        clock=clock,
        store=store,
        world=world,
        faults=faults,
        hooks=HookSender(config, faults, store),
    )
    if config.seed_posts:
        with world.lock:
            seed.plant(world)
    return sandbox


def here() -> Sandbox:
    """The sandbox that serves the current request."""
    return cast(Sandbox, current_app.extensions["sandbox"])
