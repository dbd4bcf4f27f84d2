"""The public truth as the sandbox tells it, flat: what citizens said, and what stands there in our name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.chaos.system import System


@dataclass(frozen=True)
class Entry:
    """One thing that was said, as everybody sees it."""

    platform: str
    external_id: str
    channel: str
    author_id: str
    text: str
    sent_at: datetime
    ours: bool
    deleted: bool
    edited: bool
    answers: str | None  # what it really answers
    peer: str | None  # in a chat: the citizen


@dataclass(frozen=True)
class Truth:
    """All of it: of citizens by (platform, external id), of ours in the order it was published."""

    citizens: dict[tuple[str, str], Entry]
    ours: list[Entry]

    @staticmethod
    def of(system: System, channels: Iterable[str]) -> Truth:
        """As it is now."""
        citizens: dict[tuple[str, str], Entry] = {}
        ours: dict[tuple[str, str], Entry] = {}
        for channel in channels:
            told = system.threads(channel)
            for entry in _entries(told):
                (ours if entry.ours else citizens).setdefault((entry.platform, entry.external_id), entry)
        said = [one for one in ours.values() if one.answers is not None or one.peer is not None]
        return Truth(citizens, sorted(said, key=lambda one: one.sent_at))


def _entries(told: Any) -> Iterator[Entry]:
    for post in told["posts"]:
        yield from _node(told, post)
    for chat in told["chats"]:
        for message in chat["messages"]:
            yield _entry(told, message, peer=chat["peer_id"])


def _node(told: Any, node: Any) -> Iterator[Entry]:
    yield _entry(told, node)
    for below in node["replies"]:
        yield from _node(told, below)


def _entry(told: Any, node: Any, *, peer: str | None = None) -> Entry:
    return Entry(
        platform=told["platform"],
        external_id=node["external_id"],
        channel=told["channel"],
        author_id=node["author_id"],
        text=node["text"],
        sent_at=datetime.fromisoformat(node["sent_at"]),
        ours=node["is_ours"],
        deleted=node["deleted"],
        edited=node["edited"],
        answers=node["answers"],
        peer=peer,
    )
