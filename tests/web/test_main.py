"""The server starts, serves, and stops without leaving anything, whatever is still open."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
import urllib.error
import urllib.request

import psutil
import pytest

from inbox import db, feed
from tests.support import crowd
from tests.support.serving import free_port, served
from tests.web.conftest import Browser

LONG_ANSWERS = """
import sys
from web.__main__ import serve
from web.serving.asgi import InThreads

def app(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return (b"x" * 65536 for _ in range(400)) if environ["PATH_INFO"] == "/long" else [b"ok"]

serve(lambda: InThreads(app, threads=4), host="127.0.0.1", port=int(sys.argv[1]))
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_thirty_open_streams_end_within_two_seconds_of_a_stop(
    moderator: Browser, environment: dict[str, str], how: signal.Signals
) -> None:
    port = free_port()
    with db.transaction() as session:
        cursor = str(feed.now_cursor(session))

    async def stop(server: psutil.Process) -> float:
        ears = await crowd.gather(30, port, moderator.cookie(), cursor)
        assert {ear.status for ear in ears} == {200}
        started = time.monotonic()
        server.send_signal(how)
        await asyncio.gather(*(ear.listening for ear in ears))
        return time.monotonic() - started

    with served(port, "-m", "web", "--port", str(port), env={**os.environ, **environment}) as server:
        family = [server, *server.children(recursive=True)]
        ended = asyncio.run(stop(server))
        _, left = psutil.wait_procs(family, timeout=15)

        assert ended < 2
        assert left == []


def test_long_answers_nobody_reads_any_more_leave_their_threads() -> None:
    port = free_port()
    with served(port, "-c", LONG_ANSWERS, str(port)):
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port), timeout=15) as reader:
                reader.sendall(b"GET /long HTTP/1.1\r\nHost: here\r\n\r\n")
                assert b"200" in reader.recv(1000)
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).close()


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
