"""`cozum backup` and `cozum restore`: all rows come back in a fresh place, or nothing is changed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Enum, LargeBinary, Numeric, Text, insert
from sqlalchemy.orm import Session

from inbox import channels, db, feed, history
from inbox.db import transaction
from inbox.errors import CursorExpired
from inbox.feed import Cursor
from inbox.models import Channel, RawEvent, Table
from inbox.models.history import Xid8
from inbox.settings import settings
from stack import archive, backup, pgtools, restore
from stack import environment as stack_environment
from stack.embedded import fresh_database
from stack.errors import StackError
from tests.stack.conftest import COZUM, remove
from tests.support.environment import another_environment
from tests.support.restoring import restored

# What a CHECK of the table asks for, beyond the type of the column.
SPECIAL: dict[tuple[str, str], Any] = {
    ("message", "is_ours"): False,
    ("note", "message_id"): None,
    ("note", "reply_id"): None,
    ("reply", "state"): "WITHDRAWN",
    ("raw_event", "source"): "poll:here:all",
}


def value(column: Column[Any], number: int) -> Any:
    """Something that fits the column, and is not what an empty one would hold."""
    if (column.table.name, column.name) in SPECIAL:
        return SPECIAL[column.table.name, column.name]
    kind = column.type
    if isinstance(kind, Enum):
        return kind.enums[0]
    if isinstance(kind, DateTime):
        return datetime(2026, 11, 23, 9, 0, number, 123456, tzinfo=UTC)
    if isinstance(kind, JSON):
        return {"söz": ["çukur", number, None]}
    for of, fitting in (
        (Date, date(2026, 11, 23)),
        (Boolean, True),
        (LargeBinary, b"\0\xff\\x" + bytes([number])),
    ):
        if isinstance(kind, of):
            return fitting
    if isinstance(kind, Text):
        return f"Ğüş\tİ'\\N\n{column.name} {number} 🐈 \u202e"
    return 1.5 if isinstance(kind, Numeric) else number


@pytest.fixture
def rows_of_every_kind(database: None) -> None:
    """Two rows in every table, with something in every column that may hold it."""
    with db.engine().begin() as connection:
        for table in Table.metadata.sorted_tables:
            if table.name == "feed_epoch":
                continue
            for number in (1, 2):
                row = {}
                for column in table.columns:
                    is_key = column.name == "id" and not column.foreign_keys
                    if is_key or isinstance(column.type, Xid8):
                        continue
                    to_itself = any(key.column.table is table for key in column.foreign_keys)
                    row[column.name] = None if to_itself else value(column, number)
                connection.execute(insert(table).values(row))


def everything(url: str) -> dict[str, dict[Any, dict[str, Any]]]:
    """All rows of all tables, by table and key, as PostgreSQL itself writes them out as text."""
    found: dict[str, dict[Any, dict[str, Any]]] = {}
    with psycopg.connect(pgtools.plain(url)) as connection:
        for table in Table.metadata.sorted_tables:
            keys = [column.name for column in table.primary_key]
            query = sql.SQL("SELECT to_jsonb(one) FROM {} AS one").format(sql.Identifier(table.name))
            rows = [row for (row,) in connection.execute(query)]
            found[table.name] = {tuple(row[key] for key in keys): row for row in rows}
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "city.backup"


def save(url: str, file: Path) -> archive.Manifest:
    return backup.save(settings().dir, url, file)


class Writer(threading.Thread):
    """Somebody who goes on writing, two rows that belong together at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = threading.Event()
        self.written = 0

    def run(self) -> None:
        while not self.ended.is_set():
            with transaction() as session:
                moment = datetime.now(UTC)
                event = RawEvent(
                    source="poll:w:all", body=b"w", digest=os.urandom(32), received_at=moment, attempts=0
                )
                session.add(event)
                session.flush()
                history.record(session, "written", by="writer", details={"event": event.id})
            self.written += 1


@pytest.fixture
def writers() -> Iterator[list[Writer]]:
    writers = [Writer() for _ in range(3)]
    for one in writers:
        one.start()
    yield writers
    for one in writers:
        one.ended.set()
        one.join()


