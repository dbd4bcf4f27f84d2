"""A running sandbox with one account of Facebook and of Instagram, as the tests of both speak to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from pydantic import SecretStr

import sandbox
from connectors import CONNECTORS
from connectors.contract import Connector
from inbox.values import (
    Access,
    AuthorKey,
    LookOutcome,
    MessageKind,
    MessageSeen,
    Outgoing,
    PolledPage,
    ReplyKind,
    SendOutcome,
)

ACCOUNTS = {"facebook": "100200300401", "instagram": "17841400000000001"}
ANSWER = "Ekibimiz yarın saat 10.00'da Zafer Mahallesi'nde."


@dataclass
class GraphStage:
    """One account in a sandbox: what citizens, colleagues and troublemakers do there, and our connector."""

    url: str
    platform: str

    @property
    def connector(self) -> Connector:
        return CONNECTORS[self.platform]

    @property
    def account(self) -> str:
        return ACCOUNTS[self.platform]

    @property
    def head(self) -> str:
        """The edge with the newest posts."""
        return self.connector.edges[0]

    def access(self, token: str | None = None) -> Access:
        given = f"sandbox-token-{self.platform}-belediye" if token is None else token
        return Access(self.platform, self.account, f"{self.url}/graph", {"access_token": SecretStr(given)})

    # what happens on the platform

    def control(self, call: str, **body: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.url}/_control/{call}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def say(self, text: str, author: str = "Ayşe Yılmaz", **more: Any) -> str:
        said = self.control("say", channel=f"{self.platform}-belediye", author=author, text=text, **more)
        return str(said["external_id"])

    def fault(self, fault: str, times: int = 1) -> None:
        self.control("faults", channel=f"{self.platform}-belediye", fault=fault, times=times)

    def threads(self) -> dict[str, Any]:
        asked = {"channel": f"{self.platform}-belediye"}
        return dict(requests.get(f"{self.url}/_control/threads", params=asked, timeout=10).json())

    def latest_post(self) -> str:
        return str(self.threads()["posts"][0]["external_id"])

    def ours(self) -> list[dict[str, Any]]:
        """All comments and private messages of our own, as the public and the citizens see them."""
        return [one for one in _said(self.threads()) if one["is_ours"] and one["kind"] in ("comment", "dm")]

    # what we do

    def answer_to(self, comment: str, text: str = ANSWER, **more: Any) -> Outgoing:
        fields: dict[str, Any] = {
            "reference": "reply-1",
            "kind": ReplyKind.ANSWER,
            "text": text,
            "to_external_id": comment,
            "to_kind": MessageKind.COMMENT,
            "conversation": self.latest_post(),
            "first_tried_at": datetime.now(UTC),
        }
        return Outgoing(**{**fields, **more})

    def chat_answer(self, text: str = ANSWER) -> Outgoing:
        """An answer to a citizen's private message, with one key of another account before the right one."""
        message = self.say("Merhaba, bir sorum var", kind="dm")
        peer = self.threads()["chats"][0]["peer_id"]
        keys = (AuthorKey(f"{self.platform}:1", "7"), AuthorKey(f"{self.platform}:{self.account}", peer))
        return self.answer_to(message, text, to_kind=MessageKind.CHAT, conversation=None, recipient=keys)

    def send(self, outgoing: Outgoing) -> SendOutcome:
        return self.connector.send(self.access(), outgoing)

    def look(self, outgoing: Outgoing) -> LookOutcome:
        return self.connector.look(self.access(), outgoing)

    def poll_all(self, edge: str, cursor: str | None = None) -> list[PolledPage]:
        """Pages until the connector says that nothing is left for now."""
        pages = [self.connector.poll(self.access(), edge, cursor)]
        while pages[-1].more:
            assert len(pages) < 60
            pages.append(self.connector.poll(self.access(), edge, pages[-1].cursor))
        return pages

    def seen_in(self, *pages: PolledPage) -> dict[str, MessageSeen]:
        facts = [fact for page in pages for fact in self.connector.normalise(page.body)]
        return {fact.external_id: fact for fact in facts if isinstance(fact, MessageSeen)}


def _said(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "is_ours" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _said(one)


@pytest.fixture(params=list(ACCOUNTS))
def graph_stage(request: pytest.FixtureRequest) -> Iterator[GraphStage]:
    """Once for each platform; `parametrize(..., indirect=True)` chooses one."""
    settings = {"hook_base_url": "", "hang_seconds": 0.3, "slow_seconds": 0.2}
    with sandbox.running(settings) as url:
        yield GraphStage(url, request.param)
