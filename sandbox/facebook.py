"""Facebook pages in the Graph API: posts, comments, replying, hiding, deleting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response

from sandbox import meta_hooks
from sandbox.calls import hang_up_after_publishing, json_response
from sandbox.clock import graph_time
from sandbox.graph_calls import Call, error, require_scope, unknown_edge, unknown_object
from sandbox.graph_fields import Field, paged, parse, read_fields, wanted
from sandbox.world import Entry, World

LONGEST_COMMENT = 8000
COMMENT_FIELDS = "created_time,from,message,id"
POST_FIELDS = "created_time,message,id"


def serve_page(call: Call) -> Response:
    """Answer a call on the page itself."""
    if call.method == "GET":
        require_scope(call, "pages_read_engagement")
        if not call.edge:
            return json_response(_page(call))
        if call.edge in ("feed", "posts", "published_posts"):
            with call.sandbox.world.lock:
                return json_response(_posts(call))
    if call.method == "POST" and call.edge == "feed":
        return _publish_post(call)
    raise unknown_edge(call)


def serve_object(call: Call, entry: Entry) -> Response:
    """Answer a call on a post of the page or on a comment."""
    if call.method == "GET":
        require_scope(call, "pages_read_engagement")
        if not call.edge:
            is_post = entry.kind != "comment"
            fields = wanted(call, POST_FIELDS if is_post else COMMENT_FIELDS)
            return json_response(_post(call, entry, fields) if is_post else _comment(call, entry, fields))
        if call.edge == "comments":
            options = {name: value for name, value in call.args.items() if isinstance(value, str)}
            fields = wanted(call, COMMENT_FIELDS)
            return json_response(_comments(call, entry, fields, options))
        raise unknown_edge(call)
    require_scope(call, "pages_manage_engagement")
    if call.method == "DELETE" and not call.edge:
        return _delete(call, entry)
    if call.method == "POST" and call.edge == "comments":
        return _reply(call, entry)
    if call.method == "POST" and call.edge == "likes":
        entry.reactions[call.channel.external_id] = "LIKE"
        call.sandbox.world.save(entry)
        return json_response({"success": True})
    if call.method == "POST" and not call.edge:
        return _change(call, entry)
    raise unknown_edge(call)


# --- reading ----------------------------------------------------------------------------------------


def _page(call: Call) -> dict[str, Any]:
    channel = call.channel
    everything: dict[str, Any] = {
        "id": channel.external_id,
        "name": channel.name,
        "username": channel.handle,
        "category": "Government Organization",
        "link": f"https://www.facebook.com/{channel.handle}",
        "fan_count": 184_000,
        "followers_count": 190_000,
        "is_published": True,
        "verification_status": "blue_verified",
    }
    readers: dict[str, Any] = {
        name: (lambda _item, _field, value=value: value) for name, value in everything.items()
    }
    return read_fields(channel, wanted(call, "name,id"), readers, node_type="Page")


def _posts(call: Call) -> dict[str, Any]:
    """The page's posts, newest first. The edge `feed` also has the posts of citizens on the page."""
    world, channel = call.sandbox.world, call.channel
    since, until = _moment(call, "since"), _moment(call, "until")
    found = [
        entry
        for entry in world.entries("facebook")
        if entry.kind in ("post", "mention")
        and entry.channel == channel.key
        and entry.is_public
        and (entry.ours or call.edge == "feed")
        and (since is None or entry.sent_at >= since)
        and (until is None or entry.sent_at < until)
    ]
    found.sort(key=lambda entry: entry.sent_at, reverse=True)
    fields = wanted(call, POST_FIELDS)
    options = {name: value for name, value in call.args.items() if isinstance(value, str)}
    path = f"{channel.external_id}/{call.edge}"
    return paged(call, found, _key, lambda entry: _post(call, entry, fields), options, path=path)


