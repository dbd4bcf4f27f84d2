"""The public truth as JSON: every post with all that stands under it, and every private chat."""

from __future__ import annotations

from typing import Any

from sandbox.clock import rfc3339
from sandbox.config import SandboxChannel
from sandbox.state import Sandbox
from sandbox.world import Entry, World


def threads(sandbox: Sandbox, channel: SandboxChannel) -> dict[str, Any]:
    """Posts newest first; under each, comments and replies nested in order; chats by their latest word."""
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
            "chats": [_chat(world, channel, peer, said) for peer, said in conversations],
        }


def _chat(world: World, channel: SandboxChannel, peer: str, said: list[Entry]) -> dict[str, Any]:
    person = world.person_by_id(channel.platform, peer)
    return {
        "with": person.name if person else peer,
        "peer_id": peer,
        "phone": person.phone if person else "",
        "messages": [_said(world, entry) for entry in said],
    }


def _node(world: World, entry: Entry) -> dict[str, Any]:
    return {**_said(world, entry), "replies": [_node(world, child) for child in world.children(entry)]}


def _said(world: World, entry: Entry) -> dict[str, Any]:
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
        "media": [_shown(one) for one in entry.media],
        "reactions": dict(entry.reactions),
    }
    if entry.extra.get("offers"):
        answer["choices"] = entry.extra["offers"]["choices"]
        answer["choices_label"] = entry.extra["offers"].get("label", "")
    if entry.extra.get("choice"):
        answer["chosen"] = entry.extra["choice"]["chosen"]["id"]
    return answer


def _shown(picture: dict[str, Any]) -> str:
    """Where a browser finds a picture: those that only stand for one are drawn by the sandbox."""
    if picture.get("scene"):
        return f"/_static/scenes/{picture['scene']}.svg"
    return str(picture["url"]) if "data" in picture else f"/_media/{picture['id']}"


def _parent(world: World, entry: Entry) -> str | None:
    """The parent by the id it is first known by, so that it can be found in the same answer."""
    if entry.parent is None:
        return None
    above = world.find(entry.platform, entry.parent)
    return above.id if above else entry.parent
