"""Serves a WSGI application with one of several web servers.

`python -m bench.serve --app bench.floor:insert_app --server gunicorn --port N`. With `--server nothing` it
ignores the application and answers 200 to everything, to measure the load generator.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from gunicorn.app.base import BaseApplication

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    Build = Callable[[], WSGIApplication]


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # without types
    """Gunicorn with options from code instead of the command line."""

    def __init__(self, build: Build, options: dict[str, Any]) -> None:
        self._build, self._options = build, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        return self._build()


def _gunicorn(build: Build, port: int, threads: int) -> None:
    options = {
        "bind": f"127.0.0.1:{port}",
        "workers": 1,
        "worker_class": "gthread",
        "threads": threads,
        "worker_connections": 1000,
        "keepalive": 30,
        "backlog": 1024,
        "control_socket_disable": True,
    }
    _Gunicorn(build, options).run()


def _granian(build: Build, port: int, threads: int) -> None:
    multiprocessing.set_start_method("fork")
    Granian(
        "bench",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        blocking_threads_idle_timeout=600,
        backlog=1024,
        backpressure=1024,
        log_level=LogLevels.error,
        log_access=False,
    ).serve(target_loader=build, wrap_loader=False)


class _Nothing(asyncio.Protocol):
    """Answers 200 to every complete request. It does not support pipelining."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (of a TCP server)
        self._transport = transport
        self._given = b""

    def data_received(self, data: bytes) -> None:
        self._given += data
        head, end, body = self._given.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.rpartition(b"Content-Length: ")[2].split(b"\r\n")[0] or 0):
            self._given = b""
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


async def _serve_nothing(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Nothing, "127.0.0.1", port)
    await server.serve_forever()


@click.command()
@click.option("--app", required=True, help="module:function that creates the WSGI application.")
@click.option("--server", type=click.Choice(["gunicorn", "granian", "nothing"]), required=True)
@click.option("--port", type=int, required=True)
@click.option("--threads", type=int, default=64)
def main(app: str, server: str, port: int, threads: int) -> None:
    """Serve until stopped."""
    build: Build = resolve_name(app)
    if server == "nothing":
        asyncio.run(_serve_nothing(port))
    elif server == "gunicorn":
        _gunicorn(build, port, threads)
    else:
        _granian(build, port, threads)


if __name__ == "__main__":
    main()
