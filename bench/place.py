"""A municipality for the bench: servers, tables, the seven channels; processes as `cozum up` starts them.

Nothing of the product is changed. Beat is left out: what it starts once a minute would fall into one round
and not into another. All servers are embedded and thrown away, and writes are flushed to disk as in real use.
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
from stack import child, demo, environment, postgres, programs
from stack.embedded import embedded_postgres, embedded_valkey, fresh_database
from stack.programs import Program

ROOT = Path(__file__).parents[1]
_START_SECONDS = 90.0
_STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Installation:
    """One installation: its folder, the environment of its processes, its ports."""

    folder: Path
    env: Mapping[str, str]
    port: int
    sandbox_port: int

    @property
    def secrets(self) -> HookSecrets:
        """What its hooks are signed with."""
        drawn = environment.secrets_of(self.folder)
        return HookSecrets(meta=drawn.meta_app_secret, x=drawn.x_consumer_secret)

    @property
    def database_url(self) -> str:
        """Its database, as the application's own role."""
        return self.env["DATABASE_URL"]

    def connect(self, *, as_superuser: bool = False) -> psycopg.Connection[Any]:
        """A connection to its database; the superuser's transactions may last as long as they need."""
        url = make_url(self.database_url).set(drivername="postgresql")
        if as_superuser:
            url = url.set(username=postgres.SUPERUSER)
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def web(self) -> Program:
        """Its web server, on `port`."""
        return programs.web(self.env, host="127.0.0.1", port=self.port)

    def worker(self, *, pool: int | None = None) -> Program:
        """Its worker, with fewer processes where a `pool` says so: each takes seconds to warm up."""
        started = programs.worker(self.env)
        fewer = [] if pool is None else ["--concurrency", str(pool)]  # the last one given counts
        return dataclasses.replace(started, argv=[*started.argv, *fewer])

    def platforms(self) -> Program:
        """The stand-in platforms, on `sandbox_port`. Their hooks go to our web server."""
        told, kept = self.folder / environment.SANDBOX, self.folder / "sandbox"
        return programs.sandbox(self.env, port=self.sandbox_port, config=told, keep=kept)

    def floor(self, app: str, server: str) -> tuple[Program, int]:
        """A tiny app under a server of its own, and the port."""
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
        """Its settings as this process's own, for calls into the product's code."""
        before = {name: os.environ.get(name) for name in self.env}
        os.environ.update(self.env)
        db.forget()
        settings.cache_clear()
        try:
            yield
        finally:
            db.forget()
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            settings.cache_clear()

    @contextmanager
    def running(self, *wanted: Program) -> Iterator[None]:
        """These programs, started side by side; stopped at the end, the last first."""
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
    """Wait for `reached`. Raises TimeoutError naming `what` was waited for."""
    end = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(step)


@contextmanager
def places(folder: Path, *names: str) -> Iterator[list[Installation]]:
    """Places side by side on one database server, each with a database and a broker of its own.

    The first is prepared as `cozum up` does it; the others are copies of it.
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
            made.append(_place(own, database, broker))
            if template is None:
                _prepare(made[0])
        yield made


def _place(folder: Path, database_url: str, broker_url: str) -> Installation:
    folder = environment.open_folder(folder)
    port, sandbox_port = _free_port(), _free_port()
    given = environment.settings_of(folder, port=port, database_url=database_url, broker_url=broker_url)
    told = demo.platform_settings(environment.secrets_of(folder), f"http://127.0.0.1:{sandbox_port}")
    return Installation(folder, environment.for_demo(os.environ, given | told), port, sandbox_port)


def _prepare(place: Installation) -> None:
    """Tables, the city's data, and the demo's people and credentials."""
    prepared = subprocess.run(
        [sys.executable, "-m", "stack.prepare", "--rehearsal"],
        env={**place.env, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if prepared.returncode:
        raise RuntimeError(f"the tables could not be prepared:\n{prepared.stdout}{prepared.stderr}")
