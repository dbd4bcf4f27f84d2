"""`cozum backup`: the database and the keys in one file, taken while the system runs.

The broker is not saved: it holds no state that is not in the database. How often to back up and how to
practise a restore: docs/operations.md.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import click
import psycopg
from psycopg import sql

from inbox import clock
from inbox.settings import settings
from stack import archive, environment, pgtools, postgres, processes, valkey
from stack.archive import Archive, Manifest
from stack.embedded import embedded_postgres
from stack.errors import StackError

# Files of the data folder: the keys, the demo's users and tokens, and the offset of a demo's clock.
KEYS = "secrets.json"
FILES = (KEYS, environment.REHEARSAL, "clock")
# A restore creates this table first and drops it last; while it exists, no system starts on the database.
UNFINISHED = "restore_unfinished"


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup(folder: Path, file: Path) -> None:
    """Save database and keys to FILE, which must not exist. The system may keep running.

    FILE holds the channels' access tokens and what citizens wrote: keep it secret, and not on this machine.
    """
    with _database(folder.absolute()) as url:
        manifest = save(folder.absolute(), url, file)
        kept_elsewhere = _given_secrets(folder.absolute())
    rows, tables = sum(manifest.rows.values()), len(manifest.rows)
    size = file.stat().st_size / (1 << 20)
    click.echo(
        f"Saved {rows} rows of {tables} tables as of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"and read them back: {file} ({size:.1f} MiB)"
    )
    click.echo("It holds the channels' access tokens and what citizens wrote: keep it secret.")
    if kept_elsewhere:
        names = ", ".join(kept_elsewhere)
        click.echo(f"Not saved, because they are set in the environment: {names}. Keep these as well.")


def save(folder: Path, url: str, file: Path) -> Manifest:
    """Back up a data folder and its database to `file`, and read the file back to verify it.

    Raises StackError and leaves no file if anything fails. No row in the backup is newer than the manifest's
    `made_at`. The running system is not blocked: a read-only transaction stops neither writers nor the feed.
    """
    with archive.unfinished(file) as stream:
        with closing(archive.Writing(stream)) as writing:
            with _snapshot(url) as (connection, snapshot, made_at):
                server = connection.info.server_version // 10_000
                tools = pgtools.tools_for(server)
                rows, revision = _rows(connection), _revision(connection)
                writing.add(archive.DATABASE, pgtools.dump(tools, url, snapshot=snapshot))
            for name in FILES:
                if (folder / name).exists():
                    writing.add(name, [(folder / name).read_bytes()])
            manifest = writing.finish(
                Manifest(
                    version=importlib.metadata.version("cozum"),
                    made_at=made_at,
                    schema_revision=revision,
                    server=server,
                    rows=rows,
                )
            )
        stream.flush()
        _read_back(tools, stream, manifest)
    return manifest


def _read_back(tools: pgtools.Tools, stream: IO[bytes], manifest: Manifest) -> None:
    """Raise StackError unless every checksum matches and the dump has every table."""
    with Archive(stream) as written:
        written.check()
        with written.opened(archive.DATABASE) as dumped:
            lacking = set(manifest.rows) - pgtools.tables_in(tools, dumped)
    if lacking:
        raise StackError(f"The backup was deleted: the dump lacks the tables {', '.join(sorted(lacking))}.")


@contextmanager
def _snapshot(url: str) -> Iterator[tuple[psycopg.Connection, str, datetime]]:
    """A connection, the id of its exported snapshot, and a time not later than the snapshot."""
    try:
        connection = psycopg.connect(pgtools.plain(url), autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise StackError(f"The database does not answer: {str(error).strip()}") from None
    with connection:
        _without_limits(connection)
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.autocommit = False
        made_at = clock.now()
        found = connection.execute("SELECT pg_export_snapshot()").fetchone()
        yield connection, found[0] if found else "", made_at


def _without_limits(connection: psycopg.Connection) -> None:
    """Let the transaction last as long as the copy. It is read-only, so it blocks nobody."""
    limits = ["statement_timeout", "idle_in_transaction_session_timeout"]
    if connection.info.server_version >= 170_000:
        limits.append("transaction_timeout")
    for limit in limits:
        connection.execute(sql.SQL("SET {} = 0").format(sql.Identifier(limit)))


def _rows(connection: psycopg.Connection) -> dict[str, int]:
    """The number of rows of each table. Raises StackError if the database is not ours, or half restored."""
    tables = tables_of(connection)
    if "alembic_version" not in tables:
        raise StackError("The database has no tables of Çözüm yet: start the system once.")
    if UNFINISHED in tables:
        raise StackError("A restore into this database did not finish, so its data are incomplete.")
    counted = {}
    for table in tables:
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        counted[table] = row[0] if row else 0
    return counted


def tables_of(connection: psycopg.Connection) -> list[str]:
    """The names of the tables in the connection's current schema, sorted."""
    rows = connection.execute(
        "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    )
    return [name for (name,) in rows]


def refuse_unfinished(url: str) -> None:
    """Raise StackError if a restore did not finish: incomplete data must not be sent to any platform."""
    with psycopg.connect(pgtools.plain(url), connect_timeout=10) as connection:
        if UNFINISHED in tables_of(connection):
            raise StackError(
                "A restore into this database did not finish, so the system must not start with it. "
                "Create an empty database (or data folder) and restore again."
            )


def _revision(connection: psycopg.Connection) -> str:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise StackError("The database has no schema revision: start the system once.")
    return str(row[0])


# --- which database --------------------------------------------------------------------------------


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    """The URL of a data folder's database. Also sets this process's environment to that system's settings.

    It is the database of the system that runs there, else DATABASE_URL, else the embedded one, which is
    started for the length of the block.
    """
    if not folder.is_dir():
        raise StackError(f"There is no data folder {folder}.")
    if processes.is_claimed(folder):
        environment.enter(folder)
        yield os.environ["DATABASE_URL"]
        return
    _refuse_without_keys(folder)
    given = os.environ.get("DATABASE_URL")
    if given:
        take_settings(folder, given)
        yield given
        return
    if not any((folder / name).exists() for name in ("database", postgres.POINTER)):
        raise StackError(f"{folder} holds no database, and DATABASE_URL names none.")
    lock = processes.claim(folder)
    try:
        with embedded_database(folder) as url:
            take_settings(folder, url)
            yield url
    finally:
        os.close(lock)


@contextmanager
def embedded_database(folder: Path) -> Iterator[str]:
    """The URL of the embedded database of a folder where no system runs, started for the block."""
    try:
        with embedded_postgres(folder) as url:
            yield url
    finally:
        (folder / "database.log").unlink(missing_ok=True)


def _refuse_without_keys(folder: Path) -> None:
    if not (folder / KEYS).exists() and not os.environ.get("COZUM_CREDENTIAL_KEYS"):
        raise StackError(
            f"{folder} has no {KEYS}, and COZUM_CREDENTIAL_KEYS is not set. Without the keys nobody could "
            "decrypt the channels' tokens. Name the system's data folder with --dir."
        )


def take_settings(folder: Path, url: str) -> None:
    """Set this process's environment to the settings that the system in `folder` would run with."""
    broker_url = os.environ.get("BROKER_URL") or valkey.broker_in(folder).url
    values = environment.settings_of(folder, port=8000, database_url=url, broker_url=broker_url)
    os.environ.update(environment.for_real_use(os.environ, values) | {"DATABASE_URL": url})
    settings.cache_clear()


def _given_secrets(folder: Path) -> list[str]:
    """The names of settings with secrets that are not in the folder's own file, and so not in the backup."""
    held = (folder / KEYS).read_text() if (folder / KEYS).exists() else ""
    names = ("COZUM_SECRET_KEY", "COZUM_CREDENTIAL_KEYS", *environment.hook_variables())
    given = {name: _strings(os.environ.get(name, "")) for name in names}
    return [name for name, values in given.items() if any(value not in held for value in values)]


def _strings(value: str) -> Iterator[str]:
    """Every string in a setting's JSON; the whole value where it is not JSON."""
    try:
        read = json.loads(value)
    except ValueError:
        read = value
    waiting = [read]
    while waiting:
        match waiting.pop():
            case dict() as table:
                waiting += table.values()
            case list() as items:
                waiting += items
            case str(text) if text:
                yield text
