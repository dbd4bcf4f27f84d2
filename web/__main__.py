"""Serve the screens, the hooks and the API: `python -m web --port 8000`.

A child process serves hooks and live streams in its event loop and all other requests in threads; the process
that was started supervises it. On SIGINT or SIGTERM the streams end first, then running requests, then the
process.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from typing import Any

import click
import structlog
from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import MPServer

from inbox import log
from inbox.settings import settings
from web import create_app
from web.serving import lifecycle
from web.serving.asgi import Application
from web.serving.front import Front
from web.serving.streams import MOST_STREAMS, SPARE_DESCRIPTORS

GRACE_SECONDS = 10
"""How long running requests may still take after a stop."""

MOST_CONNECTIONS = MOST_STREAMS + 1024
"""Open connections, idle ones included. Beyond that, new ones wait in the listen backlog."""


class WebServer(MPServer):
    """Granian that ends the live streams first: it would wait for them for ever."""

    stop_pipe: int

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """Close our end of the pipe, which the serving process reads, then stop as usual."""
        if self.stop_pipe >= 0:
            os.close(self.stop_pipe)
            self.stop_pipe = -1
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]

    def startup(self, *args: Any, **kwargs: Any) -> None:
        """Start as usual, but stop on SIGHUP (a closed terminal) instead of reloading."""
        super().startup(*args, **kwargs)  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGHUP, self.signal_handler_interrupt)


def serve(build: Callable[[], Application], *, host: str, port: int) -> None:
    """Serve the application until a stop signal. `build` makes it, in the serving process."""
    _raise_file_limit()
    multiprocessing.set_start_method("fork")  # the pipe and the listening socket are inherited
    read_end, write_end = os.pipe()

    def load() -> Application:
        os.close(write_end)
        lifecycle.stop_with_parent(read_end, grace_seconds=GRACE_SECONDS)
        return build()

    server = WebServer(
        "web",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        loop=Loops.uvloop,
        workers=1,
        backlog=1024,
        backpressure=MOST_CONNECTIONS,
        log_level=LogLevels.error,
        log_dictconfig={"loggers": {"_granian": {"propagate": True}}},  # through our own log handlers
        log_access=False,
        workers_kill_timeout=GRACE_SECONDS,
    )
    server.stop_pipe = write_end
    server.serve(target_loader=load, wrap_loader=False)


def _raise_file_limit() -> None:
    """Raise the soft limit of open files, since each stream holds one. Many systems start with 1,024."""
    wanted = MOST_CONNECTIONS + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--threads", default=64, show_default=True, help="Screens and API calls answered at once.")
def main(host: str, port: int, threads: int) -> None:
    """Serve until told to stop."""
    log.configure(as_json=settings().log_json)
    structlog.get_logger().info("web_starts", host=host, port=port, threads=threads)
    serve(lambda: Front(create_app(), threads=threads), host=host, port=port)


if __name__ == "__main__":
    main()
