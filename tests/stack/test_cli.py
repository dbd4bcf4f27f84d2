"""The command line: what it refuses, and how it says so."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from stack import environment, processes
from tests.stack.conftest import COZUM, Start


def cozum(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command and wait for its end."""
    env = {name: value for name, value in os.environ.items() if name not in environment.URLS}
    command = [*COZUM, "--dir", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


def test_a_second_start_in_the_same_folder_is_refused(tmp_path: Path, start: Start) -> None:
    folder = environment.open_folder(tmp_path / "data")
    lock = processes.claim(folder)
    (folder / "demo.json").write_text("{}")

    second = start(folder)

    assert second.process.wait(timeout=180) == 1
    assert f"in use already, by process {os.getpid()}" in second.says()
    assert (folder / "demo.json").exists()
    os.close(lock)


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = cozum(tmp_path / "data", "up", "--port", str(port))

    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert not (tmp_path / "data" / "database").exists()


def test_status_of_a_folder_where_nothing_runs_is_empty_and_needs_a_person(tmp_path: Path) -> None:
    done = cozum(tmp_path / "nothing", "status", "--json")

    assert json.loads(done.stdout)["processes"] == []
    assert done.returncode == 1


@pytest.mark.parametrize("only", ["worker", "web,beat"])
def test_many_machines_need_shared_servers(tmp_path: Path, only: str) -> None:
    done = cozum(tmp_path / "data", "up", "--only", only)

    assert done.returncode == 1
    assert "set DATABASE_URL and BROKER_URL" in done.stderr


def test_an_unknown_process_is_named_with_those_there_are(tmp_path: Path) -> None:
    done = cozum(tmp_path / "data", "up", "--only", "wurker")

    assert done.returncode == 1
    assert "web, worker, beat" in done.stderr
    assert "wurker" in done.stderr
