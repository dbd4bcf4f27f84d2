"""The lock that allows one supervisor in a data folder, and the file that lists its children."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from stack.errors import StackError

ROLES = ("web", "worker", "beat", "broker", "database", "sandbox")


@dataclass(frozen=True)
class Running:
    """One process of the system. `started` (seconds since 1970) tells apart processes that reuse a pid."""

    role: str
    pid: int
    started: float

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        try:
            process = psutil.Process(self.pid)
            return process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def _file(folder: Path) -> Path:
    return folder / "run" / "processes.json"


def claim(folder: Path) -> int:
    """Lock the data folder until this process ends. Returns the lock file, which must stay open.

    Raises StackError naming the process that holds the lock.
    """
    lock = os.open(folder / "run" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(lock, 20).decode().strip()
        os.close(lock)
        raise StackError(f"{folder} is in use already, by process {owner}. Stop that one first.") from None
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock


def is_claimed(folder: Path) -> bool:
    """Whether a supervisor runs in `folder`."""
    try:
        lock = os.open(folder / "run" / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def record(folder: Path, pids: Iterable[tuple[str, int]]) -> None:
    """Store the list of running children, each as (role, pid)."""
    rows = []
    for role, pid in pids:
        with suppress(psutil.NoSuchProcess):
            rows.append(asdict(Running(role, pid, psutil.Process(pid).create_time())))
    fresh = _file(folder).with_suffix(".new")
    fresh.write_text(json.dumps(rows))
    fresh.replace(_file(folder))


def recorded(folder: Path) -> list[Running]:
    """The processes stored last, whether they still run or not."""
    try:
        rows = json.loads(_file(folder).read_text())
    except FileNotFoundError:
        return []
    return [Running(**row) for row in rows]


def running(folder: Path) -> list[dict[str, str | int]]:
    """The living processes of the system as `cozum status` shows them: role and pid."""
    living = [process for process in recorded(folder) if process.role in ROLES and process.is_alive]
    return [{"role": process.role, "pid": process.pid} for process in living]


def end_leftovers(folder: Path, *, seconds: float = 15) -> None:
    """Wait for the children of a killed supervisor to end by themselves, then kill the rest.

    Not the database: postgres.wait_for_predecessor waits for it, and it is never killed.
    """
    left = [process for process in recorded(folder) if process.role != "database"]
    give_up = time.monotonic() + seconds
    while any(process.is_alive for process in left) and time.monotonic() < give_up:
        time.sleep(0.1)
    for process in left:
        if process.is_alive:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
