"""Creates folders with the mode they need. Existing folders are not changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from stack.account import SystemAccount
from stack.errors import StackError

# sockaddr_un.sun_path holds 108 bytes including the final NUL (unix(7)).
LONGEST_SOCKET_PATH = 107


def private(folder: Path, account: SystemAccount | None = None) -> Path:
    """Create `folder` with mode 0700 for `account` (None: us) if it is missing. Returns `folder`."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return folder
    if account:
        os.chown(folder, account.uid, account.gid)
    return folder


def for_sockets(wanted: Path, longest_name: str, account: SystemAccount | None = None) -> Path:
    """A private folder for Unix sockets: `wanted`, or one under /tmp if the path of `wanted` is too long.

    Raises StackError if the folder under /tmp belongs to somebody else or is not private.
    """
    if len(os.fsencode(wanted / longest_name)) <= LONGEST_SOCKET_PATH:
        return private(wanted, account)
    owner = account.uid if account else os.geteuid()
    name = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
    # Not $TMPDIR: it may be as long, and it differs between shells.
    short = Path("/tmp") / f"cozum-{owner}-{name}"  # noqa: S108
    private(short, account)
    stat = short.lstat()
    if short.is_symlink() or stat.st_uid != owner or stat.st_mode & 0o077:
        raise StackError(
            f"{short} must be a private folder of user id {owner}. Check what it is and remove it."
        )
    return short
