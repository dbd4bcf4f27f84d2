"""Everything that is visible on a channel, as JSON: posts with their comments, and private chats."""

from __future__ import annotations

from typing import Any

from sandbox.clock import rfc3339
from sandbox.config import SandboxChannel
from sandbox.state import Sandbox
from sandbox.world import Entry, World


def threads(sandbox: Sandbox, channel: SandboxChannel) -> dict[str, Any]:
    """Posts, newest first, with nested replies, oldest first; chats with the latest message first."""
    with sandbox.world.lock:
        world = sandbox.world
        roots = [
            entry
            for entry in world.entries(channel.platform)
            if entry.kind != "dm"
            and entry.parent is None
            and (entry.channel == channel.key or channel.key in entry.mentions)
        ]
        roots.sort(key=lambda entry: entry.sent_at, reverse=True)
        conversations = sorted(
            world.chats(channel).items(), key=lambda item: item[1][-1].sent_at, reverse=True
        )
        return {
            "channel": channel.key,
            "platform": channel.platform,
            "account": {"name": channel.name, "handle": channel.handle, "external_id": channel.external_id},
            "revision": world.revision,
            "posts": [_node(world, entry) for entry in roots],
            "chats": [_chat(world, channel, peer, messages) for peer, messages in conversations],
        }


def _chat(world: World, channel: SandboxChannel, peer: str, messages: list[Entry]) -> dict[str, Any]:
    person = world.person_by_id(channel.platform, peer)
    return {
        "with": person.name if person else peer,
        "peer_id": peer,
        "phone": person.phone if person else "",
        "messages": [_entry(world, entry) for entry in messages],
    }


def _node(world: World, entry: Entry) -> dict[str, Any]:
    return {**_entry(world, entry), "replies": [_node(world, child) for child in world.children(entry)]}


def _entry(world: World, entry: Entry) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "external_id": entry.id,
        "kind": entry.kind,
        "author": world.author_name(entry),
        "author_id": entry.author,
        "author_handle": world.author_handle(entry),
        "is_ours": entry.ours,
        "text": entry.text,
        "sent_at": rfc3339(entry.sent_at),
        "edited": entry.edited_at is not None,
        "edited_at": rfc3339(entry.edited_at) if entry.edited_at else None,
        "deleted": entry.deleted_at is not None,
        "deleted_at": rfc3339(entry.deleted_at) if entry.deleted_at else None,
        "hidden": entry.hidden,
        "parent": _parent(world, entry),
        "answers": entry.answers,
        "mentions": list(entry.mentions),
        "media": [_picture_url(picture) for picture in entry.media],
        "reactions": dict(entry.reactions),
    }
    if entry.extra.get("offers"):
        answer["choices"] = entry.extra["offers"]["choices"]
        answer["choices_label"] = entry.extra["offers"].get("label", "")
    if entry.extra.get("choice"):
        answer["chosen"] = entry.extra["choice"]["chosen"]["id"]
    return answer


def _picture_url(picture: dict[str, Any]) -> str:
    """The URL of a picture for a browser. The sandbox generates pictures that have no bytes."""
    if picture.get("scene"):
        return f"/_static/scenes/{picture['scene']}.svg"
    return str(picture["url"]) if "data" in picture else f"/_media/{picture['id']}"


def _parent(world: World, entry: Entry) -> str | None:
    """The parent's first id (X gives each edit its own), which is its `external_id` in the same answer."""
    if entry.parent is None:
        return None
    above = world.find(entry.platform, entry.parent)
    return above.id if above else entry.parent
