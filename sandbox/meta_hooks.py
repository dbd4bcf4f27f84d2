"""Builds Meta's hook bodies for Facebook pages and Instagram: comments, posts, private messages."""

from __future__ import annotations

from typing import Any

from sandbox.clock import graph_time, unix
from sandbox.config import SandboxChannel
from sandbox.world import Entry, World


def _change(channel: SandboxChannel, field: str, value: dict[str, Any], time: int) -> dict[str, Any]:
    kind = "page" if channel.platform == "facebook" else "instagram"
    entry = {"id": channel.external_id, "time": time, "changes": [{"value": value, "field": field}]}
    return {"object": kind, "entry": [entry]}


def _messaging(channel: SandboxChannel, event: dict[str, Any], milliseconds: int) -> dict[str, Any]:
    kind = "page" if channel.platform == "facebook" else "instagram"
    entry = {"id": channel.external_id, "time": milliseconds, "messaging": [event]}
    return {"object": kind, "entry": [entry]}


# --- Facebook ---------------------------------------------------------------------------------------


def permalink(entry: Entry) -> str:
    """The URL of a page's post or of a comment on it."""
    root = entry.root or entry.id
    page, _, number = root.partition("_")
    comment = "" if entry.id == root else f"?comment_id={entry.id.partition('_')[2]}"
    return f"https://www.facebook.com/{page}/posts/{number}{comment}"


def feed(world: World, channel: SandboxChannel, entry: Entry, verb: str) -> dict[str, Any]:
    """A comment or post on the page: add, edited, remove, hide, unhide."""
    now = unix(world.clock.now())
    value: dict[str, Any] = {"from": {"id": entry.author, "name": world.author_name(entry)}}
    if entry.kind == "comment":
        root = world.find("facebook", entry.root or "")
        value |= {
            "post": {
                "status_type": "mobile_status_update",
                "is_published": True,
                "updated_time": graph_time(root.sent_at if root else entry.sent_at),
                "permalink_url": permalink(root or entry),
                "promotion_status": "inactive",
                "id": entry.root,
            },
            "post_id": entry.root,
            "comment_id": entry.id,
            "parent_id": entry.parent,
            "item": "comment",
        }
        if entry.media and verb in ("add", "edited"):
            value["photo"] = entry.media[0]["url"]
    else:
        value |= {"post_id": entry.id, "item": "status" if entry.ours else "post"}
        if entry.ours:
            value["published"] = 1
        elif entry.media and verb == "add":
            value |= {"link": entry.media[0]["url"], "item": "photo"}
    value |= {"created_time": unix(entry.sent_at), "verb": verb}
    if verb == "edited":
        value["edited_time"] = now
    if verb != "remove" and entry.text:
        value["message"] = entry.text
    return _change(channel, "feed", value, now)


def feed_reaction(
    world: World, channel: SandboxChannel, entry: Entry, *, by: str, name: str, kind: str
) -> dict[str, Any]:
    """A reaction to a post or comment of the page. `kind` is empty if it was removed."""
    now = unix(world.clock.now())
    value: dict[str, Any] = {
        "from": {"id": by, "name": name},
        "post_id": entry.root or entry.id,
        "item": "reaction",
        "verb": "add" if kind else "remove",
        "parent_id": entry.root or entry.id,
        "created_time": now,
        "reaction_type": kind or "like",
    }
    if entry.kind == "comment":
        value["comment_id"] = entry.id
    return _change(channel, "feed", value, now)


# --- Instagram --------------------------------------------------------------------------------------


def instagram_comment(world: World, channel: SandboxChannel, entry: Entry) -> dict[str, Any]:
    """A comment under one of the account's own posts. Meta sends our own comments too."""
    author = {"id": entry.author, "username": world.author_handle(entry)}
    if entry.ours:
        author["self_ig_scoped_id"] = "9" + entry.author[1:]
    value: dict[str, Any] = {
        "from": author,
        "media": {"id": entry.root, "media_product_type": "FEED"},
        "id": entry.id,
        "text": entry.text,
    }
    if entry.parent != entry.root:
        value["parent_id"] = entry.parent
    return _change(channel, "comments", value, unix(world.clock.now()))


