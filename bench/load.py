"""The load generator: sends requests over a few open connections, one at a time on each.

It shares the cores with the server it measures, so it is one thread over epoll and parses only the status and
length of an answer. Each run reports how close it comes to the generator's own limit (`bench.intake`).
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection

CONNECTIONS = 32
_PATIENCE = 30.0  # seconds without any answer


@dataclass(slots=True)
class Burst:
    """The result of some requests: total time in seconds, each latency, and the number refused."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def rate(self) -> float:
        """Answers with 200 per second."""
        return (len(self.latencies) - self.refused) / self.seconds

    def quantile(self, share: float) -> float:
        """The quantile of the latencies in ms; `share` is 0.5 for the median."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Connection:
    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = self._open()
        self.sent_at = 0.0
        self.request = b""
        self.answer = b""

    def _open(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def send(self, request: bytes) -> None:
        self.request, self.answer = request, b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool | None:
        """Whether the answer is a 200; None while it is incomplete."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the server closed a connection in the middle")
        self.answer += part
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not end:
            return None
        lower = head.lower()
        place = lower.find(b"content-length:")
        length = int(lower[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        return self.answer[9:12] == b"200" if len(body) >= length else None


def fire(port: int, requests: Sequence[bytes], *, connections: int = CONNECTIONS) -> Burst:
    """Send all `requests`, each connection's next one as soon as the last is answered."""
    burst, left = Burst(), iter(requests)
    lines = [_Connection(port) for _ in range(min(connections, len(requests)))]
    with selectors.DefaultSelector() as selector:
        began = time.perf_counter()
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send(next(left))
        while len(burst.latencies) < len(requests):
            _one_round(selector, burst, left)
        burst.seconds = time.perf_counter() - began
    for line in lines:
        line.socket.close()
    return burst


def _one_round(selector: selectors.BaseSelector, burst: Burst, left: Iterator[bytes]) -> None:
    ready = selector.select(_PATIENCE)
    if not ready:
        raise TimeoutError(f"no answer for {_PATIENCE:.0f} s")
    for key, _ in ready:
        line: _Connection = key.data
        good = line.receive()
        if good is None:
            continue
        burst.latencies.append(time.perf_counter() - line.sent_at)
        burst.refused += not good
        if (request := next(left, None)) is not None:
            line.send(request)


def send_steadily(port: int, requests: Sequence[bytes], *, rate: float) -> Iterator[tuple[int, float]]:
    """Send `requests` at `rate` per second, one after another. Yields (index, time before sending)."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    start = time.perf_counter()
    for index, request in enumerate(requests):
        time.sleep(max(0.0, start + index / rate - time.perf_counter()))
        sent_at = time.perf_counter()
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        connection.request("POST", first.split(" ")[1], body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"a hook was answered {answer.status}")
        yield index, sent_at
    connection.close()
