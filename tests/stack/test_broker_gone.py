"""The web's own process beside a broker that is refused, silent or frozen: no hook ever waits for it."""

from __future__ import annotations

import hashlib
import hmac
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest
import redis
import requests

from stack.embedded import embedded_valkey
from tests.stack.conftest import free_ports, wait_until

KNOCKS = 25


@contextmanager
def web(environment: dict[str, str], broker: str) -> Iterator[Callable[[], float]]:
    """The web server with this broker; the function knocks at a hook and answers how long that took."""
    (port,) = free_ports(1)
    url, number = f"http://127.0.0.1:{port}", iter(range(10_000))
    env = {**os.environ, **environment, "BROKER_URL": broker}
    argv = [sys.executable, "-m", "web", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers() -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(f"{url}/healthz", timeout=5).status_code == 200
        return False

    def knock() -> float:
        body = f'{{"object": "page", "entry": [], "n": {next(number)}}}'.encode()
        signed = "sha256=" + hmac.new(b"app-secret", body, hashlib.sha256).hexdigest()
        began = time.monotonic()
        answer = requests.post(
            f"{url}/hooks/meta", data=body, headers={"X-Hub-Signature-256": signed}, timeout=30
        )
        assert answer.status_code == 200
        return time.monotonic() - began

    try:
        wait_until(answers, "the web answers")
        yield knock
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@pytest.mark.usefixtures("database")
def test_a_hook_is_answered_within_a_second_while_the_broker_is_refused(environment: dict[str, str]) -> None:
    with web(environment, "redis://127.0.0.1:1/0") as knock:
        assert max(knock() for _ in range(KNOCKS)) < 1


@pytest.mark.usefixtures("database")
def test_a_hook_is_answered_within_a_second_while_the_broker_takes_connections_and_never_answers(
    environment: dict[str, str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with web(environment, f"redis://127.0.0.1:{port}/0") as knock:
            assert max(knock() for _ in range(KNOCKS)) < 1


@pytest.mark.usefixtures("database")
def test_a_hook_is_answered_within_a_second_while_the_broker_is_frozen_and_wakes_again_after_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with embedded_valkey(tmp_path / "broker", throwaway=True) as url:
        client = redis.Redis.from_url(url.replace("redis+socket://", "unix://"))
        (valkey,) = [
            one for one in psutil.Process().children(recursive=True)
            if one.pid == client.info("server")["process_id"]
        ]  # fmt: skip
        with web(environment, url) as knock:
            knock()
            wait_until(lambda: client.llen("ingest"), "a wake-up before the freeze")
            valkey.suspend()
            try:
                slowest = max(knock() for _ in range(KNOCKS))
            finally:
                valkey.resume()
            assert slowest < 1
            client.flushall()
            time.sleep(1)
            before = client.llen("ingest")
            knock()
            wait_until(lambda: client.llen("ingest") > before, "a wake-up after the freeze")
        client.close()


@pytest.mark.usefixtures("database")
def test_wake_ups_share_one_connection_to_the_broker(environment: dict[str, str], tmp_path: Path) -> None:
    with embedded_valkey(tmp_path, throwaway=True) as broker, web(environment, broker) as knock:
        client = redis.Redis.from_url(broker.replace("redis+socket://", "unix://"))

        def are_waiting(count: int) -> bool:
            return client.llen("ingest") == count

        knock()
        wait_until(partial(are_waiting, 1), "the first wake-up")
        before = client.info("stats")["total_connections_received"]
        for count in range(2, 8):
            knock()
            wait_until(partial(are_waiting, count), "one more wake-up")
        assert client.info("stats")["total_connections_received"] == before
