"""A web server in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]


@contextmanager
def served(port: int, *command: str, env: dict[str, str] | None = None) -> Iterator[psutil.Process]:
    """The server in a process of its own, answering; killed at the end if it still runs."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, *command], cwd=ROOT, env=env, start_new_session=True
    )
    watched = psutil.Process(process.pid)
    family = [watched]
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=2).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "the server never answered"
                assert process.poll() is None, "the server ended by itself"
                time.sleep(0.1)
        family += watched.children(recursive=True)
        yield watched
    finally:
        for one in family:
            if one.is_running():
                one.kill()
        process.wait(10)


def free_port() -> int:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])
