"""The whole system, started and ended in every way a person or a machine may end it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import signal
import termios
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import psycopg
import pytest

from stack.programs import answers_http
from tests.stack.conftest import PATIENCE, Start, System, alive, modes_above, wait_until

# Each test starts a whole system, stops or kills it, and starts another: minutes on a busy machine.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ORDER = ["web", "worker", "beat", "sandbox", "broker", "database"]


def in_a_shell(command: list[str]) -> list[str]:
    """The command below a shell that waits for it, so that the shell is its parent."""
    return ["/bin/sh", "-c", f"{shlex.join(command)}; exit $?"]


def ctrl_c(system: System) -> None:
    os.killpg(system.process.pid, signal.SIGINT)


def ctrl_c_twice(system: System) -> None:
    ctrl_c(system)
    time.sleep(0.5)
    ctrl_c(system)


def kill_supervisor(system: System) -> None:
    system.supervisor().kill()


def kill_parent(system: System) -> None:
    system.process.kill()


def send(number: signal.Signals) -> Callable[[System], None]:
    def to_supervisor(system: System) -> None:
        system.supervisor().send_signal(number)

    return to_supervisor


def stop_order(folder: Path) -> list[str]:
    """In which order the last stop ended the processes, by the supervisor's own log."""
    log = (folder / "log" / "supervisor.log").read_text()
    return re.findall(r"stopped: (\w+)", log)[-len(ORDER) :]


@pytest.fixture(scope="module")
def kept() -> list[int]:
    """What the tests of this module, whose order is not fixed, have written into their one data folder."""
    return []


def find_what_was_kept_and_add(system: System, kept: list[int]) -> None:
    """All that the runs before this one committed is there, however each of them ended."""
    with psycopg.connect(system.settings()["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
        found = [row[0] for row in connection.execute("SELECT number FROM kept ORDER BY number")]
        assert found == kept
        connection.execute("INSERT INTO kept VALUES (%s)", [len(kept)])
    kept.append(len(kept))


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(ctrl_c, id="ctrl-c"),
        pytest.param(ctrl_c_twice, id="ctrl-c twice"),
        pytest.param(send(signal.SIGTERM), id="SIGTERM"),
        pytest.param(send(signal.SIGHUP), id="SIGHUP"),
    ],
)
def test_every_signal_stops_all_in_order_and_leaves_nothing(
    start: Start, closed_folder: Path, kept: list[int], end: Callable[[System], None]
) -> None:
    before = modes_above(closed_folder.parent)
    began = time.monotonic()
    system = start(closed_folder, start_new_session=True)
    system.wait_until_up()
    start_took = time.monotonic() - began
    family = system.family()
    find_what_was_kept_and_add(system, kept)
    began = time.monotonic()

    end(system)

    assert system.process.wait(timeout=PATIENCE) == 0
    assert time.monotonic() - began < max(15, start_took), "a busy machine stops no slower than it starts"
    assert alive(family) == []
    assert stop_order(closed_folder) == ORDER
    assert not system.card.exists()
    assert modes_above(closed_folder.parent) == before


@pytest.mark.parametrize(
    "end", [pytest.param(kill_supervisor, id="supervisor"), pytest.param(kill_parent, id="its parent")]
)
def test_a_hard_kill_leaves_no_process_and_the_next_start_recovers(
    start: Start, closed_folder: Path, kept: list[int], end: Callable[[System], None]
) -> None:
    before = modes_above(closed_folder.parent)
    system = start(closed_folder, around=in_a_shell)
    system.wait_until_up()
    family = system.family()
    find_what_was_kept_and_add(system, kept)

    end(system)

    wait_until(lambda: not alive(family), f"nothing is left of {family}")
    assert modes_above(closed_folder.parent) == before
    again = start(closed_folder)
    again.wait_until_up()
    find_what_was_kept_and_add(again, kept)


def test_a_closed_terminal_stops_all(start: Start, closed_folder: Path) -> None:
    terminal, inner = pty.openpty()

    def take_terminal() -> None:
        fcntl.ioctl(inner, termios.TIOCSCTTY, 0)

    system = start(
        closed_folder,
        around=in_a_shell,
        start_new_session=True,
        preexec_fn=take_terminal,
        stdin=inner,
        stdout=inner,
        stderr=inner,
    )
    os.close(inner)
    system.wait_until_up()
    family = system.family()

    os.close(terminal)

    wait_until(lambda: not alive(family), f"nothing is left of {family}")
    assert stop_order(closed_folder) == ORDER


def _runs_anew(system: System, role: str, pid: int) -> bool:
    return system.pids().get(role, pid) != pid


def test_what_dies_is_started_again_and_said(start: Start, open_folder: Path) -> None:
    system = start(open_folder)
    system.wait_until_up()
    first = system.pids()
    assert set(first) == set(ORDER)
    quiet = system.says()
    wait_until(lambda: psutil.Process(first["worker"]).children(), "the worker has its pool")
    worker = [psutil.Process(first["worker"]), *psutil.Process(first["worker"]).children(recursive=True)]

    for role, pid in first.items():
        os.kill(pid, signal.SIGKILL)
        wait_until(partial(_runs_anew, system, role, pid), f"{role} runs again")

    wait_until(lambda: answers_http(f"http://127.0.0.1:{system.port}/healthz"), "the web answers again")
    said = system.says().removeprefix(quiet)
    assert [role for role in first if f"{role} (process {first[role]}) ended" in said] == list(first)
    assert alive(worker) == []


def test_two_systems_live_side_by_side(start: Start, closed_folder: Path, open_folder: Path) -> None:
    one, other = start(closed_folder), start(open_folder)
    one.wait_until_up()
    other.wait_until_up()
    assert not set(one.pids().values()) & set(other.pids().values())

    one.supervisor().terminate()

    assert one.process.wait(timeout=PATIENCE) == 0
    assert answers_http(f"http://127.0.0.1:{other.port}/healthz")
    assert set(other.pids()) == set(ORDER)


def test_a_hard_killed_start_leaves_no_process(start: Start, open_folder: Path) -> None:
    system = start(open_folder)
    wait_until(lambda: "Preparing" in system.says(), "it is half way")
    family = system.family()

    system.supervisor().kill()

    wait_until(lambda: not alive(family), f"nothing is left of {family}")
    assert not system.card.exists()