def _moment(call: Call, name: str) -> datetime | None:
    """A `since` or `until` parameter: seconds since 1970, or an ISO date."""
    value = call.text(name)
    if not value:
        return None
    try:
        if value.isdigit():
            return datetime.fromtimestamp(int(value), UTC)
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise error(100, f"(#100) {name} must be a time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _post(call: Call, entry: Entry, fields: tuple[Field, ...]) -> dict[str, Any]:
    world = call.sandbox.world
    readers: dict[str, Any] = {
        "id": lambda item, _field: item.id,
        "message": lambda item, _field: item.text or None,
        "created_time": lambda item, _field: graph_time(item.sent_at),
        "updated_time": lambda item, _field: graph_time(item.edited_at or item.sent_at),
        "from": lambda item, _field: _author(world, item),
        "permalink_url": lambda item, _field: meta_hooks.permalink(item),
        "is_published": lambda _item, _field: True,
        "is_hidden": lambda item, _field: item.hidden,
        "status_type": lambda item, _field: "added_photos" if item.media else "mobile_status_update",
        "full_picture": lambda item, _field: item.media[0]["url"] if item.media else None,
        "comments": lambda item, field: _subcomments(call, item, field),
    }
    return read_fields(entry, fields, readers, node_type="Post")


def _comment(call: Call, entry: Entry, fields: tuple[Field, ...]) -> dict[str, Any]:
    world = call.sandbox.world
    readers: dict[str, Any] = {
        "id": lambda item, _field: item.id,
        "message": lambda item, _field: item.text,
        "created_time": lambda item, _field: graph_time(item.sent_at),
        "from": lambda item, _field: _author(world, item),
        "parent": lambda item, field: _parent(call, item, field),
        "object": lambda item, _field: {"id": item.root},
        "comment_count": lambda item, _field: len(_visible_replies(world, item)),
        "like_count": lambda item, _field: len(item.reactions),
        "user_likes": lambda item, _field: call.channel.external_id in item.reactions,
        "is_hidden": lambda item, _field: item.hidden,
        "is_private": lambda _item, _field: False,
        "can_comment": lambda _item, _field: True,
        "can_hide": lambda item, _field: not item.ours,
        "can_remove": lambda _item, _field: True,
        "can_like": lambda _item, _field: True,
        "can_reply_privately": lambda item, _field: not item.ours and "private_reply" not in item.extra,
        "permalink_url": lambda item, _field: meta_hooks.permalink(item),
        "attachment": lambda item, _field: _attachment(item),
        "comments": lambda item, field: _subcomments(call, item, field),
    }
    return read_fields(entry, fields, readers, node_type="Comment")


def _author(world: World, entry: Entry) -> dict[str, str]:
    return {"name": world.author_name(entry), "id": entry.author}


def _attachment(entry: Entry) -> dict[str, Any] | None:
    if not entry.media:
        return None
    url = entry.media[0]["url"]
    return {"type": "photo", "url": url, "media": {"image": {"src": url, "width": 640, "height": 480}}}


def _parent(call: Call, entry: Entry, field: Field) -> dict[str, Any] | None:
    """The parent comment; None for top-level comments."""
    if entry.parent is None or entry.parent == entry.root:
        return None
    above = call.sandbox.world.find("facebook", entry.parent)
    if above is None or not above.is_public:
        return None
    return _comment(call, above, field.fields or parse(COMMENT_FIELDS))


def _visible_replies(world: World, entry: Entry) -> list[Entry]:
    return [child for child in world.children(entry) if child.is_public]


def _subcomments(call: Call, entry: Entry, field: Field) -> dict[str, Any]:
    fields = field.fields or parse(COMMENT_FIELDS)
    return _comments(call, entry, fields, field.options)


def _comments(
    call: Call, entry: Entry, fields: tuple[Field, ...], options: Mapping[str, str]
) -> dict[str, Any]:
    """The comments under an entry, oldest first; one level deep unless `filter=stream`."""
    world = call.sandbox.world
    if options.get("filter") == "stream":
        found = [comment for comment in world.descendants(entry) if comment.is_public]
        found.sort(key=lambda comment: comment.sent_at)
    else:
        found = _visible_replies(world, entry)
    if options.get("order") == "reverse_chronological":
        found.reverse()
    if options.get("since", "").isdigit():
        found = [comment for comment in found if comment.sent_at.timestamp() >= int(options["since"])]
    path = f"{entry.id}/comments"
    return paged(call, found, _key, lambda comment: _comment(call, comment, fields), options, path=path)


def _key(entry: Entry) -> str:
    return entry.id


# --- writing ----------------------------------------------------------------------------------------


def _publish_post(call: Call) -> Response:
    require_scope(call, "pages_manage_posts")
    message = _message(call)
    world = call.sandbox.world
    with world.lock:
        id = f"{call.channel.external_id}_{world.numbering.number()}"
        entry = world.add(
            Entry(
                id=id,
                platform="facebook",
                kind="post",
                channel=call.channel.key,
                author=call.channel.external_id,
                ours=True,
                text=message,
                sent_at=call.sandbox.clock.now(),
                root=id,
            )
        )
        call.sandbox.hooks.send(call.channel.key, "meta", meta_hooks.feed(world, call.channel, entry, "add"))
    hang_up_after_publishing(call.sandbox, call.channel)
    return json_response({"id": entry.id})


def _message(call: Call) -> str:
    message = call.args.get("message")
    if not isinstance(message, str) or not message.strip():
        raise error(100, "(#100) Param message must be a non-empty UTF8 encoded string")
    if len(message) > LONGEST_COMMENT:
        raise error(100, f"(#100) Param message must be at most {LONGEST_COMMENT} characters long.")
    return message


def _reply(call: Call, entry: Entry) -> Response:
    """Publish a comment of the page. A reply to a reply goes under the same top-level comment."""
    message = _message(call)
    comment = add_comment(
        call.sandbox.world,
        entry,
        channel=call.channel.key,
        author=call.channel.external_id,
        ours=True,
        text=message,
    )
    hook = meta_hooks.feed(call.sandbox.world, call.channel, comment, "add")
    call.sandbox.hooks.send(call.channel.key, "meta", hook)
    hang_up_after_publishing(call.sandbox, call.channel)
    return json_response({"id": comment.id})


def add_comment(
    world: World,
    under: Entry,
    *,
    channel: str,
    author: str,
    ours: bool,
    text: str,
    media: list[dict[str, Any]] | None = None,
) -> Entry:
    """Add a comment under a post or comment. Threads have two levels; deeper replies are moved up."""
    root = under.root or under.id
    top = under
    while top.kind == "comment" and top.parent != root:
        above = world.find(under.platform, top.parent or "")
        if above is None:
            break
        top = above
    if under.platform == "facebook":
        id = f"{root.partition('_')[2]}_{world.numbering.number()}"
    else:
        id = world.numbering.number("178")
    return world.add(
        Entry(
            id=id,
            platform=under.platform,
            kind="comment",
            channel=channel,
            author=author,
            ours=ours,
            text=text,
            sent_at=world.clock.now(),
            parent=top.id,
            answers=under.id,
            root=root,
            mentions=world.named_in(under.platform, text),
            media=media or [],
        )
    )


def _delete(call: Call, entry: Entry) -> Response:
    hook = meta_hooks.feed(call.sandbox.world, call.channel, entry, "remove")
    call.sandbox.world.delete(entry)
    call.sandbox.hooks.send(call.channel.key, "meta", hook)
    return json_response({"success": True})


def _change(call: Call, entry: Entry) -> Response:
    """Hide or unhide a comment, or edit one of ours."""
    if "is_hidden" in call.args:
        hidden = str(call.args["is_hidden"]).lower() in ("true", "1")
        if entry.ours or entry.kind != "comment":
            raise error(100, "(#100) This comment cannot be hidden", subcode=1446036)
        entry.hidden = hidden
        call.sandbox.world.save(entry)
        verb = "hide" if hidden else "unhide"
        hook = meta_hooks.feed(call.sandbox.world, call.channel, entry, verb)
        call.sandbox.hooks.send(call.channel.key, "meta", hook)
        return json_response({"success": True})
    if "message" in call.args:
        if entry.author != call.channel.external_id:
            raise unknown_object(entry.id, "POST")
        call.sandbox.world.edit(entry, _message(call))
        hook = meta_hooks.feed(call.sandbox.world, call.channel, entry, "edited")
        call.sandbox.hooks.send(call.channel.key, "meta", hook)
        return json_response({"success": True})
    raise error(100, "(#100) No parameter to change was given")
