"""Whole systems, started as a person starts them: by the command, as processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from stack import postgres

COZUM = [sys.executable, "-c", "from stack.cli import main; main()"]
PATIENCE = 180.0  # what a start may take on a machine that does much else


def wait_until(true: Callable[[], object], what: str, *, seconds: float = PATIENCE) -> None:
    """Wait for something to become true; fail, naming it, when it does not."""
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, f"waited {seconds} seconds in vain: {what}"
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on at this moment."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@dataclass
class System:
    """One running demo: the process that was started, and what it says."""

    folder: Path
    process: subprocess.Popen[bytes]
    output: Path
    port: int
    began: float

    @property
    def card(self) -> Path:
        """The file that is written last."""
        return self.folder / "demo.json"

    def says(self) -> str:
        """All that the terminal showed so far."""
        return self.output.read_text(errors="replace")

    def supervisor(self) -> psutil.Process:
        """The process that watches over the others."""
        return psutil.Process(int((self.folder / "run" / "supervisor.pid").read_text()))

    def family(self) -> list[psutil.Process]:
        """The supervisor and everything below it."""
        supervisor = self.supervisor()
        return [supervisor, *supervisor.children(recursive=True)]

    def pids(self) -> dict[str, int]:
        """Who runs, as `cozum status --json` tells."""
        command = [*COZUM, "--dir", str(self.folder), "status", "--json"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        return {one["role"]: one["pid"] for one in json.loads(answer.stdout)["processes"]}

    def settings(self) -> dict[str, str]:
        """The environment of its children."""
        found: dict[str, str] = json.loads((self.folder / "run" / "environment.json").read_text())
        return found

    def wait_until_up(self) -> None:
        """Until this start wrote its card (one of a killed start may still lie there)."""

        def up() -> bool:
            assert self.process.poll() is None, f"it ended:\n{self.says()}"
            return self.card.exists() and self.card.stat().st_mtime >= self.began

        wait_until(up, "the demo runs")


def alive(family: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that still run, zombies aside (this process may be their parent)."""
    left = []
    for one in family:
        with suppress(psutil.NoSuchProcess):
            if one.is_running() and one.status() != psutil.STATUS_ZOMBIE:
                left.append(one)
    return left


Start = Callable[..., System]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a demo in a folder; `around` puts its command into another one, `popen` goes to Popen."""
    systems: list[System] = []

    def begin(folder: Path, *, around: Callable[[list[str]], list[str]] = list, **popen: object) -> System:
        port, sandbox_port = free_ports(2)
        command = [*COZUM, "--dir", str(folder), "demo", "--port", str(port)]
        command += ["--sandbox-port", str(sandbox_port), "--no-stream"]
        output, began = tmp_path / f"output-{len(systems)}", time.time()
        with output.open("wb") as stream:
            options = {"stdout": stream, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL} | popen
            process = subprocess.Popen(around(command), **options)  # type: ignore[call-overload]
        system = System(folder, process, output, port, began)
        systems.append(system)
        return system

    yield begin
    for system in systems:
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            family = system.family()
            family[0].send_signal(signal.SIGTERM)
            psutil.wait_procs(family, timeout=PATIENCE)
        if system.process.poll() is None:
            system.process.kill()
        system.process.wait()


def remove(folder: Path) -> None:
    """A data folder with all of it, also what lies elsewhere."""
    postgres.discard(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def closed_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder below one that only its owner may enter; it lives through the tests of one module."""
    above = tmp_path_factory.mktemp("closed")
    above.chmod(0o700)
    folder = above / "demo"
    yield folder
    if folder.exists():
        remove(folder)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A data folder that everybody may walk to."""
    above = Path(tempfile.mkdtemp(prefix="cozum-open-", dir="/tmp"))
    above.chmod(0o755)
    yield above / "demo"
    if (above / "demo").exists():
        remove(above / "demo")
    shutil.rmtree(above)


def modes_above(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Mode and owners of every folder from `folder` up to the root, and of the checkout's and the home's."""
    starts = (folder, Path.cwd(), Path(sys.executable), Path(os.path.expanduser("~")))
    places = {above for one in starts for above in (one, *one.parents) if above.exists()}
    return {str(one): (one.stat().st_mode, one.stat().st_uid, one.stat().st_gid) for one in sorted(places)}


@pytest.fixture(autouse=True)
def _signals_as_in_a_terminal() -> Iterator[None]:
    """Tests run in the background ignore SIGINT and SIGHUP, and what they start would inherit that."""
    numbers = (signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number in numbers:
        signal.signal(number, before[number])
