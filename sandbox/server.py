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
from sandbox.state import Sandbox, current_sandbox, open_sandbox


class QuietHandler(WSGIRequestHandler):
    """Logs nothing: URLs and bodies contain tokens and what citizens wrote."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Leave out werkzeug's Date header, because `_dated` sets the sandbox's."""
        self.send_response_only(code, message)


def make_app(sandbox: Sandbox) -> Flask:
    """The Flask application: X at /x, the Graph API at /graph, /_control, the citizens' page at /."""
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
    """Set the Date header to the sandbox's time: callers compute expiry times from it."""
    response.date = current_sandbox().clock.now()
    return response


def make_sandbox_server(sandbox: Sandbox, port: int, host: str = "127.0.0.1") -> BaseWSGIServer:
    """A server bound to the port (0: a free one), not serving yet. Each connection gets a thread."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(host, port, make_app(sandbox), threaded=True, request_handler=QuietHandler)
    server.daemon_threads = True  # type: ignore[attr-defined]
    return server


@contextmanager
def running(
    config: Config | Mapping[str, Any] | None = None, *, folder: Path | None = None, port: int = 0
) -> Iterator[str]:
    """Serve a sandbox from a thread for the length of the block. Yields its base URL."""
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
