"""`cozum restore`: a city from its backup, in a fresh place, made safe to start.

A backup is older than the end of what it was taken from. Meanwhile replies went out, numbers were given, the
feed was read. What would do harm if it were taken for the present is put right before anything may start
(inbox.ingest.after_restore); a restore that breaks off leaves a database that does not start.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg import sql
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from connectors import CONNECTORS
from inbox import channels, db, feed, history
from inbox.channels import comparison_runs
from inbox.clock import now
from inbox.errors import InvalidInput
from inbox.ingest import after_restore
from inbox.models import Channel
from stack import archive, backup, environment, pgtools, postgres, processes
from stack.archive import Archive, Manifest
from stack.errors import StackError

_BATCH = 200

# The entries come from another cluster, whose transaction numbers mean nothing here: all are older than any
# entry to come. Set while they are copied in, for afterwards the history takes no change.
_BEFORE_ROWS = """
CREATE FUNCTION public.restored_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.xact := '0';
    RETURN NEW;
END $$;
CREATE TRIGGER restored_entry BEFORE INSERT ON public.history_entry
    FOR EACH ROW EXECUTE FUNCTION public.restored_entry();
"""
_AFTER_ROWS = """
DROP TRIGGER restored_entry ON public.history_entry;
DROP FUNCTION public.restored_entry();
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore found, for the person who goes on: `locked` are channels whose keys are missing."""

    manifest: Manifest
    uncertain: int
    drafts: int
    locked: tuple[str, ...]


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.pass_obj
def restore(folder: Path, file: Path) -> None:
    """Make a city of the backup FILE in the data folder DIR, which must be new or empty.

    The database is embedded, or the empty one that DATABASE_URL names. The old system must be stopped for
    good: two of them would both answer.
    """
    found = unpack(folder.absolute(), file, database_url=os.environ.get("DATABASE_URL") or None)
    rows = sum(found.manifest.rows.values())
    click.echo(f"Restored {rows} rows as of {found.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC into {folder}.")
    click.echo(
        f"{found.uncertain} replies may have gone out since: they are looked for once the system runs, "
        "and where nothing can prove it a person settles them."
    )
    click.echo(f"{found.drafts} drafts are marked: look at the platform before approving one.")
    if found.locked:
        click.echo(
            f"No key opens the credentials of {', '.join(found.locked)}: "
            "set COZUM_CREDENTIAL_KEYS as it was, or enter them again."
        )
    click.echo(f"Start it with `cozum --dir {folder} up`. What to look at first: docs/operations.md.")


def unpack(folder: Path, file: Path, *, database_url: str | None) -> Restored:
    """Restore `file` into `folder` and the database named, or an embedded one. Raises StackError.

    Where it fails the folder is empty as before, and so is the database. Only a city's own database into
    which all rows have come already stays as it is: it does not start (`backup.UNFINISHED`).
    """
    with Archive(file) as saved:
        _refuse_unknown(saved.manifest)
        _refuse_used(folder)
        saved.check()
        with _emptied_on_failure(folder), _claimed(folder), _database(folder, database_url) as url:
            return _unpack(folder, saved, url)


def _unpack(folder: Path, saved: Archive, url: str) -> Restored:
    manifest = saved.manifest
    tools = pgtools.tools_for(_refuse_full(url, manifest))
    for name in backup.FILES:
        if name in manifest.parts:
            _write(folder / name, saved.chunks(name))
    backup.take_settings(folder, url)
    dumped = folder / "run" / archive.DATABASE
    _write(dumped, saved.chunks(archive.DATABASE))
    _execute(url, sql.SQL("CREATE TABLE {} ()").format(sql.Identifier(backup.UNFINISHED)))
    try:
        after_rows = _AFTER_ROWS + _counted(manifest)
        pgtools.load(tools, url, dumped, before_rows=_BEFORE_ROWS, after_rows=after_rows)
    except BaseException:
        _execute(url, sql.SQL("DROP TABLE {}").format(sql.Identifier(backup.UNFINISHED)))
        raise
    finally:
        dumped.unlink()
    db.upgrade(url)
    return _make_safe(url, manifest)


# --- into what, and out of what ---------------------------------------------------------------------


def _refuse_unknown(manifest: Manifest) -> None:
    try:
        ScriptDirectory(str(db.MIGRATIONS)).get_revision(manifest.schema_revision)
    except CommandError:
        raise StackError(
            f"The backup was made by version {manifest.version} with the schema {manifest.schema_revision}, "
            "which this version does not know. Install that version or a newer one."
        ) from None


def _refuse_used(folder: Path) -> None:
    if processes.is_claimed(folder):
        raise StackError(f"A system runs in {folder}. A backup is restored into a new folder.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StackError(f"{folder} is not empty. A backup is restored into a new folder.")


def _refuse_full(url: str, manifest: Manifest) -> int:
    """The version of an empty server that can take the backup. Raises StackError for any other."""
    with _connected(url) as connection:
        server = connection.info.server_version // 10_000
        tables = backup.tables_of(connection)
    if backup.UNFINISHED in tables:
        raise StackError(
            "An earlier restore into this database broke off. Make an empty one and begin again."
        )
    if tables:
        raise StackError(
            f"The database is not empty: it has {len(tables)} tables. A backup is restored into an empty one."
        )
    if server < manifest.server:
        raise StackError(
            f"The backup is of PostgreSQL {manifest.server}, and this server is older: {server}. "
            "Take one of the same version or a newer one."
        )
    return server


def _counted(manifest: Manifest) -> str:
    """SQL that fails unless every table has as many rows as it had."""
    check = sql.SQL(
        "SELECT count(*) INTO found FROM public.{};"
        " IF found <> {} THEN RAISE EXCEPTION '% has % rows and should have %', {}, found, {}; END IF;"
    )
    checks = [
        check.format(sql.Identifier(name), sql.Literal(count), sql.Literal(name), sql.Literal(count))
        for name, count in manifest.rows.items()
    ]
    block = sql.SQL("DO $count$ DECLARE found bigint; BEGIN {} END $count$;")
    return block.format(sql.SQL(" ").join(checks)).as_string(None)


@contextmanager
def _database(folder: Path, database_url: str | None) -> Iterator[str]:
    if database_url:
        yield database_url
        return
    with backup.embedded_database(folder) as url:
        yield url


@contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    lock = processes.claim(environment.open_folder(folder))
    try:
        yield
    finally:
        os.close(lock)


@contextmanager
def _emptied_on_failure(folder: Path) -> Iterator[None]:
    """Take a folder that was new or empty back to that when the block fails."""
    existed = folder.exists()
    try:
        yield
    except BaseException:
        postgres.discard(folder)
        for inner in list(folder.iterdir()) if folder.exists() else []:
            shutil.rmtree(inner) if inner.is_dir() else inner.unlink()
        if not existed:
            with suppress(FileNotFoundError):
                folder.rmdir()
        raise


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(pgtools.plain(url), connect_timeout=10) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise StackError(f"The database does not answer: {str(error).strip()}") from None


def _execute(url: str, statement: sql.Composed) -> None:
    with _connected(url) as connection:
        connection.execute(statement)


def _write(file: Path, chunks: Iterator[bytes]) -> None:
    """Write a file for the owner alone."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        for chunk in chunks:
            stream.write(chunk)


