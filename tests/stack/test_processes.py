"""One supervisor a folder, and what is left of one that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack import environment, processes
from stack.errors import StackError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return environment.open_folder(tmp_path / "data")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own that would run for ten minutes."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(command, start_new_session=True) as process:
        yield process
        process.kill()


def test_a_folder_is_claimed_once_and_says_by_whom(folder: Path) -> None:
    assert not processes.is_claimed(folder)
    lock = processes.claim(folder)
    assert processes.is_claimed(folder)

    with pytest.raises(StackError, match=f"in use already, by process {os.getpid()}"):
        processes.claim(folder)

    os.close(lock)
    assert not processes.is_claimed(folder)


def test_only_living_processes_with_a_role_are_shown(folder: Path, child: subprocess.Popen[bytes]) -> None:
    processes.record(folder, [("worker", child.pid), ("citizens", os.getpid())])
    assert processes.running(folder) == [{"role": "worker", "pid": child.pid}]

    child.kill()
    child.wait()

    assert processes.running(folder) == []


def test_a_number_that_was_given_to_another_process_is_not_ours(
    folder: Path, child: subprocess.Popen[bytes]
) -> None:
    started = psutil.Process(child.pid).create_time()
    assert processes.Running("web", child.pid, started).is_alive
    assert not processes.Running("web", child.pid, started - 1).is_alive


def test_what_a_killed_supervisor_left_is_ended_before_the_next_start(
    folder: Path, child: subprocess.Popen[bytes]
) -> None:
    processes.record(folder, [("web", child.pid)])

    processes.end_leftovers(folder, seconds=0.2)

    assert child.wait(timeout=5) < 0


def test_a_database_that_was_left_is_never_killed_hard(folder: Path, child: subprocess.Popen[bytes]) -> None:
    processes.record(folder, [("database", child.pid)])

    processes.end_leftovers(folder, seconds=0.2)

    assert child.poll() is None
