"""The embedded servers: what they keep, whom they obey, and that they end with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from kombu import Connection  # type: ignore[attr-defined]  # Kombu has no types
from psycopg import sql

from stack import postgres, valkey
from stack.embedded import embedded_postgres, embedded_valkey, fresh_database
from stack.folders import LONGEST_SOCKET_PATH
from tests.stack.conftest import modes_above, remove, wait_until


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder, removed with what lies elsewhere."""
    folder = tmp_path / "data"
    folder.mkdir()
    yield folder
    remove(folder)


def one(url: str, query: str) -> object:
    """The first value that `query` answers."""
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def postmaster(folder: Path) -> int:
    """The number of the server's own process."""
    server = postgres.server_in(folder)
    return int((server.cluster / "postmaster.pid").read_text().splitlines()[0])


def test_the_application_is_no_superuser_and_its_transactions_end(database_url: str) -> None:
    url = database_url.replace("+psycopg", "")
    assert one(url, "SELECT current_setting('is_superuser')") == "off"
    assert (
        one(url, "SELECT bool_or(rolcreatedb OR rolcreaterole) FROM pg_roles WHERE rolname = 'cozum'")
        is False
    )
    assert one(url, "SELECT current_setting('transaction_timeout')") == "10s"
    assert one(url, "SELECT datctype FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    assert one(url, "SELECT current_setting('listen_addresses')") == ""


def test_the_locale_of_the_shell_does_not_reach_the_database(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "tr_TR.ISO-8859-9")
    monkeypatch.setenv("LC_ALL", "POSIX")
    with embedded_postgres(folder, throwaway=True) as url:
        assert one(url, "SELECT encoding || ' ' || datctype FROM pg_database LIMIT 1") == "6 C.UTF-8"


def test_data_survive_a_hard_kill_of_the_database(folder: Path) -> None:
    with embedded_postgres(folder) as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('here')")
        with suppress(psycopg.OperationalError), psycopg.connect(url) as connection:
            os.kill(postmaster(folder), signal.SIGKILL)
            connection.execute("SELECT 1")

    with embedded_postgres(folder) as url:
        assert one(url, "SELECT word FROM kept") == "here"


def test_a_lock_that_names_a_living_stranger_does_not_stop_the_start(folder: Path) -> None:
    with embedded_postgres(folder):
        pass
    server = postgres.server_in(folder)
    lock = server.cluster / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{server.cluster}\n0\n5432\n{server.sockets}\n\n")
    if server.account:
        os.chown(lock, server.account.uid, server.account.gid)

    with embedded_postgres(folder) as url:
        assert one(url, "SELECT 1") == 1


def test_a_value_that_is_refused_does_not_reach_the_log(folder: Path) -> None:
    secret = "0532 111 22 33"
    with embedded_postgres(folder, throwaway=True) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE contact (phone text PRIMARY KEY)")
        insert = sql.SQL("INSERT INTO contact VALUES ({})").format(sql.Literal(secret))
        connection.execute(insert)
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(insert)

    log = (folder / "database.log").read_text()
    assert "duplicate key" in log
    assert secret not in log


def test_no_permission_is_changed_and_nobody_else_may_enter(folder: Path) -> None:
    before = modes_above(folder.parent)
    with embedded_postgres(folder), embedded_valkey(folder):
        server, broker = postgres.server_in(folder), valkey.broker_in(folder)
        for private in (server.home, server.sockets, broker.home, broker.socket.parent):
            assert private.stat().st_mode & 0o077 == 0, private
    assert modes_above(folder.parent) == before


def test_a_throwaway_server_leaves_nothing(folder: Path) -> None:
    with embedded_postgres(folder, throwaway=True), embedded_valkey(folder, throwaway=True):
        elsewhere = postgres.server_in(folder).home
    assert sorted(path.name for path in folder.iterdir()) == ["broker.log", "database.log"]
    assert not elsewhere.exists()


def test_servers_start_where_paths_are_too_long_for_sockets(folder: Path) -> None:
    deep = folder / ("x" * 60) / ("y" * 60)
    assert len(str(deep)) > LONGEST_SOCKET_PATH
    with embedded_postgres(deep, throwaway=True) as url, embedded_valkey(deep, throwaway=True) as broker:
        assert one(url, "SELECT 1") == 1
        with Connection(broker) as connection:
            connection.ensure_connection(max_retries=1)


def test_the_broker_keeps_what_it_was_told_and_never_forgets_for_room(folder: Path) -> None:
    with embedded_valkey(folder) as url, Connection(url) as connection:
        connection.SimpleQueue("kept").put("a wake-up")

    with embedded_valkey(folder) as url, Connection(url) as connection:
        queue = connection.SimpleQueue("kept")
        assert queue.get(timeout=2).payload == "a wake-up"
        queue.close()
        with redis.Redis(unix_socket_path=str(valkey.broker_in(folder).socket)) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("port") == {"port": "0"}


def test_a_fresh_database_is_empty_and_gone_afterwards(database_url: str) -> None:
    url = database_url.replace("+psycopg", "")
    with fresh_database(url) as fresh:
        assert one(fresh, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == 0
        name = one(fresh, "SELECT current_database()")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount == 0


def test_servers_end_when_the_process_that_started_them_is_killed(folder: Path) -> None:
    program = f"""
import time
from pathlib import Path
from stack.embedded import embedded_postgres, embedded_valkey
folder = Path({str(folder)!r})
with embedded_postgres(folder), embedded_valkey(folder):
    print("up", flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        servers = psutil.Process(process.pid).children(recursive=True)
        assert len(servers) > 2
        process.kill()

    wait_until(lambda: not any(server.is_running() for server in servers), "both servers end")


def test_a_recovery_is_waited_for(folder: Path) -> None:
    with embedded_postgres(folder) as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE much AS SELECT generate_series(1, 300000) AS number")
        os.kill(postmaster(folder), signal.SIGKILL)
    began = time.monotonic()
    with embedded_postgres(folder) as url:
        assert one(url, "SELECT count(*) FROM much") == 300_000
    assert "redo done" in (folder / "database.log").read_text()
    assert time.monotonic() - began < 120
