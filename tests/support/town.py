"""All seven channels of ours on one sandbox that sends no hooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from sqlalchemy import select

import sandbox
from inbox import channels, queries
from inbox.channels import alarms
from inbox.db import transaction
from inbox.desk import triage
from inbox.models import Channel, Message, Reply
from inbox.settings import settings
from inbox.states import ReplyState
from sandbox.config import DEMO_CHANNELS
from worker import ingest, polling

KEYS = tuple(channel.key for channel in DEMO_CHANNELS)


@dataclass
class Town:
    """Our channels, their platforms, and what happens on both sides."""

    url: str

    def control(self, call: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/_control/{call}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, key: str, fault: str, times: int = 1) -> None:
        self.control("faults", channel=key, fault=fault, times=times)

    def say(self, key: str, text: str = "Sokak lambası yanmıyor") -> str:
        said = f"@esenyurtbelediye {text}" if key == "x-belediye" else text
        said = f"@esenyurtbaskan {text}" if key == "x-baskan" else said
        return str(self.control("say", channel=key, author="Ayşe Yılmaz", text=said)["external_id"])

    def only(self, *keys: str) -> None:
        """Switch off all channels but these."""
        with transaction() as session:
            for channel in session.scalars(select(Channel).where(Channel.key.not_in(keys))):
                channel.is_active = False

    def channel(self, key: str) -> Channel:
        with transaction() as session:
            return queries.channel(session, key)

    def change(self, key: str, **columns: Any) -> None:
        with transaction() as session:
            channel = queries.channel(session, key)
            for name, value in columns.items():
                setattr(channel, name, value)

    def poll(self, key: str) -> None:
        self.change(key, next_poll_at=None)
        polling.run()

    def heard(self) -> set[str]:
        """What citizens said, as far as we understood it."""
        while ingest.run():
            pass
        with transaction() as session:
            return set(session.scalars(select(Message.external_id).where(Message.state.is_not(None))))

    def approved(self, key: str, text: str = "Ekibimiz yarın orada.") -> int:
        """A citizen wrote on this channel, and an answer waits to go out."""
        external_id = self.say(key)
        self.poll(key)
        ingest.run()
        with transaction() as session:
            message = session.scalars(select(Message).where(Message.external_id == external_id)).one()
            return triage.answer(session, message, text=text, by="test").id

    def state(self, reply_id: int) -> ReplyState:
        with transaction() as session:
            return session.get_one(Reply, reply_id).state

    def alarms(self) -> set[tuple[str, str]]:
        with transaction() as session:
            return {(one.kind, one.subject) for one in alarms.open_alarms(session)}


def ahead(seconds: float) -> None:
    """Move our own clock; the sandbox keeps its own."""
    (settings().dir / "clock").write_text(str(seconds))


@pytest.fixture
def found_town(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Town]]:
    """Enters our channels for a sandbox at an address."""

    def enter(url: str) -> Town:
        graph = f"{url}/graph"
        urls = {"x": f"{url}/x", "facebook": graph, "instagram": graph, "whatsapp": graph}
        monkeypatch.setenv("COZUM_API_URLS", json.dumps(urls))
        settings.cache_clear()
        with transaction() as session:
            for one in DEMO_CHANNELS:
                channel = Channel(
                    key=one.key, platform=one.platform, external_id=one.external_id, name=one.name
                )
                session.add(channel)
                session.flush()
                channels.set_credentials(
                    session, channel, {"access_token": f"sandbox-token-{one.key}"}, by="test"
                )
        return Town(url)

    yield enter
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def town(found_town: Callable[[str], Town]) -> Iterator[Town]:
    """A town whose platforms wait no longer than a test may."""
    with sandbox.running({"hang_seconds": 3, "slow_seconds": 0.2, "rate_limit_seconds": 3600}) as url:
        yield found_town(url)
