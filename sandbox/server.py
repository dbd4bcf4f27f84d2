"""The sandbox as a web application and as a running server, for the command line and for tests."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox import control, graph_api, page, x_api, x_write
from sandbox.calls import hang_up_if_asked
from sandbox.config import Config, read_config
from sandbox.state import Sandbox, here, open_sandbox


class QuietHandler(WSGIRequestHandler):
    """Logs no call: they hold tokens and citizens' words."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Without the machine's own Date: the application dates its answers."""
        self.send_response_only(code, message)


def make_app(sandbox: Sandbox) -> Flask:
    """One sandbox's application: X under /x, Graph under /graph, /_control, the citizen's page at /."""
    app = Flask(__name__)
    app.extensions["sandbox"] = sandbox
    app.register_blueprint(x_api.blueprint, url_prefix="/x")
    app.register_blueprint(x_write.blueprint, url_prefix="/x")
    app.register_blueprint(graph_api.blueprint, url_prefix="/graph")
    app.register_blueprint(control.blueprint)
    app.register_blueprint(page.blueprint)
    app.after_request(hang_up_if_asked)
    app.after_request(_dated)
    return app


def _dated(response: Response) -> Response:
    """Each answer carries the platforms' time, moved or not: callers count by it."""
    response.date = here().clock.now()
    return response


def make_sandbox_server(sandbox: Sandbox, port: int, host: str = "127.0.0.1") -> BaseWSGIServer:
    """A server with a thread a connection, bound to the port (0: a free one) and not serving yet."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(host, port, make_app(sandbox), threaded=True, request_handler=QuietHandler)
    server.daemon_threads = True  # type: ignore[attr-defined]
    return server


@contextmanager
def running(
    config: Config | Mapping[str, Any] | None = None, *, folder: Path | None = None, port: int = 0
) -> Iterator[str]:
    """A sandbox serving from a thread of this process; yields its base URL and ends it afterwards."""
    read = config if isinstance(config, Config) else read_config(config or {})
    sandbox = open_sandbox(read, folder)
    server = make_sandbox_server(sandbox, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="sandbox", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=5)
        sandbox.stop()
        server.server_close()
