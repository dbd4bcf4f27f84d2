"""One run: start the system, let citizens speak and the desk answer while things break, settle, reckon."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos import desk as desks
from tests.chaos import faults, reckoning, watching
from tests.chaos.desk import Desk
from tests.chaos.faults import Breaker, Lasting
from tests.chaos.ledger import Ledger
from tests.chaos.reckoning import Findings
from tests.chaos.stream import CHANNELS, Speaker, Stream
from tests.chaos.system import System, Waits, running
from tests.chaos.watching import Watcher

Say = Callable[[str], None]
MARGIN = 1.05  # somebody may give up meanwhile: it must not become less than was asked for

# A city's own settings, as its people could make them.
SETTINGS = """
-- A rating is asked in private, where an answer that was lost cannot be looked for: not measured here.
UPDATE city_setting SET value = value || '{"rating_delay_minutes": 20000}' WHERE key = 'city';
-- The sandbox counts no calls, and what is measured is how soon a fault is over, not how calls are spread.
INSERT INTO rate_budget (channel_id, kind, most, seconds, "left", counted_at)
SELECT id, kind, 600, 60, 600, now() FROM channel, (VALUES ('read'), ('send')) AS kinds (kind)
ON CONFLICT (channel_id, kind) DO UPDATE SET most = 600, seconds = 60, "left" = 600;
"""

WHY = {
    "now": "SELECT now()",
    "channels": "SELECT key, paused_until, access_lost_at, next_poll_at, polling_until, last_call_ok_at,"
    " last_error FROM channel",
    "replies": "SELECT reply.id, key, state, attempts, looks, claimed_at, lease_until, not_before,"
    " next_look_at, failure, text FROM reply JOIN channel ON channel.id = channel_id WHERE state <> 'SENT'"
    " AND kind <> 'rating'",
    "bodies": "SELECT id, source, state, attempts, claimed_until, not_before, error FROM raw_event"
    " WHERE state <> 'APPLIED' ORDER BY id LIMIT 200",
    "set aside": "SELECT * FROM set_aside LIMIT 200",
}


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run does. `seconds` is for the stream; settling comes on top, at most `settle` more."""

    seed: int
    messages: int
    replies: int
    faults: int
    seconds: float
    settle: float
    kinds: tuple[str, ...] = ()  # of faults; empty: all
    channels: tuple[str, ...] = CHANNELS  # for replies and their faults
    waits: Waits = Waits()
    lasting: Lasting = Lasting()
    hands: int = 8
    pairs: float = 0.4  # of the replies given to a fault of sends: how many have a second one right behind
    x_hooks: bool = True
    known_bad: str = ""
    before: str = ""  # SQL for the run's database, for a known-bad run
    keep: bool = False


@dataclasses.dataclass
class Result:
    """How a run ended."""

    plan: Plan
    findings: Findings
    ledger: Ledger
    seconds: float
    settled: bool
    left: str
    folder: Path

    @property
    def is_good(self) -> bool:
        """Whether every count is 0."""
        return self.findings.is_clean

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        return {
            "seed": self.plan.seed,
            "known_bad": self.plan.known_bad,
            "seconds": round(self.seconds, 1),
            "settled": self.settled,
            **reckoning.as_json(self.findings),
            "said": len(self.ledger.said),
            "edits": self.ledger.edits,
            "deletions": self.ledger.deletions,
            "batches": self.ledger.batches,
            "approved": len(self.ledger.promises),
            "faults": recovery(self.ledger),
            "troubles": self.ledger.troubles,
        }