def test_what_is_saved_while_others_write_comes_back_row_by_row(
    rows_of_every_kind: None, writers: list[Writer], database_url: str, file: Path, tmp_path: Path
) -> None:
    before = sum(one.written for one in writers)
    manifest = save(database_url, file)
    assert sum(one.written for one in writers) > before, "nobody was held up"
    for one in writers:
        one.ended.set()
        one.join()
    old = everything(database_url)

    with restored(file, tmp_path / "new", database_url):
        new = everything(settings().database_url)
        db.check_no_drift(settings().database_url)

    assert set(new) == {table.name for table in Table.metadata.sorted_tables}
    ours = [key for key, row in new["history_entry"].items() if row["by"] == "restore"]
    assert len(ours) == 1
    for key in ours:
        del new["history_entry"][key]
    assert {row.pop("xact") for row in new["history_entry"].values()} == {"0"}
    for row in old["history_entry"].values():
        del row["xact"]
    assert new.pop("feed_epoch") == {(1,): {"id": 1, "epoch": 2}}
    for table, rows in new.items():
        assert rows, f"{table} has rows"
        assert len(rows) == manifest.rows[table]
        assert rows == {key: old[table][key] for key in rows}, table
    written = {key for (key,), row in new["raw_event"].items() if row["source"] == "poll:w:all"}
    told = {row["details"]["event"] for row in new["history_entry"].values() if row["kind"] == "written"}
    assert written == told, "one moment: what was committed together is there together"


def test_the_feed_starts_again_and_what_is_new_comes_after_what_was_restored(
    database: None, database_url: str, file: Path, tmp_path: Path
) -> None:
    for number in range(3):
        with transaction() as session:
            history.record(session, f"old-{number}", by="test")
    with transaction() as session:
        reader = feed.now_cursor(session)
    save(database_url, file)

    with restored(file, tmp_path / "new", database_url):
        with transaction() as session:
            history.record(session, "new", by="test")
        with transaction() as session:
            with pytest.raises(CursorExpired):
                feed.changes(session, reader)
            begin = Cursor(feed.now_cursor(session).epoch, 0, 0)
            first, middle = feed.changes(session, begin, limit=2)
            second, end = feed.changes(session, middle)

        kinds = [entry.kind for entry in [*first, *second]]
        assert kinds == ["old-0", "old-1", "old-2", "system.restored", "new"]
        assert end.epoch == reader.epoch + 1
        with transaction() as session, pytest.raises(psycopg.errors.RaiseException) as refused:
            _raw(session, "UPDATE history_entry SET kind = 'forged'")
        assert "append-only" in str(refused.value)


def _raw(session: Session, statement: str) -> None:
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    connection.execute(statement.encode())


def test_a_backup_is_for_its_owner_alone_and_never_written_over(
    database: None, database_url: str, file: Path
) -> None:
    save(database_url, file)
    whole = file.read_bytes()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(StackError, match="exists already"):
        save(database_url, file)
    assert file.read_bytes() == whole
    assert list(file.parent.iterdir()) == [file]


def cut(at: float) -> Callable[[bytes], bytes]:
    return lambda whole: whole[: int(len(whole) * at)]


def flip(mark: bytes, after: int) -> Callable[[bytes], bytes]:
    """One bit of the byte so far behind the first `mark` is another one."""

    def spoil(whole: bytes) -> bytes:
        at = whole.index(mark) + after
        return whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]

    return spoil


