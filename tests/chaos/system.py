"""The system under test, started as `cozum demo` starts it, with the product's waits shortened by settings.

`python -m tests.chaos.system --dir DIR …` is the process of the supervisor; `System` is how the runner drives
it: its addresses, its processes by role, its database. Nothing of the product is changed but by settings;
with `--known-bad` its processes load tests/chaos/spoilt/sitecustomize.py, which spoils one thing on purpose.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
import psutil
import psycopg
import redis
import requests

from stack import demo, environment, postgres, processes, programs, stand_ins, supervisor
from stack.parent import Parent
from stack.programs import Program
from stack.up import embedded

ROOT = Path(__file__).parents[2]
SPOILT = Path(__file__).parent / "spoilt"
START_SECONDS = 120.0
STOP_SECONDS = 90.0


@dataclasses.dataclass(frozen=True)
class Waits:
    """How long the product and the platforms wait, in seconds: short, so that recovery fits into minutes."""

    sweep: float = 3.0
    poll: float = 30.0
    lease: float = 20.0  # on a send
    uncertain: float = 20.0  # before absence may be believed
    hang: float = 5.0  # of the sandbox, before it closes the connection
    rate_limit: float = 8.0  # what X tells a caller it refused; Meta counts in minutes
    late_hook: float = 4.0

    def settings(self) -> dict[str, str]:
        """As the environment of the product says them."""
        return {
            "COZUM_SWEEP_SECONDS": str(self.sweep),
            "COZUM_POLL_SECONDS": str(self.poll),
            "COZUM_SEND_LEASE_SECONDS": str(self.lease),
            "COZUM_UNCERTAIN_WAIT_SECONDS": str(self.uncertain),
        }

    def of_the_sandbox(self) -> dict[str, Any]:
        """As the sandbox is told."""
        return {
            "hang_seconds": self.hang,
            "rate_limit_seconds": self.rate_limit,
            "slow_seconds": 2.0,
            "late_hook_seconds": self.late_hook,
            "out_of_order_seconds": 4.0,
            "hook_backoff_seconds": 1.0,
            "hook_backoff_most_seconds": 8.0,
        }


# --- the process of the supervisor -------------------------------------------------------------------


@click.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), required=True)
@click.option("--port", type=int, required=True)
@click.option("--sandbox-port", type=int, required=True)
@click.option("--waits", required=True, help="As JSON, what `Waits` holds.")
@click.option("--x-hooks/--no-x-hooks", default=True)
@click.option("--known-bad", default="")
def main(folder: Path, port: int, sandbox_port: int, waits: str, x_hooks: bool, known_bad: str) -> None:
    """Run the system until told to stop; DIR/demo.json stands while it is up."""
    parent = Parent.now()
    folder = environment.open_folder(folder)
    lock = processes.claim(folder)
    card = folder / "demo.json"
    servers, urls = embedded(folder, {})
    shared = stand_ins.secrets(folder)
    short = Waits(**json.loads(waits))
    web_url, sandbox_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}"
    settings = environment.settings_of(
        folder, port=port, database_url=urls["DATABASE_URL"], broker_url=urls["BROKER_URL"]
    )
    env = environment.for_demo(
        os.environ, settings | stand_ins.platform_settings(shared, sandbox_url) | short.settings()
    )
    environment.publish(folder, env)
    env["PYTHONPATH"] = str(ROOT)  # this checkout, also where another one is installed
    spoilt = {**env, "PYTHONPATH": f"{SPOILT}:{ROOT}", "CHAOS_KNOWN_BAD": known_bad} if known_bad else env

    def shorten_the_platforms() -> None:
        told = folder / environment.SANDBOX
        config = {**json.loads(told.read_text()), **short.of_the_sandbox(), "x_hooks": x_hooks}
        environment.write_private(told, config)

    def when_up() -> None:
        told = json.loads((folder / environment.REHEARSAL).read_text())
        environment.write_private(card, demo.demo_card(shared, told, web_url, sandbox_url))

    course = supervisor.Course(
        folder=folder,
        stages=[
            *([server] for server in servers),
            [dataclasses.replace(programs.prepare(env, "--rehearsal"), when_ready=shorten_the_platforms)],
            [
                programs.sandbox(
                    env, port=sandbox_port, config=folder / environment.SANDBOX, keep=folder / "sandbox"
                )
            ],
            [
                programs.web(spoilt, host="127.0.0.1", port=port),
                programs.worker(spoilt),
                programs.beat(spoilt, schedule=folder / "run" / "beat-schedule"),
            ],
        ],
        when_up=when_up,
        when_stopping=lambda: card.unlink(missing_ok=True),
    )
    code = supervisor.run(course, parent)
    os.close(lock)
    raise SystemExit(code)


# --- as the runner sees it -----------------------------------------------------------------------------


class System:
    """A running system: its web, its platforms, its processes and its rows."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder, self.process = folder, process
        told = json.loads((folder / "demo.json").read_text())
        self.web: str = told["web"].rstrip("/")
        self.sandbox: str = told["sandbox"].rstrip("/")
        self.token: str = told["api_token"]
        self.platform_of: dict[str, str] = {one["key"]: one["platform"] for one in told["channels"]}
        published = json.loads((folder / "run" / "environment.json").read_text())
        self.database_url: str = published["DATABASE_URL"]
        self.broker_url: str = published["BROKER_URL"]
        self._sessions = threading.local()

    # --- its web and its platforms ---

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = requests.Session()
            session.trust_env = False
        return session

    def api(self, method: str, path: str, body: Any = None, *, key: str = "") -> requests.Response:
        """One call of the JSON API. Raises requests.RequestException while the web is down."""
        headers = {"Authorization": f"Bearer {self.token}", **({"Idempotency-Key": key} if key else {})}
        return self._session().request(
            method, f"{self.web}/api/v1{path}", json=body, headers=headers, timeout=15
        )

    def control(self, path: str, **body: Any) -> Any:
        """One control call of the sandbox, which must succeed."""
        answer = self._session().post(f"{self.sandbox}/_control{path}", json=body, timeout=60)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} of the sandbox: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    def threads(self, channel: str) -> Any:
        """The public truth of one channel."""
        answer = self._session().get(
            f"{self.sandbox}/_control/threads", params={"channel": channel}, timeout=120
        )
        answer.raise_for_status()
        return answer.json()

    def health(self) -> Any:
        """How the sandbox's hooks are doing."""
        answer = self._session().get(f"{self.sandbox}/_control/health", timeout=30)
        answer.raise_for_status()
        return answer.json()

    # --- its rows ---

    def connect(self) -> psycopg.Connection[Any]:
        """A connection to the system's own database. Raises psycopg.OperationalError while it is down."""
        return psycopg.connect(self.database_url, autocommit=True, connect_timeout=3)

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What a query answers, asked again while the database is down (at most half a minute)."""
        end = time.monotonic() + 30
        while True:
            try:
                with self.connect() as connection:
                    return connection.execute(query, values).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def broker(self) -> redis.Redis:
        """A connection to the system's own broker."""
        return redis.Redis.from_url(
            self.broker_url.replace("redis+socket://", "unix://"), socket_timeout=3, socket_connect_timeout=3
        )

    # --- its processes ---

    def of_role(self, role: str) -> psutil.Process | None:
        """The process of this role, None while it is being started again."""
        with suppress(psutil.NoSuchProcess, ValueError):
            for one in processes.recorded(self.folder):
                if one.role == role and one.is_alive:
                    return psutil.Process(one.pid)
        return None

    def pool(self) -> list[psutil.Process]:
        """The worker's pool processes."""
        with suppress(psutil.Error):
            worker = self.of_role("worker")
            return worker.children() if worker is not None else []
        return []

    def log(self, name: str) -> str:
        """What a process of the system wrote."""
        file = self.folder / "log" / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""


