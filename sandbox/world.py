"""The state of all platforms: accounts, people, and everything they have written.

Read and change it only while holding `World.lock`. Nothing here knows HTTP or the platforms' JSON.
"""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.config import SandboxChannel
from sandbox.identity import Citizen, Numbering, person
from sandbox.store import Store

_HANDLE = re.compile(r"@([A-Za-z0-9_.]*[A-Za-z0-9_])")


@dataclass(slots=True)
class Version:
    """One version of an edited text. On X every version has its own id."""

    id: str
    text: str
    at: datetime


@dataclass(slots=True)
class Entry:
    """A post, a comment or a private message."""

    id: str  # on X the first id of its edit history
    platform: str
    kind: str  # post | comment | mention | dm
    channel: str  # key of the account that wrote it, received it or owns the post
    author: str  # a person's id, or an account's external id
    ours: bool
    text: str
    sent_at: datetime
    parent: str | None = None  # the parent in the platform's thread; in a chat the quoted message
    answers: str | None = None  # the entry it answers; differs from `parent` where threads are flattened
    root: str | None = None  # the post at the top of the thread; its own id for a post; None in chats
    peer: str | None = None  # the citizen's id, for private messages
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    hidden: bool = False
    mentions: list[str] = field(default_factory=list)  # keys of the mentioned accounts
    media: list[dict[str, Any]] = field(default_factory=list)  # {id, url, mime}
    reactions: dict[str, str] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)  # platform-specific data: choices, metadata, …

    @property
    def latest_id(self) -> str:
        """The id of the current version."""
        return self.versions[-1].id if self.versions else self.id

    @property
    def is_public(self) -> bool:
        """Whether it has not been deleted."""
        return self.deleted_at is None


