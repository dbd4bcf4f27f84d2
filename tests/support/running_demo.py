"""The whole system as `make demo` starts it, for tests that go through all of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from stack import postgres

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], Any], *, within: float = 30, what: str = "it") -> Any:
    """What `look` answers as soon as it is truthy. Fails naming `what` when the time is over."""
    end = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {within:g} s; last seen: {found!r}")
        time.sleep(0.15)


class Demo:
    """A running demo: its addresses and tokens, its API and its platforms."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder, self.process = folder, process
        self.told: dict[str, Any] = json.loads((folder / "demo.json").read_text())
        self.web: str = self.told["web"].rstrip("/")
        self.sandbox: str = self.told["sandbox"].rstrip("/")

    def api(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, of: str = "api_token"
    ) -> requests.Response:
        """One call of the JSON API as the supervisor, or with another of the demo's tokens."""
        headers = {"Authorization": f"Bearer {self.told[of]}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return requests.request(method, f"{self.web}/api/v1{path}", json=body, headers=headers, timeout=30)

    def get(self, path: str) -> Any:
        """What the API answers to a GET, which must succeed."""
        answer = self.api("GET", path)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        """What the API answers to a POST, which must succeed."""
        answer = self.api("POST", path, body if body is not None else {})
        assert answer.status_code in (200, 201), f"POST {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def control(self, path: str, **body: Any) -> Any:
        """One control call of the sandbox, which must succeed."""
        answer = requests.post(f"{self.sandbox}/_control{path}", json=body, timeout=30)
        assert answer.status_code in (200, 201), f"{path} {body}: {answer.status_code} {answer.text}"
        return answer.json()

    def threads(self, channel: str) -> Any:
        """The public truth of one channel."""
        answer = requests.get(f"{self.sandbox}/_control/threads", params={"channel": channel}, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ours_under(self, channel: str, external_id: str, *, words: str = "") -> list[Any]:
        """What we said in public (or in the chat) to that very message."""
        said = said_under(self.threads(channel), external_id)
        return [one for one in said if one["is_ours"] and words in one["text"]]

    def message(self, channel: str, external_id: str) -> Any:
        """The message with this external id, waited for."""

        def look() -> Any:
            found = self.get(f"/messages?channel={channel}&limit=200")["items"]
            return next((one for one in found if one["external_id"] == external_id), None)

        return eventually(look, what=f"message {external_id} of {channel}")


def said_under(tree: Any, external_id: str) -> list[Any]:
    """Everything said directly under the post, comment or chat message with this id, in order."""
    if isinstance(tree, list):
        return [said for node in tree for said in said_under(node, external_id)]
    if not isinstance(tree, dict):
        return []
    below = [
        said for value in tree.values() if isinstance(value, list) for said in said_under(value, external_id)
    ]
    if tree.get("parent") == external_id:
        return [tree, *below]
    return below


@contextmanager
def demo(folder: Path, **more: str) -> Iterator[Demo]:
    """A demo of its own on free ports, without the stream of citizens, stopped at the end."""
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("COZUM_", "DATABASE_", "BROKER_"))
        },
        "DEMO_STREAM": "0",
        "PORT": str(free_port()),
        "SANDBOX_PORT": str(free_port()),
        **more,
    }
    log = folder.parent / f"{folder.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("cozum")), "--dir", str(folder), "demo"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + 180
        while not (folder / "demo.json").exists():
            if process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the demo did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.2)
        yield Demo(folder, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        postgres.discard(folder)