def rewritten(change: Callable[[dict[str, Any]], None]) -> Callable[[bytes], bytes]:
    """The same parts under another manifest, all of it a sound zip."""

    def spoil(whole: bytes) -> bytes:
        old, new = Path("old.zip"), Path("new.zip")
        old.write_bytes(whole)
        with zipfile.ZipFile(old) as source, zipfile.ZipFile(new, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                if name == archive.MANIFEST:
                    told = json.loads(content)
                    change(told)
                    content = json.dumps(told).encode()
                target.writestr(name, content)
        return new.read_bytes()

    return spoil


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (cut(0), "cut off"),
        (cut(0.3), "cut off"),
        (cut(0.999), "cut off"),
        (lambda whole: b"PGDMP" + b"\0" * 5000, "cut off"),
        (flip(b"PGDMP", 3000), "database.dump was damaged"),
        (flip(b"secret_key", 20), "secrets.json was damaged"),
        (rewritten(lambda told: told.update(format=2)), "newer version"),
        (rewritten(lambda told: told.update(schema_revision="2031_next")), "does not know"),
        (rewritten(lambda told: told.update(server=99)), "this server is older"),
        (rewritten(lambda told: told["parts"]["database.dump"].update(sha256="0" * 64)), "was damaged"),
        (rewritten(lambda told: told["rows"].update(channel=7)), "channel has 1 rows and should have 7"),
    ],
    ids=lambda one: one.replace(" ", "-") if isinstance(one, str) else "",
)
def test_a_backup_that_is_not_whole_or_does_not_fit_is_refused_and_nothing_stays(
    a_saved_city: bytes,
    database_url: str,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[bytes], bytes],
    why: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    file.write_bytes(spoil(a_saved_city))

    with fresh_database(database_url) as url, another_environment():
        with pytest.raises(StackError, match=why):
            restore.unpack(tmp_path / "new", file, database_url=url)
        with psycopg.connect(pgtools.plain(url)) as connection:
            tables = backup.tables_of(connection)

    assert not (tmp_path / "new").exists()
    assert tables == []


