"""What is broken in a run, and how: processes of the system by pid, and the sandbox's own faults.

Only processes of this run's own system are touched: those its supervisor wrote down, and their children.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil
import redis

from tests.chaos.desk import Desk
from tests.chaos.ledger import Fault, Ledger, Promise
from tests.chaos.stream import CHANNELS, DROPPABLE, HANDLES, Speaker
from tests.chaos.system import System

# How often each is chosen in a long run. The sandbox's are named as the sandbox names them.
OF_PROCESSES = {
    "web_killed": 8,
    "worker_killed": 8,
    "worker_stopped_then_killed": 4,
    "pool_process_killed": 12,
    "pool_process_frozen": 6,
    "worker_frozen": 3,
    "beat_killed": 6,
    "broker_killed": 6,
    "broker_flushed": 8,
    "broker_black_hole": 5,
    "database_restarted": 7,
}
OF_SENDS = {
    "accept_then_hang_up": 42,
    "hang": 12,
    "refuse": 6,
    "server_error": 12,
    "html_error": 10,
    "rate_limit": 6,
    "expired_token": 4,
    "revoked_scope": 4,
    "slow": 8,
}
OF_HOOKS = {"duplicate_hook": 12, "late_hook": 8, "out_of_order": 8, "drop_hook": 10}
OF_LISTS = {"late_index": 8}
ALL = {**OF_PROCESSES, **OF_SENDS, **OF_HOOKS, **OF_LISTS}
PROBED_BY_HOOK = ("facebook-belediye", "instagram-baskan", "whatsapp-cozum")
EARLY = ("rate_limit", "worker_frozen", "pool_process_frozen")
"""What takes longest to recover from, so that it must not come last: a minute where Meta paused us."""


@dataclass(frozen=True)
class Lasting:
    """How long the lasting faults last, in seconds, and where a rate limit may strike: Meta's are minutes."""

    limited: tuple[str, ...] = CHANNELS
    frozen: float = 55.0  # longer than lease, wait and looks together: then another worker has sent it
    stopped: float = 4.0  # before it is killed
    black_hole: float = 6.0


