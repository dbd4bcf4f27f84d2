"""What a process learns of the one that started it."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

WATCH = """
import os, time
from stack.parent import Parent
parent = Parent.now()
print(os.getpid(), flush=True)
while not parent.gone():
    time.sleep(0.02)
print(parent.gone(), flush=True)
"""


@contextmanager
def watched_by(command: list[str], folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`command`, and the file in which the process below it writes its number and why it must stop."""
    output = folder / "output"
    with output.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        while not output.read_text().endswith("\n"):
            assert process.poll() is None
        yield process, output
    finally:
        watcher = int(output.read_text().splitlines()[0])
        if psutil.pid_exists(watcher):
            psutil.wait_procs([psutil.Process(watcher)], timeout=5)
        if psutil.pid_exists(watcher):
            psutil.Process(watcher).kill()
        process.kill()
        process.wait()


def make(folder: Path) -> list[str]:
    """`make`, whose one target runs the watcher."""
    (folder / "watch.py").write_text(WATCH)
    (folder / "Makefile").write_text(f"watch:\n\t@{shlex.join([sys.executable, 'watch.py'])}\n")
    return ["make", "--silent", "watch"]


def reason(output: Path) -> str:
    """What the watcher said at last."""
    watcher = int(output.read_text().splitlines()[0])
    if psutil.pid_exists(watcher):
        psutil.wait_procs([psutil.Process(watcher)], timeout=5)
    return output.read_text().partition("\n")[2]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_make_keeps_to_itself_is_noticed(tmp_path: Path, number: signal.Signals) -> None:
    with watched_by(make(tmp_path), tmp_path) as (process, output):
        process.send_signal(number)

        assert "make was told to stop" in reason(output)


def test_a_killed_make_is_noticed(tmp_path: Path) -> None:
    with watched_by(make(tmp_path), tmp_path) as (process, output):
        process.kill()

        assert "is gone" in reason(output)


def test_a_killed_shell_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "watch.py").write_text(WATCH)
    shell = ["/bin/sh", "-c", f"{shlex.join([sys.executable, 'watch.py'])}; exit 0"]
    with watched_by(shell, tmp_path) as (process, output):
        process.kill()

        assert "is gone" in reason(output)


def test_a_parent_that_works_on_is_no_reason_to_stop(tmp_path: Path) -> None:
    with watched_by(make(tmp_path), tmp_path) as (process, output):
        process.send_signal(signal.SIGWINCH)
        process.send_signal(signal.SIGCONT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)

        assert output.read_text().count("\n") == 1
