"""Instagram accounts in the Graph API: posts, comments, replies, and mentions by others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from sandbox import meta_hooks
from sandbox.calls import hang_up_after_publishing, json_response
from sandbox.clock import graph_time
from sandbox.config import SandboxChannel
from sandbox.facebook import add_comment
from sandbox.graph_calls import Call, error, require_scope, unknown_edge, unknown_object
from sandbox.graph_fields import Field, paged, parse, read_fields, wanted
from sandbox.state import Sandbox
from sandbox.world import Entry, World

LONGEST_COMMENT = 2200
COMMENT_FIELDS = "timestamp,text,id"


def serve_account(call: Call) -> Response:
    """Answer a call on the account itself."""
    if call.method == "GET":
        require_scope(call, "instagram_basic")
        if not call.edge:
            with call.sandbox.world.lock:
                return json_response(_account(call))
        if call.edge == "media":
            with call.sandbox.world.lock:
                found = call.sandbox.world.posts_of(call.channel)
                fields = wanted(call, "id")
                path = f"{call.channel.external_id}/media"
                return json_response(
                    paged(
                        call,
                        found,
                        _key,
                        lambda media: _media(call, media, fields),
                        _options(call),
                        path=path,
                    )
                )
    if call.method == "POST" and call.edge == "mentions":
        require_scope(call, "instagram_manage_comments")
        with call.sandbox.world.lock:
            return _answer_mention(call)
    raise unknown_edge(call)


def serve_object(call: Call, entry: Entry) -> Response:
    """Answer a call on a post or comment."""
    if call.method == "GET":
        require_scope(call, "instagram_basic")
        if not call.edge:
            if entry.kind == "comment":
                return json_response(_comment(call, entry, wanted(call, COMMENT_FIELDS)))
            return json_response(_media(call, entry, wanted(call, "id")))
        if (entry.kind == "comment") == (call.edge == "replies") and call.edge in ("comments", "replies"):
            fields = wanted(call, COMMENT_FIELDS)
            return json_response(_comments(call, entry, fields, _options(call)))
        raise unknown_edge(call)
    require_scope(call, "instagram_manage_comments")
    if call.method == "POST" and call.edge == ("replies" if entry.kind == "comment" else "comments"):
        return _reply(call, entry)
    if call.method == "DELETE" and not call.edge and entry.kind == "comment":
        call.sandbox.world.delete(entry)
        return json_response({"success": True})
    if call.method == "POST" and not call.edge and "hide" in call.args:
        entry.hidden = str(call.args["hide"]).lower() in ("true", "1")
        call.sandbox.world.save(entry)
        return json_response({"success": True})
    raise unknown_edge(call)


# --- reading ----------------------------------------------------------------------------------------


def _options(call: Call) -> dict[str, str]:
    return {name: value for name, value in call.args.items() if isinstance(value, str)}


def _account(call: Call) -> dict[str, Any]:
    channel, world = call.channel, call.sandbox.world
    readers: dict[str, Any] = {
        "id": lambda item, _field: item.external_id,
        "username": lambda item, _field: item.handle,
        "name": lambda item, _field: item.name,
        "biography": lambda _item, _field: "",
        "followers_count": lambda _item, _field: 96_000,
        "media_count": lambda item, _field: len(world.posts_of(item)),
        "mentioned_media": lambda _item, field: _mentioned(call, field, "media_id"),
        "mentioned_comment": lambda _item, field: _mentioned(call, field, "comment_id"),
    }
    return read_fields(channel, wanted(call, "id"), readers, node_type="IGUser")


def _mentioned(call: Call, field: Field, option: str) -> dict[str, Any]:
    """Somebody else's post or comment that mentions the account."""
    id = field.options.get(option, "")
    entry = call.sandbox.world.find("instagram", id)
    named = entry is not None and entry.is_public and call.channel.key in entry.mentions
    if entry is None or not named or (entry.kind == "comment") != (option == "comment_id"):
        raise unknown_object(id, "GET")
    if entry.kind == "comment":
        return _comment(call, entry, field.fields or parse(COMMENT_FIELDS))
    return _media(call, entry, field.fields or parse("id"))


def _media(call: Call, entry: Entry, fields: tuple[Field, ...]) -> dict[str, Any]:
    world = call.sandbox.world
    readers: dict[str, Any] = {
        "id": lambda item, _field: item.id,
        "caption": lambda item, _field: item.text or None,
        "media_type": lambda _item, _field: "IMAGE",
        "media_product_type": lambda _item, _field: "FEED",
        "media_url": lambda item, _field: item.media[0]["url"] if item.media else None,
        "permalink": lambda item, _field: f"https://www.instagram.com/p/{item.id[-11:]}/",
        "shortcode": lambda item, _field: item.id[-11:],
        "timestamp": lambda item, _field: graph_time(item.sent_at),
        "username": lambda item, _field: world.author_handle(item),
        "owner": lambda item, _field: {"id": item.author} if item.ours else None,
        "comments_count": lambda item, _field: sum(
            1 for comment in world.descendants(item) if comment.is_public
        ),
        "like_count": lambda item, _field: len(item.reactions),
        "is_comment_enabled": lambda _item, _field: True,
        "comments": lambda item, field: _subcomments(call, item, field),
    }
    return read_fields(entry, fields, readers, node_type="IGMedia")


