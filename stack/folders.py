"""Folders of ours: made with the mode they need, never changed when they are there already."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from stack.account import SystemAccount
from stack.errors import StackError

# sockaddr_un.sun_path holds 108 bytes with the closing NUL (unix(7)).
LONGEST_SOCKET_PATH = 107


def private(folder: Path, account: SystemAccount | None = None) -> Path:
    """`folder`, there for its owner alone (`account`, or us), made if it is missing."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return folder
    if account:
        os.chown(folder, account.uid, account.gid)
    return folder


def for_sockets(wanted: Path, longest_name: str, account: SystemAccount | None = None) -> Path:
    """A private folder for Unix sockets: `wanted`, or a short one under /tmp if its path is too long.

    Raises StackError if somebody else sits on the short one.
    """
    if len(os.fsencode(wanted / longest_name)) <= LONGEST_SOCKET_PATH:
        return private(wanted, account)
    owner = account.uid if account else os.geteuid()
    name = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
    # Not the temporary folder of the environment: it may be as long, and differs between shells.
    short = Path("/tmp") / f"cozum-{owner}-{name}"  # noqa: S108
    private(short, account)
    stat = short.lstat()
    if short.is_symlink() or stat.st_uid != owner or stat.st_mode & 0o077:
        raise StackError(
            f"{short} must be a private folder of user number {owner}. Look at it and remove it."
        )
    return short
