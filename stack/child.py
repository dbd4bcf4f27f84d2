"""Starts and stops child processes: each has its own session and ends when its parent ends.

Linux sends the death signal (PR_SET_PDEATHSIG, prctl(2)) when the *thread* that forked the child ends, so
children may be started from main threads only.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from stack.account import SystemAccount

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int, death_signal: signal.Signals) -> None:
    """Ask the kernel to send this process `death_signal` when process `parent` ends.

    Call it in a freshly forked child, after any change of user: changing the user clears the setting.
    Exits at once if the parent has ended already.
    """
    if _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        os._exit(127)


def start(
    argv: Sequence[str],
    *,
    account: SystemAccount | None,
    env: Mapping[str, str],
    output: IO[bytes],
    death_signal: signal.Signals,
) -> subprocess.Popen[bytes]:
    """Start `argv` in its own session, as `account` (None: the current user), with its output in `output`."""
    parent = os.getpid()
    bind: Callable[[], None] = lambda: die_with(parent, death_signal)  # noqa: E731
    return subprocess.Popen(
        argv,
        cwd="/",  # the account may have no access to our working directory
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=bind,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def stop(process: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float]) -> None:
    """Send each signal of `steps` and wait that many seconds for the exit; finally kill the whole session."""
    for step, seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(step)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def last_lines(log: Path, count: int = 12) -> str:
    """The last `count` lines of a log file; empty if there is no file."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(lines[-count:])
