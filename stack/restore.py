"""`cozum restore`: restores a backup into a new folder and makes it safe to start.

Between the backup and the failure replies were sent, request numbers given out and the feed read. So the
restored state is corrected before anything may start (inbox.ingest.after_restore). If a restore breaks off,
no system starts on its database.
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

from inbox import channels, db, feed, history, platforms
from inbox.channels import comparison_runs
from inbox.clock import now
from inbox.errors import InvalidInput
from inbox.ingest import after_restore
from inbox.models import Channel
from stack import archive, backup, environment, pgtools, postgres, processes
from stack.archive import Archive, Manifest
from stack.errors import StackError

_BATCH = 200

# Transaction ids of another cluster mean nothing here, so every restored entry gets 0, older than any new
# one. They are set while the rows are copied in: afterwards a trigger refuses changes of the history.
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
    """The result of a restore. `locked`: channels whose credentials no key decrypts."""

    manifest: Manifest
    uncertain: int
    drafts: int
    locked: tuple[str, ...]


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.pass_obj
def restore(folder: Path, file: Path) -> None:
    """Restore the backup FILE into the data folder DIR, which must be new or empty.

    The database is embedded, or the empty one that DATABASE_URL names. The old system must never run again:
    otherwise both would answer citizens.
    """
    found = unpack(folder.absolute(), file, database_url=os.environ.get("DATABASE_URL") or None)
    rows = sum(found.manifest.rows.values())
    click.echo(f"Restored {rows} rows as of {found.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC into {folder}.")
    click.echo(
        f"{found.uncertain} replies may have been sent after the backup: once the system runs, it looks for "
        "them on the platforms. Where it cannot tell, a person decides."
    )
    click.echo(f"{found.drafts} drafts are marked: check on the platform before you approve one.")
    if found.locked:
        click.echo(
            f"No key decrypts the credentials of {', '.join(found.locked)}: "
            "set COZUM_CREDENTIAL_KEYS to its old value, or enter the credentials again."
        )
    click.echo(f"Start it with `cozum --dir {folder} up`. What to check first: docs/operations.md.")


def unpack(folder: Path, file: Path, *, database_url: str | None) -> Restored:
    """Restore `file` into `folder` and into `database_url` (None: an embedded database). Raises StackError.

    After a failure the folder and the database are empty again. One exception: if all rows were in an
    external database already, they stay there, and no system starts on them (`backup.UNFINISHED`).
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


# --- what is refused --------------------------------------------------------------------------------


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
        raise StackError(f"A system runs in {folder}. Restore into a new folder.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StackError(f"{folder} is not empty. Restore into a new folder.")


def _refuse_full(url: str, manifest: Manifest) -> int:
    """The server's major version. Raises StackError if its database is not empty or it is too old."""
    with _connected(url) as connection:
        server = connection.info.server_version // 10_000
        tables = backup.tables_of(connection)
    if backup.UNFINISHED in tables:
        raise StackError(
            "An earlier restore into this database did not finish. Create an empty one and begin again."
        )
    if tables:
        raise StackError(
            f"The database is not empty: it has {len(tables)} tables. Restore into an empty one."
        )
    if server < manifest.server:
        raise StackError(
            f"The backup was made with PostgreSQL {manifest.server}, and this server is older: {server}. "
            "Use a server of the same version or a newer one."
        )
    return server


def _counted(manifest: Manifest) -> str:
    """SQL that fails unless every table has as many rows as the manifest says."""
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
    """If the block fails, empty the folder again, or remove it if it was new."""
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


# --- making it safe to start --------------------------------------------------------------------------


def _make_safe(url: str, manifest: Manifest) -> Restored:
    """Correct what may have changed since the backup, then let the system start."""
    options = {"options": "-c timezone=UTC"}
    engine = create_engine(db.dialect_url(url), hide_parameters=True, connect_args=options)
    made_at, at = manifest.made_at, now()

    def in_batches(step: Callable[[Session], int]) -> int:
        """Run `step` in one transaction after another until it returns 0. Returns the sum."""
        total = 0
        while True:
            with Session(engine, expire_on_commit=False) as session, session.begin():
                done = step(session)
            if not done:
                return total
            total += done

    try:
        in_batches(
            lambda session: after_restore.mark_uncertain(session, made_at=made_at, at=at, limit=_BATCH)
        )
        in_batches(lambda session: after_restore.suppress_ratings(session, limit=_BATCH))
        drafts = in_batches(lambda session: after_restore.mark_drafts(session, limit=_BATCH))
        with Session(engine) as session, session.begin():
            after_restore.skip_used_numbers(session, made_at=made_at, at=at)
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
    """Schedule a comparison of every channel. Yields the keys of channels whose secrets cannot be read."""
    for channel in session.scalars(select(Channel).where(Channel.is_active).order_by(Channel.key)).all():
        traits = platforms.traits(channel.platform)
        if traits.by_hand:
            continue
        if traits.can_be_compared:
            comparison_runs.schedule(session, channel)
        try:
            channels.credentials(channel)
        except InvalidInput:
            yield channel.key
