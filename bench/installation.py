"""A throwaway installation for the bench: servers, tables, seven channels, processes as in `cozum up`.

The product is unchanged, except that beat does not run: its tasks once a minute would disturb single rounds.
All servers are embedded, and writes are flushed to disk as in real use.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from bench.bodies import HookSecrets
from inbox import db
from inbox.settings import settings
from stack import child, environment, postgres, programs, stand_ins
from stack.embedded import embedded_postgres, embedded_valkey, fresh_database
from stack.programs import Program

ROOT = Path(__file__).parents[1]
_START_SECONDS = 90.0
_STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Installation:
    """One installation: folder, environment of the processes, ports."""

    folder: Path
    env: Mapping[str, str]
    port: int
    sandbox_port: int

    @property
    def secrets(self) -> HookSecrets:
        """The secrets that its hooks are signed with."""
        shared = stand_ins.secrets(self.folder)
        return HookSecrets(meta=shared.meta_app_secret, x=shared.x_consumer_secret)

    @property
    def database_url(self) -> str:
        """The URL of its database, with the application's role."""
        return self.env["DATABASE_URL"]

    def connect(self, *, as_superuser: bool = False) -> psycopg.Connection[Any]:
        """A connection to its database. A superuser's transactions have no time limit."""
        url = make_url(self.database_url).set(drivername="postgresql")
        if as_superuser:
            url = url.set(username=postgres.SUPERUSER)
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def web(self) -> Program:
        """Its web server, on `port`."""
        return programs.web(self.env, host="127.0.0.1", port=self.port)

    def worker(self, *, pool: int | None = None) -> Program:
        """Its worker, with `pool` processes if given: each takes seconds to warm up."""
        started = programs.worker(self.env)
        fewer = [] if pool is None else ["--concurrency", str(pool)]  # the last --concurrency counts
        return dataclasses.replace(started, argv=[*started.argv, *fewer])

    def platforms(self) -> Program:
        """The sandbox, on `sandbox_port`. It sends its hooks to our web server."""
        sandbox_config, kept = self.folder / environment.SANDBOX, self.folder / "sandbox"
        return programs.sandbox(self.env, port=self.sandbox_port, config=sandbox_config, keep=kept)

    def floor(self, app: str, server: str) -> tuple[Program, int]:
        """A baseline app on its own server, and its port."""
        port = _free_port()
        argv = [sys.executable, "-m", "bench.serve", "--app", app, "--server", server]
        argv += ["--port", str(port)]
        secrets = {"BENCH_META_SECRET": self.secrets.meta, "BENCH_X_SECRET": self.secrets.x}
        started = Program(
            name="web",
            argv=argv,
            env={**self.env, **secrets},
            starting="",
            ready=lambda: _is_open(port),
            stop_seconds=12,
        )
        return started, port

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Use its settings as this process's environment, to call the product's code directly."""
        before = {name: os.environ.get(name) for name in self.env}
        os.environ.update(self.env)
        db.dispose()
        settings.cache_clear()
        try:
            yield
        finally:
            db.dispose()
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            settings.cache_clear()

    @contextmanager
    def running(self, *wanted: Program) -> Iterator[None]:
        """Start the programs in parallel and wait until they are ready; stop them in reverse order."""
        with ExitStack() as stack:
            started = [(program, *stack.enter_context(self._started(program))) for program in wanted]
            for program, process, log in started:
                what = f"{program.name} to start"
                until(lambda p=process, q=program, r=log: _is_up(p, q, r), what, seconds=_START_SECONDS)  # type: ignore[misc]
            yield

    @contextmanager
    def _started(self, program: Program) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
        log = self.folder / "log" / f"{program.name}.log"
        with log.open("ab") as output:
            process = child.start(
                program.argv,
                account=None,
                env={**program.env, "PYTHONPATH": str(ROOT)},
                output=output,
                death_signal=program.death_signal,
            )
        try:
            yield process, log
        finally:
            child.stop(process, (program.stop_signal, _STOP_SECONDS))


def _is_up(process: subprocess.Popen[bytes], program: Program, log: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"{program.name} ended while it was starting:\n{child.last_lines(log)}")
    return program.ready()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def until(reached: Callable[[], object], what: str, *, seconds: float, step: float = 0.05) -> None:
    """Wait until `reached()` is true. Raises TimeoutError naming `what`."""
    end = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(step)


@contextmanager
def installations(folder: Path, *names: str) -> Iterator[list[Installation]]:
    """Installations on one database server, each with its own database and broker.

    The first is prepared as in `cozum demo`; the others are copies of it.
    """
    with ExitStack() as stack:
        url = stack.enter_context(embedded_postgres(folder / "server", throwaway=True, flushed=True))
        made: list[Installation] = []
        for name in names:
            own = folder / name
            template = made[0].database_url if made else None
            if made:
                shutil.copytree(made[0].folder, own, ignore=shutil.ignore_patterns("broker", "log", "run"))
            database = stack.enter_context(fresh_database(url, template=template))
            broker = stack.enter_context(embedded_valkey(own, throwaway=True))
            made.append(_installation(own, database, broker))
            if template is None:
                _prepare(made[0])
        yield made


def _installation(folder: Path, database_url: str, broker_url: str) -> Installation:
    folder = environment.open_folder(folder)
    port, sandbox_port = _free_port(), _free_port()
    given = environment.settings_of(folder, port=port, database_url=database_url, broker_url=broker_url)
    platform_settings = stand_ins.platform_settings(
        stand_ins.secrets(folder), f"http://127.0.0.1:{sandbox_port}"
    )
    return Installation(
        folder, environment.for_demo(os.environ, given | platform_settings), port, sandbox_port
    )


def _prepare(installation: Installation) -> None:
    """Create the tables, the city's data, and the demo's users and credentials."""
    prepared = subprocess.run(
        [sys.executable, "-m", "stack.prepare", "--rehearsal"],
        env={**installation.env, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if prepared.returncode:
        raise RuntimeError(f"the tables could not be prepared:\n{prepared.stdout}{prepared.stderr}")