# --- what must not be taken for the present ----------------------------------------------------------


def _make_safe(url: str, manifest: Manifest) -> Restored:
    """Doubt what may have happened since, and only then let the system start."""
    options = {"options": "-c timezone=UTC"}
    engine = create_engine(db.dialect_url(url), hide_parameters=True, connect_args=options)
    platforms, made_at, at = CONNECTORS.keys(), manifest.made_at, now()

    def in_batches(step: Callable[[Session], int]) -> int:
        """Run `step`, each time in a transaction of its own, until nothing is left; the sum."""
        total = 0
        while True:
            with Session(engine, expire_on_commit=False) as session, session.begin():
                done = step(session)
            if not done:
                return total
            total += done

    try:
        in_batches(
            lambda session: after_restore.doubt_replies(
                session, platforms, made_at=made_at, at=at, limit=_BATCH
            )
        )
        in_batches(lambda session: after_restore.leave_unasked(session, platforms, limit=_BATCH))
        drafts = in_batches(lambda session: after_restore.mark_drafts(session, platforms, limit=_BATCH))
        with Session(engine) as session, session.begin():
            after_restore.skip_given_out(session, made_at=made_at, at=at)
            feed.raise_epoch(session)
            history.record(
                session, "system.restored", by=after_restore.BY, details={"made_at": made_at.isoformat()}
            )
            locked = tuple(_ask_for_comparison(session))
            uncertain = after_restore.count_uncertain(session)
            session.execute(text(f"DROP TABLE {backup.UNFINISHED}"))
    finally:
        engine.dispose()
    return Restored(manifest, uncertain, drafts, locked)


def _ask_for_comparison(session: Session) -> Iterator[str]:
    """Have every channel compared with its platform at the first start. The keys of those nobody can open."""
    for channel in session.scalars(select(Channel).where(Channel.is_active).order_by(Channel.key)).all():
        connector = CONNECTORS.get(channel.platform)
        if connector is None:
            continue
        if connector.survey is not None:
            comparison_runs.ask(session, channel)
        try:
            channels.credentials(channel)
        except InvalidInput:
            yield channel.key