def instagram_mention(world: World, channel: SandboxChannel, entry: Entry) -> dict[str, Any]:
    """A mention in somebody's caption or comment. It has ids only: the product must fetch the rest."""
    value = {"media_id": entry.root or entry.id}
    if entry.kind == "comment":
        value["comment_id"] = entry.id
    return _change(channel, "mentions", value, unix(world.clock.now()))


# --- private messages of both -----------------------------------------------------------------------


def message(world: World, channel: SandboxChannel, entry: Entry) -> dict[str, Any]:
    """A private message of the citizen, or the echo of one of ours."""
    milliseconds = int(entry.sent_at.timestamp() * 1000)
    value: dict[str, Any] = {"mid": entry.id}
    if entry.text:
        value["text"] = entry.text
    if entry.media:
        value["attachments"] = [
            {"type": "image", "payload": {"url": picture["url"]}} for picture in entry.media
        ]
    if entry.parent and world.find(channel.platform, entry.parent) is not None:
        value["reply_to"] = {"mid": entry.parent}
    if entry.extra.get("quick_reply"):
        value["quick_reply"] = {"payload": entry.extra["quick_reply"]}
    if entry.ours:
        value["is_echo"] = True
        if entry.extra.get("by_api"):
            value["app_id"] = entry.extra["by_api"]
        if entry.extra.get("metadata"):
            value["metadata"] = entry.extra["metadata"]
    return _messaging(
        channel, {**_parties(channel, entry), "timestamp": milliseconds, "message": value}, milliseconds
    )


def message_edited(world: World, channel: SandboxChannel, entry: Entry) -> dict[str, Any]:
    """The citizen edited a private message."""
    milliseconds = int(world.clock.now().timestamp() * 1000)
    change = {"mid": entry.id, "text": entry.text, "num_edit": len(entry.versions) - 1}
    event = {**_parties(channel, entry), "timestamp": milliseconds, "message_edit": change}
    return _messaging(channel, event, milliseconds)


def message_unsent(world: World, channel: SandboxChannel, entry: Entry) -> dict[str, Any]:
    """The citizen deleted a private message. Only Instagram sends this, Messenger does not."""
    milliseconds = int(world.clock.now().timestamp() * 1000)
    value = {"mid": entry.id, "is_deleted": True}
    event = {**_parties(channel, entry), "timestamp": milliseconds, "message": value}
    return _messaging(channel, event, milliseconds)


def message_reaction(world: World, channel: SandboxChannel, entry: Entry, *, emoji: str) -> dict[str, Any]:
    """The citizen reacted to a private message. `emoji` is empty if they removed it."""
    milliseconds = int(world.clock.now().timestamp() * 1000)
    change: dict[str, Any] = {"mid": entry.id, "action": "react" if emoji else "unreact"}
    if emoji:
        change |= {"reaction": "other", "emoji": emoji}
    event = {
        "sender": {"id": entry.peer},
        "recipient": {"id": channel.external_id},
        "timestamp": milliseconds,
        "reaction": change,
    }
    return _messaging(channel, event, milliseconds)


def delivered(channel: SandboxChannel, entry: Entry, milliseconds: int) -> dict[str, Any]:
    """Our message was delivered (Messenger only)."""
    event = {
        "sender": {"id": entry.peer},
        "recipient": {"id": channel.external_id},
        "timestamp": milliseconds,
        "delivery": {"mids": [entry.id], "watermark": milliseconds},
    }
    return _messaging(channel, event, milliseconds)


def read(channel: SandboxChannel, entry: Entry, milliseconds: int) -> dict[str, Any]:
    """The citizen read our message: a watermark on Messenger, the message's id on Instagram."""
    seen: dict[str, Any] = (
        {"mid": entry.id} if channel.platform == "instagram" else {"watermark": milliseconds}
    )
    event = {
        "sender": {"id": entry.peer},
        "recipient": {"id": channel.external_id},
        "timestamp": milliseconds,
        "read": seen,
    }
    return _messaging(channel, event, milliseconds)


def _parties(channel: SandboxChannel, entry: Entry) -> dict[str, Any]:
    citizen, account = {"id": entry.peer}, {"id": channel.external_id}
    return (
        {"sender": account, "recipient": citizen} if entry.ours else {"sender": citizen, "recipient": account}
    )