class Breaker:
    """Breaks things, one at a time but for those that last; what lasts is mended by a thread of its own."""

    def __init__(
        self,
        system: System,
        ledger: Ledger,
        speaker: Speaker,
        desk: Desk,
        rng: random.Random,
        lasting: Lasting,
        channels: Iterable[str] = CHANNELS,
        pairs: float = 0.4,
    ) -> None:
        self.system, self.ledger, self.speaker, self.desk, self.rng = system, ledger, speaker, desk, rng
        self.lasting, self.channels, self.pairs = lasting, list(channels), pairs
        self._lasting: list[threading.Thread] = []
        self._stopped: set[psutil.Process] = set()  # what stands still by our doing
        self.replies_given = 0

    def run(self, planned: list[str], seconds: float, stopping: threading.Event) -> None:
        """All of `planned`, spread at random over `seconds`."""
        moments = sorted(self.rng.uniform(0, seconds) for _ in planned)
        begun = time.monotonic()
        for kind, moment in zip(planned, moments, strict=True):
            if stopping.wait(max(0.0, begun + moment - time.monotonic())):
                break
            self.break_(kind)

    def break_(self, kind: str) -> None:
        """One fault, with what will show that it is over."""
        if kind in OF_PROCESSES:
            getattr(self, f"_{kind}")(kind)
        else:
            self._of_the_platform(kind)

    def finish(self) -> None:
        """Everything that stands still goes on, and nothing goes wrong any more on the platforms."""
        for thread in self._lasting:
            thread.join(self.lasting.frozen + 20)
        for process in list(self._stopped):
            self._go_on(process)
        for left in self.system.health()["faults"]:
            self.system.control("/faults", channel=left["channel"], fault=left["fault"], times=0)

    # --- the platforms ---

    def _of_the_platform(self, kind: str) -> None:
        where = {"drop_hook": DROPPABLE, "rate_limit": self.lasting.limited, "late_index": HANDLES}.get(
            kind, CHANNELS
        )
        channel = self.rng.choice([one for one in self.channels if one in where])
        self.system.control("/faults", channel=channel, fault=kind, times=1)
        fault = self.ledger.broke(kind, channel)
        if kind in OF_HOOKS or kind in OF_LISTS:
            self._probe(fault, channel)
            return

        def tell(promise: Promise) -> None:
            self.ledger.watch(fault, reply=promise)

        work = "question" if self.rng.random() < self.pairs else "answer"
        self.replies_given += self.desk.give(work, channel, tell)

    def _probe(self, fault: Fault, channel: str | None = None) -> None:
        """Something is said, so that it can be seen when it arrives."""
        where = channel or self.rng.choice(PROBED_BY_HOOK)
        (said,) = self.speaker.say(self.speaker.compose(where, self.speaker.citizen(), plain=True))
        self.ledger.watch(fault, message=(self.system.platform_of[where], said.external_id))

    # --- the processes ---

    def _signal(self, process: psutil.Process, what: signal.Signals) -> bool:
        """psutil looks that it is still this very process, not a later one with its number."""
        with suppress(psutil.NoSuchProcess):
            process.send_signal(what)
            return True
        return False

    def _of_role(self, role: str) -> psutil.Process | None:
        """The process of this role; waited for a little where it is just being started again."""
        end = time.monotonic() + 15
        while time.monotonic() < end:
            if (found := self.system.of_role(role)) is not None:
                return found
            time.sleep(0.1)
        self.ledger.trouble(f"no {role} to break")
        return None

    def _kill(self, kind: str, role: str, what: signal.Signals = signal.SIGKILL) -> None:
        process = self._of_role(role)
        if process is not None and self._signal(process, what):
            self._probe(self.ledger.broke(kind, role))

    def _web_killed(self, kind: str) -> None:
        self._kill(kind, "web")

    def _worker_killed(self, kind: str) -> None:
        self._kill(kind, "worker")

    def _beat_killed(self, kind: str) -> None:
        self._kill(kind, "beat")

    def _broker_killed(self, kind: str) -> None:
        self._kill(kind, "broker")

    def _database_restarted(self, kind: str) -> None:
        """SIGQUIT to the postmaster: an immediate shutdown; the supervisor starts it again, it recovers."""
        self._kill(kind, "database", signal.SIGQUIT)

    def _broker_flushed(self, kind: str) -> None:
        try:
            with self.system.broker() as client:
                client.flushall()
        except redis.RedisError as error:
            self.ledger.trouble(f"not flushed: {type(error).__name__}")
            return
        self._probe(self.ledger.broke(kind, "broker"))

    def _pool(self) -> list[psutil.Process]:
        end = time.monotonic() + 15
        while not (found := self.system.pool()) and time.monotonic() < end:
            time.sleep(0.1)
        return found

    def _pool_process_killed(self, kind: str) -> None:
        """As the kernel ends what takes too much memory; one that talks to a platform, where there is one."""
        pool = self._pool()
        if pool and self._signal(self._busiest(pool), signal.SIGKILL):
            self._probe(self.ledger.broke(kind, "worker"))

    def _busiest(self, pool: list[psutil.Process]) -> psutil.Process:
        """One that talks to the platforms at this moment, if there is one soon."""
        port = int(self.system.sandbox.rpartition(":")[2])
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            for process in self.rng.sample(pool, len(pool)):
                with suppress(psutil.Error):
                    if any(one.raddr and one.raddr.port == port for one in process.net_connections("tcp")):
                        return process
            time.sleep(0.01)
        return self.rng.choice(pool)

    def _pool_process_frozen(self, kind: str) -> None:
        """It stands still for longer than a lease, and goes on where it was; the others go on meanwhile."""
        pool = self._pool()
        if pool:
            self._freeze(kind, self._busiest(pool), self.lasting.frozen)

    def _worker_frozen(self, kind: str) -> None:
        """All of the worker stands still for longer than a lease, and goes on where it was."""
        worker = self._of_role("worker")
        if worker is not None:
            self._freeze(kind, worker, min(self.lasting.frozen, 30.0), [worker, *self.system.pool()])

    def _worker_stopped_then_killed(self, kind: str) -> None:
        worker = self._of_role("worker")
        if worker is not None:
            self._freeze(kind, worker, self.lasting.stopped, [worker, *self.system.pool()], killed=True)

    def _broker_black_hole(self, kind: str) -> None:
        """It takes connections and answers nothing."""
        broker = self._of_role("broker")
        if broker is not None:
            self._freeze(kind, broker, self.lasting.black_hole)

    def _freeze(
        self,
        kind: str,
        process: psutil.Process,
        seconds: float,
        family: list[psutil.Process] | None = None,
        *,
        killed: bool = False,
    ) -> None:
        stopped = [one for one in (family or [process]) if self._signal(one, signal.SIGSTOP)]
        if not stopped:
            return
        self._stopped.update(stopped)
        self._probe(self.ledger.broke(kind, f"{seconds:g} s"))

        def mend() -> None:
            time.sleep(seconds)
            if killed:
                self._signal(process, signal.SIGKILL)
            for one in stopped:
                self._go_on(one)

        thread = threading.Thread(target=mend, name=f"mend-{kind}", daemon=True)
        self._lasting.append(thread)
        thread.start()

    def _go_on(self, process: psutil.Process) -> None:
        self._signal(process, signal.SIGCONT)
        self._stopped.discard(process)


def plan(rng: random.Random, count: int, kinds: Iterable[str] | None = None) -> list[str]:
    """So many faults, of all kinds that can be; those that take long to recover from not among the last."""
    chosen = {kind: ALL[kind] for kind in (kinds or ALL)}
    planned = list(chosen)[:count]
    planned += rng.choices(list(chosen), list(chosen.values()), k=max(0, count - len(planned)))
    early = [kind for kind in planned if kind in EARLY]
    others = [kind for kind in planned if kind not in EARLY]
    rng.shuffle(early)
    rng.shuffle(others)
    last = int(len(planned) * (0.7 if count > 60 else 0.3))
    for position, kind in enumerate(early):
        others.insert(position * last // len(early), kind)
    return others
