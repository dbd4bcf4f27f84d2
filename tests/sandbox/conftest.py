"""A running sandbox, a hook that listens, and callers that sign as the platforms want."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from requests_oauthlib import OAuth1

import sandbox
from sandbox.hooks import x_signature
from tests.support.waiting import until

X_BELEDIYE, X_BASKAN = "1500000001", "1500000002"
PAGE, INSTAGRAM, PHONE = "100200300401", "17841400000000001", "105500000000001"
FAST = {
    "hook_backoff_seconds": 0.05,
    "hook_timeout_seconds": 2.0,
    "receipt_seconds": 0.02,
    "hang_seconds": 0.3,
    "slow_seconds": 0.3,
    "late_hook_seconds": 0.4,
    "out_of_order_seconds": 1.5,
}


@dataclass
class Received:
    """One hook as it came in."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Listener:
    """Our side of the hooks: keeps what comes and answers as told, 200 when nothing was said."""

    url: str
    received: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    crc_asked: int = 0
    crc_secret: str = "sandbox-x-consumer-secret"

    def wait(self, count: int = 1, seconds: float = 30.0) -> list[Received]:
        """The hooks, once there are `count` of them."""
        until(lambda: len(self.received) >= count, seconds)
        return self.received


@pytest.fixture
def listener() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            told.crc_asked += "crc_token" in asked
            if "crc_token" in asked:
                signed = x_signature(told.crc_secret, asked["crc_token"].encode())
                answer = json.dumps({"response_token": signed})
            elif asked.get("hub.verify_token") == "sandbox-verify-token":
                answer = asked["hub.challenge"]
            else:
                answer = "no"
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.received.append(Received(self.path, headers, raw))
            self.send_response(told.answers.pop(0) if told.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Listener(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Stage:
    """A running sandbox as tests speak to it."""

    url: str

    def control(self, call: str, **body: Any) -> requests.Response:
        return requests.post(f"{self.url}/_control/{call}", json=body, timeout=10)

    def settled(self) -> None:
        """Wait until no hook is under way: what has not come by then never comes."""
        health = f"{self.url}/_control/health"
        until(lambda: requests.get(health, timeout=10).json()["hooks"]["pending"] == 0)

    def say(self, channel: str, text: str, author: str = "Ayşe Yılmaz", **more: Any) -> str:
        answer = self.control("say", channel=channel, author=author, text=text, **more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["external_id"])

    def fault(self, channel: str, fault: str, times: int = 1) -> None:
        assert self.control("faults", channel=channel, fault=fault, times=times).status_code == 200

    def threads(self, channel: str) -> Any:
        return requests.get(f"{self.url}/_control/threads", params={"channel": channel}, timeout=10).json()

    def graph(self, method: str, path: str, channel: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer sandbox-token-{channel}"}
        url = f"{self.url}/graph/v26.0/{path}"
        return requests.request(method, url, headers=headers, timeout=10, **more)

    def x(self, method: str, path: str, channel: str = "x-belediye", **more: Any) -> requests.Response:
        token = f"sandbox-token-{channel}"
        auth = OAuth1("sandboxxconsumerkey01", "sandbox-x-consumer-secret", token, f"{token}-secret")
        return requests.request(method, f"{self.url}/x/2/{path}", auth=auth, timeout=10, **more)

    def reply_on_x(self, text: str, parent: str, channel: str = "x-belediye") -> requests.Response:
        body = {"text": text, "reply": {"in_reply_to_tweet_id": parent}}
        return self.x("POST", "tweets", channel, json=body)

    def whatsapp(self, **message: Any) -> requests.Response:
        body = {"messaging_product": "whatsapp", **message}
        return self.graph("POST", f"{PHONE}/messages", "whatsapp-cozum", json=body)


@pytest.fixture
def open_stage(listener: Listener) -> Iterator[Callable[..., Stage]]:
    """Opens sandboxes with settings of one's own; their hooks come to `listener`."""
    with ExitStack() as stack:
        yield lambda **settings: Stage(
            stack.enter_context(sandbox.running({**FAST, "hook_base_url": listener.url, **settings}))
        )


@pytest.fixture
def stage(open_stage: Callable[..., Stage]) -> Stage:
    return open_stage()


def whole_error(answer: requests.Response) -> tuple[int, int, int | None]:
    """Status, code and subcode of a Graph error."""
    error = answer.json()["error"]
    assert error["fbtrace_id"]
    assert error["message"]
    assert error["type"] in ("OAuthException", "GraphMethodException")
    return answer.status_code, error["code"], error.get("error_subcode")
