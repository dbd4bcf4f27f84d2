"""Serve the screens, the hooks and the API: `python -m web --port 8000`.

One process serves: hooks and live streams in its event loop, all else in many threads. The process that was
started watches over it.
On SIGINT or SIGTERM the streams end first, then what is still being answered, then the process.
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
"""How long what is being answered may take to end, once a stop was asked for."""

MOST_CONNECTIONS = MOST_STREAMS + 1024
"""Open at once, idle ones too. The server accepts no more, and those who come wait in its backlog."""


class WebServer(MPServer):
    """Granian, with the streams told to end before it waits for them."""

    stop_pipe: int

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """Close our end of the pipe, which every stream's process reads, then stop as usual."""
        if self.stop_pipe >= 0:
            os.close(self.stop_pipe)
            self.stop_pipe = -1
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]

    def startup(self, *args: Any, **kwargs: Any) -> None:
        """Start, and take SIGHUP (a closed terminal) for a stop rather than a reload."""
        super().startup(*args, **kwargs)  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGHUP, self.signal_handler_interrupt)


def serve(build: Callable[[], Application], *, host: str, port: int) -> None:
    """Serve what `build` makes until told to stop; `build` runs in the process that serves."""
    _allow_files()
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
        log_dictconfig={"loggers": {"_granian": {"propagate": True}}},  # into our log, in our form
        log_access=False,
        workers_kill_timeout=GRACE_SECONDS,
    )
    server.stop_pipe = write_end
    server.serve(target_loader=load, wrap_loader=False)


def _allow_files() -> None:
    """Let this process open a file a stream, where the system permits: many systems begin with 1,024."""
    wanted = MOST_CONNECTIONS + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--threads", default=64, show_default=True, help="Screens and calls of the API made at once.")
def main(host: str, port: int, threads: int) -> None:
    """Serve until told to stop."""
    log.configure(as_json=settings().log_json)
    structlog.get_logger().info("web_starts", host=host, port=port, threads=threads)
    serve(lambda: Front(create_app(), threads=threads), host=host, port=port)


if __name__ == "__main__":
    main()
