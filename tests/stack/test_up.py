"""`cozum up`: the system for real use."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from stack import environment
from stack.embedded import fresh_database
from stack.programs import answers_http
from tests.stack.conftest import COZUM, alive, free_ports, remove, wait_until


@contextmanager
def up(folder: Path, *arguments: str, env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`cozum up` and the file of what it says."""
    output = folder.with_name("output")
    inherited = {name: value for name, value in os.environ.items() if name not in environment.URLS}
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [*COZUM, "--dir", str(folder), "up", *arguments],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=inherited | env,
        )
    try:
        yield process, output
    finally:
        process.terminate()
        process.wait(60)


def roles(folder: Path) -> set[str]:
    """The roles that `cozum status` names."""
    command = [*COZUM, "--dir", str(folder), "status", "--json"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return {one["role"] for one in json.loads(answer.stdout)["processes"]}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    remove(tmp_path / "data")


def test_without_urls_the_system_brings_its_own_servers(folder: Path) -> None:
    [port] = free_ports(1)
    with up(folder, "--port", str(port), env={}) as (process, output):
        wait_until(lambda: f"Çözüm is running: http://127.0.0.1:{port}" in output.read_text(), "it runs")
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]

        assert answers_http(f"http://127.0.0.1:{port}/healthz")
        assert roles(folder) == {"database", "broker", "web", "worker", "beat"}
        process.send_signal(signal.SIGHUP)
        assert process.wait(timeout=30) == 0

    assert alive(family) == []


def test_with_urls_only_the_chosen_processes_run_on_them(
    folder: Path, database_url: str, broker_url: str
) -> None:
    with fresh_database(database_url) as url:
        own = {"DATABASE_URL": url, "BROKER_URL": broker_url}
        with up(folder, "--only", "worker,beat", env=own) as (_, output):
            wait_until(lambda: "Running: worker, beat." in output.read_text(), "they run")

            assert roles(folder) == {"worker", "beat"}
            told = json.loads((folder / "run" / "environment.json").read_text())
            assert own.items() <= told.items()
            assert not (folder / "database").exists()


def test_a_schema_that_cannot_be_prepared_ends_the_start_with_its_reason(
    folder: Path, broker_url: str
) -> None:
    own = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "BROKER_URL": broker_url}
    with up(folder, "--only", "worker", env=own) as (process, output):
        assert process.wait(timeout=60) == 1

    assert "Preparing tables and the city's data failed" in output.read_text()
    assert "127.0.0.1" in output.read_text()
