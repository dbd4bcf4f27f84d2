"""The server starts, serves many streams beside everything else, and stops without leaving anything."""

from __future__ import annotations

import os
import signal
import socket
import time
import urllib.error
import urllib.request

import psutil
import pytest

from tests.support.serving import free_port, served

STREAMING = """
import sys
from web.serving import lifecycle
from web.__main__ import serve
from web.serving.asgi import InThreads

def app(environ, start):
    if environ["PATH_INFO"] != "/stream":
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]
    start("200 OK", [("Content-Type", "text/event-stream")])
    def flow():
        while not lifecycle.pause(0.2):
            yield b": alive\\n\\n"
    return flow()

serve(lambda: InThreads(app, threads=64), host="127.0.0.1", port=int(sys.argv[1]))
"""


def open_stream(port: int) -> socket.socket:
    stream = socket.create_connection(("127.0.0.1", port), timeout=15)
    stream.sendall(b"GET /stream HTTP/1.1\r\nHost: here\r\n\r\n")
    assert b"200" in stream.recv(1000)
    return stream


def wait_for_end(stream: socket.socket) -> None:
    try:
        while stream.recv(65536):
            pass
    except ConnectionError:
        pass
    stream.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_thirty_open_streams_end_within_two_seconds_of_a_stop(how: signal.Signals) -> None:
    port = free_port()
    with served(port, "-c", STREAMING, str(port)) as server:
        family = [server, *server.children(recursive=True)]
        streams = [open_stream(port) for _ in range(30)]

        started = time.monotonic()
        server.send_signal(how)
        for stream in streams:
            wait_for_end(stream)
        ended = time.monotonic() - started
        _, left = psutil.wait_procs(family, timeout=15)

        assert ended < 2
        assert left == []


def test_others_are_answered_at_once_while_half_of_the_threads_stream() -> None:
    port = free_port()
    with served(port, "-c", STREAMING, str(port)):
        streams = [open_stream(port) for _ in range(32)]
        slowest = 0.0
        for _ in range(50):
            started = time.monotonic()
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
            slowest = max(slowest, time.monotonic() - started)
        for stream in streams:
            stream.close()
    assert slowest < 1


def test_streams_nobody_reads_any_more_leave_their_threads() -> None:
    port = free_port()
    with served(port, "-c", STREAMING, str(port)):
        for _ in range(2):
            streams = [open_stream(port) for _ in range(64)]
            for stream in streams:
                stream.close()
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()


def test_the_whole_application_is_served(database: None, environment: dict[str, str]) -> None:
    port = free_port()
    env = {**os.environ, **environment}
    with served(port, "-m", "web", "--port", str(port), env=env) as server:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/hooks/meta", data=b"{}", timeout=5)
        assert refusal.value.code == 403
        refusal.value.close()
        server.terminate()
        assert server.wait(15) == 0