@contextmanager
def running(
    folder: Path, waits: Waits, *, port: int, sandbox_port: int, x_hooks: bool = True, known_bad: str = ""
) -> Iterator[System]:
    """A system of its own, stopped and its database removed at the end, whatever happens."""
    argv = [sys.executable, "-m", "tests.chaos.system", "--dir", str(folder), "--port", str(port)]
    argv += ["--sandbox-port", str(sandbox_port), "--waits", json.dumps(dataclasses.asdict(waits))]
    argv += ["--x-hooks" if x_hooks else "--no-x-hooks", "--known-bad", known_bad]
    log = folder.with_name(f"{folder.name}.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv,
            cwd=ROOT,
            env=_clean(os.environ),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + START_SECONDS
        while not (folder / "demo.json").exists():
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the system did not start:\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.1)
        yield System(folder, process)
    finally:
        _stop(process)
        postgres.discard(folder)


def _clean(given: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in given.items()
        if not name.startswith(("COZUM_", "DATABASE_", "BROKER_", "CHAOS_"))
    }


def _stop(process: subprocess.Popen[bytes]) -> None:
    """SIGINT, and SIGKILL when that takes too long: the children die with their supervisor."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


__all__ = ["Program", "System", "Waits", "running"]

if __name__ == "__main__":
    main()