def _comment(call: Call, entry: Entry, fields: tuple[Field, ...]) -> dict[str, Any]:
    world = call.sandbox.world
    readers: dict[str, Any] = {
        "id": lambda item, _field: item.id,
        "text": lambda item, _field: item.text,
        "timestamp": lambda item, _field: graph_time(item.sent_at),
        "username": lambda item, _field: world.author_handle(item),
        "from": lambda item, _field: {"id": item.author, "username": world.author_handle(item)},
        "user": lambda item, _field: {"id": item.author} if item.ours else None,
        "like_count": lambda item, _field: len(item.reactions),
        "hidden": lambda item, _field: item.hidden,
        "parent_id": lambda item, _field: item.parent if item.parent != item.root else None,
        "media": lambda item, field: _media_of(call, item, field),
        "replies": lambda item, field: _subcomments(call, item, field),
    }
    return read_fields(entry, fields, readers, node_type="IGComment")


def _media_of(call: Call, entry: Entry, field: Field) -> dict[str, Any] | None:
    post = call.sandbox.world.find("instagram", entry.root or "")
    return None if post is None else _media(call, post, field.fields or parse("id"))


def _subcomments(call: Call, entry: Entry, field: Field) -> dict[str, Any] | None:
    answer = _comments(call, entry, field.fields or parse(COMMENT_FIELDS), field.options)
    return answer if answer["data"] else None


def _comments(
    call: Call, entry: Entry, fields: tuple[Field, ...], options: Mapping[str, str]
) -> dict[str, Any]:
    """The comments on a post, newest first, or the replies to a comment, oldest first."""
    found = [comment for comment in call.sandbox.world.children(entry) if comment.is_public]
    if entry.kind != "comment":
        found.reverse()
    path = f"{entry.id}/{'replies' if entry.kind == 'comment' else 'comments'}"
    return paged(call, found, _key, lambda comment: _comment(call, comment, fields), options, path=path)


def _key(entry: Entry) -> str:
    return entry.id


# --- writing ----------------------------------------------------------------------------------------


def _message(call: Call) -> str:
    message = call.args.get("message")
    if not isinstance(message, str) or not message.strip():
        raise error(100, "(#100) The parameter message is required")
    if len(message) > LONGEST_COMMENT:
        raise error(100, f"(#100) The comment is too long: at most {LONGEST_COMMENT} characters")
    return message


def _reply(call: Call, entry: Entry) -> Response:
    comment = add_comment(
        call.sandbox.world,
        entry,
        channel=call.channel.key,
        author=call.channel.external_id,
        ours=True,
        text=_message(call),
    )
    announce(call.sandbox, call.channel, comment)
    hang_up_after_publishing(call.sandbox, call.channel)
    return json_response({"id": comment.id})


def _answer_mention(call: Call) -> Response:
    """Reply to somebody's post or comment that mentions us."""
    world = call.sandbox.world
    media_id, comment_id = call.text("media_id"), call.text("comment_id")
    if not media_id:
        raise error(100, "(#100) The parameter media_id is required")
    target = world.find("instagram", comment_id or media_id)
    named = target is not None and target.is_public and call.channel.key in target.mentions
    if target is None or not named or (target.root or target.id) != media_id:
        raise unknown_object(comment_id or media_id, "POST")
    comment = add_comment(
        world,
        target,
        channel=call.channel.key,
        author=call.channel.external_id,
        ours=True,
        text=_message(call),
    )
    hang_up_after_publishing(call.sandbox, call.channel)
    return json_response({"id": comment.id})


def announce(sandbox: Sandbox, channel: SandboxChannel, entry: Entry) -> None:
    """Send the hook of a comment or mention. It has the text only under our own posts, else ids."""
    world = sandbox.world
    if _stands_under(world, channel, entry):
        sandbox.hooks.send(channel.key, "meta", meta_hooks.instagram_comment(world, channel, entry))
    elif channel.key in entry.mentions:
        sandbox.hooks.send(channel.key, "meta", meta_hooks.instagram_mention(world, channel, entry))


def _stands_under(world: World, channel: SandboxChannel, entry: Entry) -> bool:
    root = world.find("instagram", entry.root or "")
    return entry.kind == "comment" and root is not None and root.author == channel.external_id
