"""`cozum backup`: the whole city in one file, taken while the system runs.

Saved are the database, as it was at one moment, and the files of the data folder without which it is of
little use. The broker is not: rows are the queue. How far back a restore may throw the city, and how to
rehearse it: docs/operations.md.
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

# Of the data folder: the keys, what the demo drew, and how far a rehearsal has shifted the clock.
KEYS = "secrets.json"
FILES = (KEYS, environment.REHEARSAL, "clock")
# Made by a restore first of all, dropped last: while it is there nothing may start on this database.
UNFINISHED = "restore_unfinished"


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup(folder: Path, file: Path) -> None:
    """Save database and keys to FILE, which must not exist. The system may run meanwhile.

    FILE opens the channels and holds what citizens said: keep it as you keep a key, away from this machine.
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
    click.echo("It opens the channels and holds what citizens said: keep it as you keep a key.")
    if kept_elsewhere:
        click.echo(f"Not in it, for the environment sets them: {', '.join(kept_elsewhere)}. Keep these too.")


def save(folder: Path, url: str, file: Path) -> Manifest:
    """Write the backup of one data folder and its database to `file`, whole and read back, or not at all.

    Raises StackError. No row in it is younger than the manifest's `made_at`, and the running system is not
    held up: this is one long reading transaction, which stops neither writers nor the live feed.
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
    """Raise StackError unless every part is as it was written and the dump has every table."""
    with Archive(stream) as written:
        written.check()
        with written.opened(archive.DATABASE) as dumped:
            lacking = set(manifest.rows) - pgtools.tables_in(tools, dumped)
    if lacking:
        raise StackError(f"The backup was not kept: the dump lacks {', '.join(sorted(lacking))}.")


@contextmanager
def _snapshot(url: str) -> Iterator[tuple[psycopg.Connection, str, datetime]]:
    """One moment of the database that other connections can look at too, and the earliest time it was."""
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
    """This transaction lasts as long as the copy; it writes nothing, so it holds nothing up."""
    limits = ["statement_timeout", "idle_in_transaction_session_timeout"]
    if connection.info.server_version >= 170_000:
        limits.append("transaction_timeout")
    for limit in limits:
        connection.execute(sql.SQL("SET {} = 0").format(sql.Identifier(limit)))


def _rows(connection: psycopg.Connection) -> dict[str, int]:
    """How many rows each table has. Raises StackError where this is no database of ours, or half a one."""
    tables = tables_of(connection)
    if "alembic_version" not in tables:
        raise StackError("The database holds no city yet: start the system once.")
    if UNFINISHED in tables:
        raise StackError("A restore into this database has not ended: there is nothing whole to save.")
    counted = {}
    for table in tables:
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        counted[table] = row[0] if row else 0
    return counted


def tables_of(connection: psycopg.Connection) -> list[str]:
    """The tables of the schema that the connection works in."""
    rows = connection.execute(
        "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    )
    return [name for (name,) in rows]


def refuse_unfinished(url: str) -> None:
    """Raise StackError where a restore broke off: what it left must not speak to any platform."""
    with psycopg.connect(pgtools.plain(url), connect_timeout=10) as connection:
        if UNFINISHED in tables_of(connection):
            raise StackError(
                "A restore into this database has not ended, and what is in it is not safe to start. "
                "Make an empty database (or data folder) and restore again."
            )


def _revision(connection: psycopg.Connection) -> str:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise StackError("The database has no schema revision: start the system once.")
    return str(row[0])


# --- which database --------------------------------------------------------------------------------


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    """The URL of the database of a data folder, our environment being the system's own.

    Of the system that runs there, else DATABASE_URL, else the embedded one, started for this.
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
    """The embedded database of a folder where nothing runs, for as long as the block lasts."""
    try:
        with embedded_postgres(folder) as url:
            yield url
    finally:
        (folder / "database.log").unlink(missing_ok=True)


def _refuse_without_keys(folder: Path) -> None:
    if not (folder / KEYS).exists() and not os.environ.get("COZUM_CREDENTIAL_KEYS"):
        raise StackError(
            f"{folder} has no {KEYS}, and COZUM_CREDENTIAL_KEYS is not set: without the keys the channels' "
            "tokens would be lost. Name the data folder of the system with --dir."
        )


def take_settings(folder: Path, url: str) -> None:
    """Let our environment be what the system in `folder` would be told."""
    broker_url = os.environ.get("BROKER_URL") or valkey.broker_in(folder).url
    told = environment.settings_of(folder, port=8000, database_url=url, broker_url=broker_url)
    os.environ.update(environment.for_real_use(os.environ, told) | {"DATABASE_URL": url})
    settings.cache_clear()


def _given_secrets(folder: Path) -> list[str]:
    """The secrets that the environment sets otherwise than the folder's own file: no backup has them."""
    drawn = environment.secrets_of(folder)
    own = {
        "COZUM_SECRET_KEY": drawn.secret_key,
        "COZUM_CREDENTIAL_KEYS": json.dumps(drawn.credential_keys),
        "COZUM_META_VERIFY_TOKEN": drawn.meta_verify_token,
        "COZUM_META_APP_SECRETS": json.dumps([drawn.meta_app_secret]),
        "COZUM_X_CONSUMER_SECRETS": json.dumps([drawn.x_consumer_secret]),
    }
    return [name for name, value in own.items() if os.environ.get(name, value) != value]