@pytest.fixture(scope="module")
def a_saved_city(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of one whole backup, with the keys of a data folder."""
    folder = tmp_path_factory.mktemp("saved")
    stack_environment.secrets_of(folder)
    with fresh_database(environment["DATABASE_URL"]) as url:
        db.upgrade(url)
        with psycopg.connect(pgtools.plain(url)) as connection:
            connection.execute(
                "INSERT INTO channel (key, platform, external_id, name, voice, is_active)"
                " VALUES ('x-belediye', 'x', '1', 'X', 'municipality', true)"
            )
        backup.save(folder, url, folder / "file")
    return (folder / "file").read_bytes()


def test_rows_that_cannot_come_in_leave_the_database_as_it_was(
    a_saved_city: bytes, database_url: str, file: Path, tmp_path: Path
) -> None:
    file.write_bytes(a_saved_city)
    with fresh_database(database_url) as url, another_environment():
        with psycopg.connect(pgtools.plain(url)) as connection:
            connection.execute("CREATE FUNCTION refuse_change() RETURNS int LANGUAGE sql AS 'SELECT 1'")

        with pytest.raises(StackError, match="refuse_change"):
            restore.unpack(tmp_path / "new", file, database_url=url)

        with psycopg.connect(pgtools.plain(url)) as connection:
            assert backup.tables_of(connection) == []
    assert not (tmp_path / "new").exists()


def test_only_an_empty_place_takes_a_backup(
    a_saved_city: bytes, database_url: str, file: Path, tmp_path: Path
) -> None:
    file.write_bytes(a_saved_city)
    used = tmp_path / "used"
    used.mkdir()
    (used / "secrets.json").write_text("{}")

    with pytest.raises(StackError, match="not empty"):
        restore.unpack(used, file, database_url=None)
    with another_environment(), pytest.raises(StackError, match="not empty"):
        restore.unpack(tmp_path / "new", file, database_url=database_url)

    assert [one.name for one in used.iterdir()] == ["secrets.json"]
    assert not (tmp_path / "new").exists()


def test_what_a_broken_off_restore_left_does_not_start(
    environment: dict[str, str], database_url: str
) -> None:
    with fresh_database(database_url) as url:
        with psycopg.connect(pgtools.plain(url)) as connection:
            connection.execute(f"CREATE TABLE {backup.UNFINISHED} ()".encode())

        told = subprocess.run(
            [sys.executable, "-m", "stack.prepare"],
            env=os.environ | {"DATABASE_URL": url},
            capture_output=True,
            text=True,
            check=False,
        )

        assert told.returncode == 1
        assert "did not finish" in told.stdout
        with psycopg.connect(pgtools.plain(url)) as connection:
            assert backup.tables_of(connection) == [backup.UNFINISHED]


def test_who_has_other_keys_is_told_which_channels_stay_closed(
    database: None, database_url: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        channel = Channel(key="x-belediye", platform="x", external_id="1", name="X")
        session.add(channel)
        session.flush()
        channels.set_credentials(session, channel, {"access_token": "secret"}, by="test")
    save(database_url, file)

    monkeypatch.delenv("COZUM_CREDENTIAL_KEYS")
    with restored(file, tmp_path / "new", database_url) as found:
        assert found.locked == ("x-belediye",)


@pytest.fixture
def new_folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "new"
    yield folder
    if folder.exists():
        remove(folder)


def cozum(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command, without a database of the shell's."""
    env = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("COZUM_", *stack_environment.URLS))
    }
    command = [*COZUM, *(str(argument) for argument in arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_one_command_makes_a_city_of_a_backup_and_one_a_backup_of_it(
    a_saved_city: bytes, file: Path, new_folder: Path
) -> None:
    file.write_bytes(a_saved_city)

    made = cozum("--dir", new_folder, "restore", file)
    again = cozum("--dir", new_folder, "restore", file)
    saved = cozum("--dir", new_folder, "backup", file.with_name("second"))

    assert made.returncode == 0, made.stderr
    assert (again.returncode, again.stdout) == (1, "")
    assert "is not empty" in again.stderr
    assert saved.returncode == 0, saved.stderr
    with archive.Archive(file) as first, archive.Archive(file.with_name("second")) as second:
        assert second.part("secrets.json") == first.part("secrets.json")
        assert second.manifest.rows == dict(first.manifest.rows) | {"history_entry": 1, "reconcile_run": 1}
    keys = new_folder / "secrets.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert not list(new_folder.rglob("*.dump"))


def test_a_folder_without_keys_is_not_taken_for_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COZUM_CREDENTIAL_KEYS", raising=False)

    answer = CliRunner().invoke(backup.backup, [str(tmp_path / "file")], obj=tmp_path)

    assert isinstance(answer.exception, StackError)
    assert "COZUM_CREDENTIAL_KEYS" in str(answer.exception)


# --- the programs of another PostgreSQL ---------------------------------------------------------------


@pytest.fixture
def pg_bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Path]:
    """Programs that say they are of a version, note what they were started with, and copy nothing."""

    def make(version: int) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in ("pg_dump", "pg_restore", "psql"):
            program = folder / name
            program.write_text(
                f'#!/bin/sh\n[ "$1" = --version ] && echo "{name} (PostgreSQL) {version}.4" && exit\n'
                f"echo \"$@ $(tr '\\0' ' ' < /proc/$$/cmdline)\" > {folder}/said\necho no >&2; exit 1\n"
            )
            program.chmod(0o755)
        monkeypatch.setenv(pgtools.SETTING, str(folder))
        return folder

    return make


def test_programs_older_than_the_server_are_refused_with_what_to_install(
    pg_bin: Callable[[int], Path],
) -> None:
    pg_bin(15)

    with pytest.raises(StackError, match="postgresql-client-18"):
        pgtools.tools_for(18)
    assert pgtools.tools_for(14).version == 15


def test_a_copy_that_fails_leaves_no_file_and_tells_no_password(
    database: None, database_url: str, file: Path, pg_bin: Callable[[int], Path]
) -> None:
    folder = pg_bin(99)
    url = database_url.replace("cozum@", "cozum:hidden@", 1)

    with pytest.raises(StackError, match="pg_dump could not copy the database:\nno"):
        save(url, file)

    assert "--dbname=postgresql://cozum@" in (folder / "said").read_text()
    assert "hidden" not in (folder / "said").read_text()
    assert not [one for one in file.parent.iterdir() if one.name != "bin"]


def test_secrets_that_only_the_environment_holds_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them a restored city would refuse its platforms' hooks."""
    told = stack_environment.settings_of(tmp_path, port=8000, database_url="d", broker_url="b")
    for name in (*told, *stack_environment.hook_variables()):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert backup._given_secrets(tmp_path) == []

    monkeypatch.setenv("COZUM_HOOK_SECRETS", '{"x": {"secrets": ["the city\'s own"]}}')
    monkeypatch.setenv("COZUM_META_APP_SECRETS", '["of an earlier version"]')

    assert backup._given_secrets(tmp_path) == ["COZUM_HOOK_SECRETS", "COZUM_META_APP_SECRETS"]
