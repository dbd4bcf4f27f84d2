"""Each process of the system as a value: command, environment, readiness check and way to stop."""

from __future__ import annotations

import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack import postgres, valkey
from stack.account import SystemAccount

# The highest priority stops first.
PRIORITY = {
    "database": 10,
    "broker": 20,
    "prepare": 30,
    "sandbox": 40,
    "beat": 50,
    "worker": 60,
    "web": 70,
    "citizens": 80,
}


def at_once() -> bool:
    """The readiness check of programs that nothing waits for."""
    return True


@dataclass(frozen=True)
class Program:
    """One process of the system, as the supervisor runs it."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    starting: str
    """Printed at the first start."""
    ready: Callable[[], bool] = at_once
    when_ready: Callable[[], None] | None = None
    patience: str = ""
    """Printed repeatedly while it is not ready."""
    account: SystemAccount | None = None
    once: bool = False
    """It ends by itself, and the next stage waits until it has succeeded."""
    aloud: bool = False
    """Its output goes to the terminal instead of a log."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: int = 10
    death_signal: signal.Signals = signal.SIGKILL
    """The signal it receives when the supervisor is killed."""

    @property
    def priority(self) -> int:
        """Its place in the stopping order; the highest stops first."""
        return PRIORITY[self.name]


def database(server: postgres.Server) -> Program:
    """The embedded PostgreSQL."""
    return Program(
        name="database",
        argv=server.argv(),
        env=server.env(),
        starting="Starting the database (PostgreSQL)",
        ready=lambda: postgres.answers(server),
        when_ready=lambda: postgres.ensure_application(server),
        patience="The database is recovering from an unclean stop; that may take minutes. Waiting.",
        account=server.account,
        stop_signal=postgres.STOP_SIGNAL,
        stop_seconds=120,
        death_signal=postgres.STOP_SIGNAL,
    )


def broker(embedded: valkey.Broker) -> Program:
    """The embedded Valkey."""
    return Program(
        name="broker",
        argv=embedded.argv(),
        env=embedded.env(),
        starting="Starting the broker (Valkey)",
        ready=lambda: valkey.answers(embedded),
        patience="The broker is still loading its data. Waiting.",
        stop_signal=valkey.STOP_SIGNAL,
        stop_seconds=20,
        death_signal=valkey.STOP_SIGNAL,
    )


def prepare(env: Mapping[str, str], *flags: str) -> Program:
    """The step that migrates the schema and loads the city's data."""
    return Program(
        name="prepare",
        argv=[sys.executable, "-m", "stack.prepare", *flags],
        env=env,
        starting="Preparing tables and the city's data",
        once=True,
        aloud=True,
        stop_seconds=5,
    )


def sandbox(env: Mapping[str, str], *, port: int, config: Path, keep: Path) -> Program:
    """The stand-ins for the platforms."""
    argv = [sys.executable, "-m", "sandbox", "--port", str(port), "--config", str(config), "--dir", str(keep)]
    return Program(
        name="sandbox",
        argv=argv,
        env=env,
        starting="Starting the sandbox platforms",
        ready=lambda: answers_http(f"http://127.0.0.1:{port}/"),
        patience="The sandbox does not answer yet. Waiting.",
        stop_seconds=5,
    )


def web(env: Mapping[str, str], *, host: str, port: int) -> Program:
    """Screens, hooks and API. It stops its own workers on SIGTERM, so that is its death signal too."""
    asked = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 (compared, not bound)
    return Program(
        name="web",
        argv=[sys.executable, "-m", "web", "--host", host, "--port", str(port)],
        env=env,
        starting="Starting the web server",
        ready=lambda: answers_http(f"http://{asked}:{port}/healthz"),
        patience="The web server does not answer yet. Waiting.",
        stop_seconds=12,
        death_signal=signal.SIGTERM,
    )


def worker(env: Mapping[str, str]) -> Program:
    """The Celery worker. Its pool processes ask the kernel to end them when it ends.

    Eight processes: polling, reply checks, the heartbeat and the nightly comparison can each hang on a slow
    platform, and half of the pool stays free for arriving hooks and outgoing replies.
    """
    options = ["--queues", "ingest,send,sweep,celery", "--concurrency", "8", "--loglevel", "WARNING"]
    options += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return Program(
        name="worker",
        argv=[sys.executable, "-m", "celery", "-A", "celery_config", "worker", *options],
        env=env,
        starting="Starting the worker",
    )


def beat(env: Mapping[str, str], *, schedule: Path) -> Program:
    """Celery's scheduler. Its schedule file is in the data folder."""
    options = ["--schedule", str(schedule), "--pidfile", "", "--loglevel", "WARNING"]
    return Program(
        name="beat",
        argv=[sys.executable, "-m", "celery", "-A", "celery_config", "beat", *options],
        env=env,
        starting="Starting beat",
        stop_seconds=5,
    )


def citizens(env: Mapping[str, str], *, sandbox_url: str, burst: int) -> Program:
    """Invented citizens who keep writing on the sandbox. `burst` of them write at once at the start."""
    options = ["--sandbox", sandbox_url, "--burst", str(burst)]
    return Program(
        name="citizens",
        argv=[sys.executable, "-m", "sandbox.citizens", *options],
        env=env,
        starting="Starting the invented citizens",
        stop_seconds=5,
    )


def answers_http(url: str) -> bool:
    """Whether a GET of `url` (a server of ours) answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False
