"""`python -m sandbox --port N --config FILE.json [--dir DIR]`: serves until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from sandbox.config import ConfigError, read_config
from sandbox.server import make_sandbox_server
from sandbox.state import open_sandbox


def main() -> int:
    """Serve the sandbox. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="sandbox", description="Stand-in platforms for Çözüm.")
    parser.add_argument("--port", type=int, required=True, help="port to listen on; 0 takes a free one")
    parser.add_argument("--config", type=Path, help="a JSON file: channels, secrets, hook_base_url, …")
    parser.add_argument("--dir", type=Path, help="folder that keeps the state over a restart")
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args()
    try:
        raw = json.loads(options.config.read_text(encoding="utf-8")) if options.config else {}
        config = read_config(raw)
    except (OSError, ValueError, TypeError) as error:
        kind = "" if isinstance(error, ConfigError) else f"{type(error).__name__}: "
        sys.stderr.write(f"sandbox: cannot use {options.config}: {kind}{error}\n")
        return 2
    sandbox = open_sandbox(config, options.dir)
    server = make_sandbox_server(sandbox, options.port, options.host)

    def stop(_signal: int, _frame: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for handled in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(handled, stop)
    sys.stdout.write(f"sandbox at http://{options.host}:{server.server_port}\n")
    sys.stdout.flush()
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        sandbox.stop()
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
