"""A running sandbox with an Instagram account, as these tests speak to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from pydantic import SecretStr

import sandbox
from inbox.values import Access

CHANNEL, ACCOUNT = "instagram-belediye", "17841400000000001"


@dataclass
class Stage:
    """The sandbox's address, and what citizens, colleagues and troublemakers do there."""

    url: str

    def access(self, token: str = f"sandbox-token-{CHANNEL}") -> Access:
        return Access("instagram", ACCOUNT, f"{self.url}/graph", {"access_token": SecretStr(token)})

    def control(self, call: str, **body: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.url}/_control/{call}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def say(self, text: str, author: str = "Ayşe Yılmaz", **more: Any) -> str:
        return str(self.control("say", channel=CHANNEL, author=author, text=text, **more)["external_id"])

    def fault(self, fault: str, times: int = 1) -> None:
        self.control("faults", channel=CHANNEL, fault=fault, times=times)

    def threads(self) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/_control/threads", params={"channel": CHANNEL}, timeout=10)
        return dict(answer.json())

    def ours(self) -> list[dict[str, Any]]:
        """All comments and private messages of our own, as the public and the citizens see them."""
        found: list[dict[str, Any]] = []

        def walk(node: Any) -> None:
            if isinstance(node, dict):
                if node.get("is_ours") and node.get("kind") in ("comment", "dm"):
                    found.append(node)
                for value in node.values():
                    walk(value)
            elif isinstance(node, list):
                for value in node:
                    walk(value)

        walk(self.threads())
        return found


@pytest.fixture
def stage() -> Iterator[Stage]:
    with sandbox.running({"hook_base_url": "", "hang_seconds": 0.3, "slow_seconds": 0.2}) as url:
        yield Stage(url)