class World:
    """The accounts, the people and their entries on all platforms."""

    def __init__(self, channels: tuple[SandboxChannel, ...], clock: Clock, store: Store) -> None:
        self.channels = channels
        self.clock = clock
        self.lock = threading.RLock()
        self.numbering = Numbering()
        self.revision = 0
        self._store = store
        self._entries: dict[tuple[str, str], Entry] = {}
        self._by_version: dict[tuple[str, str], Entry] = {}
        self._children: dict[tuple[str, str], list[Entry]] = {}
        self._chats: dict[tuple[str, str], list[Entry]] = {}
        self._people: dict[tuple[str, str], Citizen] = {}
        self._by_phone: dict[str, Citizen] = {}
        self._load()

    # --- people ------------------------------------------------------------------------------------

    def person(self, channel: SandboxChannel, name: str, *, phone_hidden: bool = False) -> Citizen:
        """The citizen of this name on `channel`, created if they are new."""
        scope = channel.external_id if channel.platform in ("facebook", "instagram") else ""
        made = person(channel.platform, scope, name, phone_hidden=phone_hidden)
        known = self._people.get((made.platform, made.id))
        if known is None or (phone_hidden and not known.phone_hidden):
            self._remember(made)
            self._store.put("person", f"{made.platform}:{made.id}", dataclasses.asdict(made))
            return made
        return known

    def find_person(self, channel: SandboxChannel, name: str) -> Citizen | None:
        """The citizen of this name on `channel`; None if they have not written before."""
        scope = channel.external_id if channel.platform in ("facebook", "instagram") else ""
        return self._people.get((channel.platform, person(channel.platform, scope, name).id))

    def person_by_id(self, platform: str, id: str) -> Citizen | None:
        """The citizen with this id on this platform."""
        return self._people.get((platform, id))

    def person_by_phone(self, phone: str) -> Citizen | None:
        """The WhatsApp user with this number (digits only)."""
        return self._by_phone.get(phone)

    def author_name(self, entry: Entry) -> str:
        """The author's display name on the platform."""
        if entry.ours:
            return self.account(entry.platform, entry.author).name
        known = self._people.get((entry.platform, entry.author))
        return known.name if known else entry.author

    def author_handle(self, entry: Entry) -> str:
        """The author's user name on the platform."""
        if entry.ours:
            return self.account(entry.platform, entry.author).handle
        known = self._people.get((entry.platform, entry.author))
        return known.handle if known else ""

    def _remember(self, known: Citizen) -> None:
        self._people[known.platform, known.id] = known
        if known.phone:
            self._by_phone[known.phone] = known

    # --- accounts ----------------------------------------------------------------------------------

    def channel(self, key: str) -> SandboxChannel | None:
        """The account of this key."""
        return next((channel for channel in self.channels if channel.key == key), None)

    def account(self, platform: str, external_id: str) -> SandboxChannel:
        """The account with this id on this platform. Raises KeyError."""
        for channel in self.channels:
            if channel.platform == platform and channel.external_id == external_id:
                return channel
        raise KeyError(f"no account {external_id} on {platform}")

    def named_in(self, platform: str, text: str) -> list[str]:
        """The keys of our accounts that `text` mentions by @handle, in order."""
        found: list[str] = []
        for match in _HANDLE.finditer(text):
            for channel in self.channels:
                named = channel.platform == platform and channel.handle.lower() == match[1].lower()
                if named and channel.key not in found:
                    found.append(channel.key)
        return found

    # --- entries -----------------------------------------------------------------------------------

    def add(self, entry: Entry) -> Entry:
        """Publish a new entry. Returns it."""
        if not entry.versions:
            entry.versions = [Version(id=entry.id, text=entry.text, at=entry.sent_at)]
        self._index(entry)
        self.save(entry)
        return entry

    def save(self, entry: Entry) -> None:
        """Store a changed entry."""
        self.revision += 1
        self._store.put("entry", f"{entry.platform}:{entry.id}", _to_json(entry))

    def edit(self, entry: Entry, text: str) -> None:
        """Change the entry's text. The old text is kept as a version; on X the new one gets a new id."""
        now = self.clock.now()
        new_id = self.numbering.tweet() if entry.platform == "x" else entry.id
        entry.text, entry.edited_at = text, now
        entry.versions.append(Version(id=new_id, text=text, at=now))
        self._by_version[entry.platform, new_id] = entry
        if entry.platform == "x":
            for key in self.named_in("x", text):
                if key not in entry.mentions:
                    entry.mentions.append(key)
        self.save(entry)

    def delete(self, entry: Entry) -> None:
        """Mark the entry as deleted; on Facebook and Instagram also everything under it."""
        now = self.clock.now()
        gone = [entry]
        if entry.platform in ("facebook", "instagram") and entry.kind != "dm":
            gone += list(self.descendants(entry))
        for deleted in gone:
            if deleted.deleted_at is None:
                deleted.deleted_at = now
                self.save(deleted)

    def find(self, platform: str, id: str) -> Entry | None:
        """The entry with this id (any id of its edit history), even if it is deleted."""
        return self._by_version.get((platform, id))

    def find_anywhere(self, id: str) -> Entry | None:
        """The entry with this id on any platform."""
        for platform in ("x", "facebook", "instagram", "whatsapp"):
            found = self.find(platform, id)
            if found is not None:
                return found
        return None

    def entries(self, platform: str) -> Iterator[Entry]:
        """All entries of a platform, oldest first."""
        return (entry for entry in self._entries.values() if entry.platform == platform)

    def children(self, entry: Entry) -> list[Entry]:
        """The direct replies to `entry`, oldest first."""
        return list(self._children.get((entry.platform, entry.id), ()))

    def descendants(self, entry: Entry) -> Iterator[Entry]:
        """The replies to `entry` at any depth."""
        for child in self.children(entry):
            yield child
            yield from self.descendants(child)

    def posts_of(self, channel: SandboxChannel) -> list[Entry]:
        """The account's own posts that are not deleted, newest first."""
        own = [
            entry
            for entry in self.entries(channel.platform)
            if entry.ours and entry.kind == "post" and entry.author == channel.external_id and entry.is_public
        ]
        return sorted(own, key=lambda entry: entry.sent_at, reverse=True)

    def chat(self, channel: SandboxChannel, peer: str) -> list[Entry]:
        """The private messages between an account and one citizen, oldest first."""
        return list(self._chats.get((channel.key, peer), ()))

    def chats(self, channel: SandboxChannel) -> dict[str, list[Entry]]:
        """All private conversations of an account, keyed by the citizen's id."""
        return {peer: list(messages) for (key, peer), messages in self._chats.items() if key == channel.key}

    def last_message_from(self, channel: SandboxChannel, peer: str) -> Entry | None:
        """The citizen's latest private message to an account, which opens the reply window."""
        words = [entry for entry in self.chat(channel, peer) if not entry.ours]
        return max(words, key=lambda entry: entry.sent_at, default=None)

    def forget(self) -> None:
        """Delete all entries and people."""
        self._entries.clear()
        self._by_version.clear()
        self._children.clear()
        self._chats.clear()
        self._people.clear()
        self._by_phone.clear()
        self._store.clear()
        self.revision += 1

    # --- loading and indexes -----------------------------------------------------------------------

    def _index(self, entry: Entry) -> None:
        self._entries[entry.platform, entry.id] = entry
        for version in entry.versions:
            self._by_version[entry.platform, version.id] = entry
        if entry.kind == "dm" and entry.peer is not None:
            self._chats.setdefault((entry.channel, entry.peer), []).append(entry)
        elif entry.parent is not None:
            above = self._by_version.get((entry.platform, entry.parent))
            parent_id = above.id if above else entry.parent
            self._children.setdefault((entry.platform, parent_id), []).append(entry)

    def _load(self) -> None:
        for _, raw in self._store.read("person"):
            self._remember(Citizen(**raw))
        for _, raw in self._store.read("entry"):
            self._index(_from_json(raw))


def _to_json(entry: Entry) -> dict[str, Any]:
    raw = dataclasses.asdict(entry)
    for name in ("sent_at", "edited_at", "deleted_at"):
        raw[name] = raw[name].isoformat() if raw[name] else None
    for version in raw["versions"]:
        version["at"] = version["at"].isoformat()
    return raw


def _from_json(raw: dict[str, Any]) -> Entry:
    for name in ("sent_at", "edited_at", "deleted_at"):
        raw[name] = datetime.fromisoformat(raw[name]) if raw[name] else None
    raw["versions"] = [
        Version(id=version["id"], text=version["text"], at=datetime.fromisoformat(version["at"]))
        for version in raw["versions"]
    ]
    return Entry(**raw)
