"""An embedded PostgreSQL or Valkey for as long as a `with` block lasts: for tests and benches.

In the running system the supervisor starts the same servers (stack.supervisor).
"""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from stack import child, postgres, valkey
from stack.errors import StackError


@contextmanager
def embedded_postgres(folder: Path, *, throwaway: bool = False, flushed: bool = False) -> Iterator[str]:
    """The DATABASE_URL of a server with its data in `folder` (created if missing); stopped at the end.

    `throwaway`: the data are deleted at the end, and writes are not flushed to disk unless `flushed` is set
    (for measurements). Call it from a main thread.
    """
    folder.mkdir(parents=True, exist_ok=True)
    server = postgres.server_in(folder, hasty=throwaway and not flushed)
    try:
        postgres.initialise(server)
        postgres.wait_for_predecessor(server)
        log = folder / "database.log"
        with log.open("ab") as output:
            process = child.start(
                server.argv(),
                account=server.account,
                env=server.env(),
                output=output,
                death_signal=postgres.STOP_SIGNAL,
            )
        try:
            _wait(process, lambda: postgres.answers(server), "PostgreSQL", log)
            postgres.ensure_application(server)
            yield server.url
        finally:
            child.stop(process, (signal.SIGINT, 60), (signal.SIGQUIT, 10))
    finally:
        if throwaway:
            for path in (server.sockets, server.home):
                shutil.rmtree(path, ignore_errors=True)
            (folder / postgres.POINTER).unlink(missing_ok=True)


@contextmanager
def embedded_valkey(folder: Path, *, throwaway: bool = False) -> Iterator[str]:
    """The BROKER_URL of a Valkey with its data in `folder` (created if missing); stopped at the end.

    `throwaway`: the data are deleted at the end. Call it from a main thread.
    """
    folder.mkdir(parents=True, exist_ok=True)
    broker = valkey.broker_in(folder)
    try:
        log = folder / "broker.log"
        with log.open("ab") as output:
            process = child.start(
                broker.argv(), account=None, env=broker.env(), output=output, death_signal=valkey.STOP_SIGNAL
            )
        try:
            _wait(process, lambda: valkey.answers(broker), "Valkey", log)
            yield broker.url
        finally:
            child.stop(process, (signal.SIGTERM, 20))
    finally:
        if throwaway:
            for path in (broker.socket.parent, broker.home):
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def fresh_database(database_url: str, *, template: str | None = None) -> Iterator[str]:
    """The URL of a new database on an embedded server, with the same owner; dropped at the end.

    It is empty, or a copy of the database at the URL `template`, which must have no connections meanwhile.
    """
    url = make_url(database_url)
    copied = make_url(template).database if template else None
    name = f"fresh_{secrets.token_hex(6)}"
    superuser = url.set(username=postgres.SUPERUSER, database="postgres", drivername="postgresql")
    with psycopg.connect(superuser.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(postgres.ROLE), sql.Identifier(copied or "template1")
            )
        )
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool], name: str, log: Path) -> None:
    """Wait until the server answers. There is no time limit: recovery after a crash can take minutes."""
    while not ready():
        if process.poll() is not None:
            raise StackError(f"{name} ended while it was starting. {log} says:\n{child.last_lines(log)}")
        time.sleep(0.05)
