"""The parts of one running sandbox."""

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
    """One account's calls of one endpoint in the current 15 minutes."""

    calls: int
    ends_at: float


@dataclass(slots=True)
class Sandbox:
    """One set of simulated platforms."""

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
    accesses: dict[str, AccountAccess] = field(default_factory=dict)  # by channel

    def reset(self) -> None:
        """Delete all entries, faults and undelivered hooks, and add the seeded posts again."""
        with self.world.lock:
            self.faults.clear()
            self.hooks.forget()
            self.clock.shift = timedelta()
            self.rate_windows.clear()
            self.subscriptions.clear()
            self.accesses.clear()
            self.world.forget()
            if self.config.seed_posts:
                seed.add_posts(self.world)

    def access_of(self, key: str) -> AccountAccess:
        """The access that the platform grants to this channel's account."""
        return self.accesses.setdefault(key, AccountAccess())

    def stop(self) -> None:
        """Stop the threads and close the store."""
        self.stopping.set()
        self.hooks.stop()
        self.store.close()


def open_sandbox(config: Config, folder: Path | None = None) -> Sandbox:
    """Open the sandbox stored in `folder`, or a new one with the seeded posts."""
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
            seed.add_posts(world)
    return sandbox


def current_sandbox() -> Sandbox:
    """The sandbox that serves the current request."""
    return cast(Sandbox, current_app.extensions["sandbox"])
