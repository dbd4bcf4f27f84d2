"""The operating-system user that PostgreSQL runs as when we are root (it refuses to run as root)."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

NAME = "cozum"
HOME = Path("/var/lib/cozum")


@dataclass(frozen=True)
class SystemAccount:
    """A user of the operating system that one of our processes runs as."""

    name: str
    uid: int
    gid: int

    def can(self, *argv: str) -> bool:
        """Whether this user can run `argv` with success."""
        try:
            done = subprocess.run(
                argv,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C"},
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        except PermissionError:
            return False
        return done.returncode == 0

    def reaches(self, folder: Path) -> bool:
        """Whether this user may enter `folder`, through every folder above it."""
        return self.can("/bin/sh", "-c", 'cd -- "$0"', str(folder))


def of_owner(path: Path) -> SystemAccount:
    """The account that owns `path`."""
    uid = path.stat().st_uid
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise StackError(
            f"{path} belongs to user id {uid}, and no user on this machine has that id. "
            f"Create one: useradd --system --uid {uid} {NAME}"
        ) from None
    return SystemAccount(entry.pw_name, entry.pw_uid, entry.pw_gid)


def ensure() -> SystemAccount:
    """Our own account, created if missing. Raises StackError with the command that would create it."""
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(HOME)]
    command += ["--shell", "/usr/sbin/nologin", NAME]
    try:
        return _named(NAME)
    except KeyError:
        _make(command)
    return _named(NAME)


def _named(name: str) -> SystemAccount:
    entry = pwd.getpwnam(name)
    return SystemAccount(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _make(command: Sequence[str]) -> None:
    needed = (
        f"PostgreSQL refuses to run as root and needs an operating-system user named {NAME!r}. "
        f"Make it with: {' '.join(command)}  — or start as an ordinary user, or set DATABASE_URL."
    )
    if shutil.which(command[0]) is None:
        raise StackError(f"{needed} (`useradd` is not installed here: apt install passwd)")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # Exit code 9: the user exists by now, because two first starts ran side by side.
    if done.returncode not in (0, 9):
        raise StackError(f"{needed} (useradd said: {done.stderr.strip()})")