def run(plan: Plan, say: Say) -> Result:
    """All of it. Everything that was started is stopped again, whatever happens."""
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="cozum-chaos-"))
    folder.chmod(0o711)
    try:
        port, sandbox_port = _free_ports(2)
        with running(
            folder / "demo",
            plan.waits,
            port=port,
            sandbox_port=sandbox_port,
            x_hooks=plan.x_hooks,
            known_bad=plan.known_bad,
        ) as system:
            say(f"The system runs in {folder} after {time.monotonic() - begun:.0f} s.")
            ledger = Ledger()
            settled, left = _play(system, plan, ledger, say)
            findings = reckoning.reckon(system, ledger)
            if not findings.is_clean or plan.keep:
                _keep(folder, system, findings)
            return Result(plan, findings, ledger, time.monotonic() - begun, settled, left, folder)
    finally:
        if not plan.keep and not (folder / "findings.json").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _play(system: System, plan: Plan, ledger: Ledger, say: Say) -> tuple[bool, str]:
    """Break things while citizens speak and the desk answers; then let it settle."""
    rng = random.Random(plan.seed)
    with system.connect() as connection:
        connection.execute(SETTINGS)
        if plan.before:
            connection.execute(plan.before)
    speaker = Speaker(system, ledger, random.Random(rng.random()))
    desk = Desk(system, ledger, speaker, hands=plan.hands)
    watcher = Watcher(system, ledger, desk)
    planned = faults.plan(rng, plan.faults, plan.kinds or None)
    breaker = Breaker(system, ledger, speaker, desk, random.Random(rng.random()), plan.lasting, plan.channels)
    with_faults = sum(1 + plan.pairs for kind in planned if kind in faults.OF_SENDS)
    work = desks.plan(rng, max(0, int(plan.replies * MARGIN) - int(with_faults)), plan.channels)
    own = len(planned) + int(with_faults) + len(work) * 2  # what faults and desk will have citizens say
    total = max(1, int(plan.messages * MARGIN) - own)
    stream = Stream(speaker, total=total, seconds=plan.seconds, rng=random.Random(rng.random()))
    stopping = threading.Event()
    parts = [
        threading.Thread(target=stream.run, args=(stopping,), name="stream"),
        threading.Thread(target=breaker.run, args=(planned, plan.seconds, stopping), name="breaker"),
        threading.Thread(target=_give, args=(desk, work, plan.seconds, rng.random(), stopping), name="giver"),
    ]
    try:
        for part in parts:
            part.start()
        _report(system, ledger, parts, stream, plan, say)
        say("Nothing more is broken; it settles.")
        end = time.monotonic() + plan.settle
        breaker.finish()
        desk.finish(max(5.0, end - time.monotonic()))
        return _settle(system, ledger, end, say)
    finally:
        stopping.set()
        breaker.finish()
        watcher.stop()


def _give(
    desk: Desk, work: Iterable[tuple[str, str]], seconds: float, seed: float, stop: threading.Event
) -> None:
    """Hand the desk its work, spread at random over nine tenths of the time."""
    rng = random.Random(seed)
    planned = list(work)
    moments = sorted(rng.uniform(0, seconds * 0.9) for _ in planned)
    begun = time.monotonic()
    for (kind, channel), moment in zip(planned, moments, strict=True):
        if stop.wait(max(0.0, begun + moment - time.monotonic())):
            return
        desk.give(kind, channel)


def _report(
    system: System, ledger: Ledger, parts: list[threading.Thread], stream: Stream, plan: Plan, say: Say
) -> None:
    """Say every half minute how far it is, until all parts are done (bounded by twice their time)."""
    begun = time.monotonic()
    following = begun + 30
    while any(part.is_alive() for part in parts):
        if system.process.poll() is not None:
            raise RuntimeError("the system ended by itself")
        if time.monotonic() - begun > plan.seconds * 1.5 + 60:
            ledger.trouble("the stream was not said in time")
            return
        if time.monotonic() >= following:
            following += 30
            say(
                f"  {time.monotonic() - begun:5.0f} s: {len(ledger.said)} said, {len(ledger.promises)}"
                f" approved, {len(ledger.faults)} faults; on its way: {watching.pending(system) or 'nothing'}"
            )
        time.sleep(0.2)


def _settle(system: System, ledger: Ledger, end: float, say: Say) -> tuple[bool, str]:
    """Wait until nothing is on its way and every edge was polled again. Whether that came; what did not.

    Polled twice: the first round may only end a walk that was broken off, and the next begins at the newest.
    """
    since, rounds = datetime.now(UTC), 0
    left: Any = ""
    following = time.monotonic() + 30
    while time.monotonic() < end:
        left = watching.pending(system) or watching.not_polled_since(system, since)
        if not left and rounds == 0:
            since, rounds = datetime.now(UTC), 1
            continue
        if not left:
            left = [one.message for one in ledger.watches if one.message and one.fault.recovered is None]
        if not left:
            time.sleep(1.0)
            if not watching.pending(system):
                return True, ""
        if time.monotonic() >= following:
            following += 30
            say(f"  settling: {left}")
        time.sleep(0.5)
    return False, str(left)


def _keep(folder: Path, system: System, findings: Findings) -> None:
    """What is wrong, and what else helps to see why, beside the logs of the run."""
    seen = {
        name: [[str(value) for value in row] for row in system.rows(query)] for name, query in WHY.items()
    }
    told = {**reckoning.as_json(findings), **seen}
    (folder / "findings.json").write_text(json.dumps(told, ensure_ascii=False, indent=1))


def _free_ports(count: int) -> list[int]:
    """Ports nobody listens on at this moment, each another."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def recovery(ledger: Ledger) -> dict[str, dict[str, Any]]:
    """By kind of fault: how many there were, and the seconds until it was seen to work again."""
    table: dict[str, dict[str, Any]] = {}
    for kind in faults.ALL:
        of_kind = [fault for fault in ledger.faults if fault.kind == kind]
        took = sorted(fault.recovered for fault in of_kind if fault.recovered is not None)
        if of_kind:
            table[kind] = {
                "count": len(of_kind),
                "median": round(took[len(took) // 2], 1) if took else None,
                "worst": round(took[-1], 1) if took else None,
                "unseen": len(of_kind) - len(took),
            }
    return table
