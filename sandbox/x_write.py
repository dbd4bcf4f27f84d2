"""Writing in the X API v2: posts, replies, deleting, hiding, tokens; and the hooks about new posts."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Blueprint, Response, request

from sandbox import x_shapes, x_text
from sandbox.access import SHORT_LIFE
from sandbox.calls import Answered, apply_faults, hang_up_after_publishing, json_response
from sandbox.config import SandboxChannel
from sandbox.state import Sandbox, current_sandbox
from sandbox.world import Entry
from sandbox.x_calls import (
    SCOPES,
    answer_ended,
    authenticate_account,
    forbidden,
    invalid,
    problem,
    with_rate_headers,
)

blueprint = Blueprint("x_write", __name__)
blueprint.register_error_handler(Answered, answer_ended)
blueprint.after_request(with_rate_headers)

DUPLICATE_HOURS = 24
NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by "
    "the author of the post you are replying to."
)
TOO_LONG = (
    "Your Tweet text is too long. For more information on how Twitter determines text length see "
    "https://github.com/twitter/twitter-text."
)


@blueprint.post("/2/tweets")
def create() -> Response:
    """Publish a post or reply. Refuses what X refuses."""
    sandbox, channel = authenticate_account("write", is_send=True)
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise invalid("", "", "Request body is not valid JSON")
    known = {"text", "reply", "media", "quote_tweet_id", "reply_settings", "for_super_followers_only"}
    for name in sorted(set(body) - known):
        raise invalid(name, body[name], f"[{name}] is not one of the accepted fields")
    text = body.get("text")
    if not isinstance(text, str) or not text.strip():
        raise invalid("text", text, "The `text` field is required unless media is given")
    if x_text.weighted_length(text) > x_text.LONGEST:
        raise Answered(problem(400, "Invalid Request", TOO_LONG, "invalid-request"))
    reply = body.get("reply")
    parent_id = reply.get("in_reply_to_tweet_id") if isinstance(reply, dict) else None
    if reply is not None and (not isinstance(parent_id, str) or not parent_id.isdigit()):
        raise invalid("reply.in_reply_to_tweet_id", parent_id, "`in_reply_to_tweet_id` must be an id as text")
    with sandbox.world.lock:
        entry = _publish(sandbox, channel, text, parent_id)
    hang_up_after_publishing(sandbox, channel)
    post = {"id": entry.id, "text": text, "edit_history_tweet_ids": [entry.id]}
    return json_response({"data": post}, 201)


def _publish(sandbox: Sandbox, channel: SandboxChannel, text: str, parent_id: str | None) -> Entry:
    world, now = sandbox.world, sandbox.clock.now()
    parent = None
    if parent_id is not None:
        parent = world.find("x", parent_id)
        if parent is None or not parent.is_public:
            raise forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
        if parent.author != channel.external_id and channel.key not in parent.mentions:
            raise forbidden(NOT_SUMMONED)
    for earlier in world.entries("x"):
        recent = now - earlier.sent_at < timedelta(hours=DUPLICATE_HOURS)
        if (
            earlier.author == channel.external_id
            and earlier.is_public
            and recent
            and _same_words(earlier.text, text)
        ):
            raise forbidden("You are not allowed to create a Tweet with duplicate content.")
    id = world.numbering.tweet()
    entry = world.add(
        Entry(
            id=id,
            platform="x",
            kind="comment" if parent else "post",
            channel=channel.key,
            author=channel.external_id,
            ours=True,
            text=text,
            sent_at=now,
            parent=parent_id,
            answers=parent_id,
            root=(parent.root or parent.id) if parent else id,
            mentions=[key for key in world.named_in("x", text) if key != channel.key],
        )
    )
    announce(sandbox, entry)
    return entry


def _same_words(first: str, other: str) -> bool:
    return first.split() == other.split()


@blueprint.delete("/2/tweets/<tweet_id>")
def delete(tweet_id: str) -> Response:
    """Delete one of the account's own posts."""
    sandbox, channel = authenticate_account("write")
    with sandbox.world.lock:
        entry = sandbox.world.find("x", tweet_id)
        if entry is None or not entry.is_public:
            raise Answered(json_response({"errors": [x_shapes.not_found(tweet_id, "id")]}, 404))
        if entry.author != channel.external_id:
            raise forbidden("You are not authorized to delete this Tweet.")
        sandbox.world.delete(entry)
    return json_response({"data": {"deleted": True}})


@blueprint.put("/2/tweets/<tweet_id>/hidden")
def hide(tweet_id: str) -> Response:
    """Hide or unhide a reply in one of the account's own conversations."""
    sandbox, channel = authenticate_account("write")
    body = request.get_json(silent=True)
    hidden = body.get("hidden") if isinstance(body, dict) else None
    if not isinstance(hidden, bool):
        raise invalid("hidden", hidden, "The `hidden` field must be true or false")
    with sandbox.world.lock:
        entry = sandbox.world.find("x", tweet_id)
        root = sandbox.world.find("x", entry.root) if entry and entry.root else None
        if entry is None or root is None or entry is root or root.author != channel.external_id:
            raise forbidden("You are not allowed to hide this reply.")
        entry.hidden = hidden
        sandbox.world.save(entry)
    return json_response({"data": {"hidden": hidden}})


def announce(sandbox: Sandbox, entry: Entry) -> None:
    """Send X Activity events about a new post to its author and the mentioned accounts, if hooks are on."""
    if not sandbox.config.x_hooks:
        return
    world = sandbox.world
    parent = world.find("x", entry.parent) if entry.parent else None
    for channel in world.channels:
        if channel.platform != "x":
            continue
        types = []
        if entry.author == channel.external_id:
            types.append("post.create")
        else:
            if channel.key in world.named_in("x", entry.text):
                types.append("post.mention.create")
            if parent is not None and parent.author == channel.external_id:
                types.append("post.reply.create")
        for event_type in types:
            body = x_shapes.event(
                world,
                entry,
                account=channel.external_id,
                event_type=event_type,
                uuid=str(uuid.uuid4().int)[:19],
            )
            sandbox.hooks.send(channel.key, "x", body)


@blueprint.post("/2/oauth2/token")
def renew_token() -> Response:
    """Issue a new access and refresh token. The used refresh token becomes invalid."""
    given, sandbox = request.form, current_sandbox()
    if given.get("grant_type") != "refresh_token" or given.get("client_id") != sandbox.config.x_client_id:
        raise Answered(json_response({"error": "invalid_client"}, 400))
    for channel in sandbox.config.channels:
        account_access = sandbox.access_of(channel.key)
        expected = account_access.refresh_token or f"{channel.token}-refresh"
        if channel.platform == "x" and given.get("refresh_token") == expected:
            if apply_faults(sandbox, channel, is_send=False) == "server_error":
                raise Answered(problem(503, "Service Unavailable", "Service Unavailable"))
            moment = sandbox.clock.now()
            token = account_access.renew(channel.token, moment)
            account_access.expires_at = moment + SHORT_LIFE
            account_access.refresh_token = f"{token}-refresh"
            scopes = account_access.scopes if account_access.scopes is not None else channel.scopes
            return json_response(
                {
                    "token_type": "bearer",
                    "expires_in": int(SHORT_LIFE.total_seconds()),
                    "access_token": token,
                    "refresh_token": account_access.refresh_token,
                    "scope": " ".join(SCOPES if scopes is None else scopes),
                }
            )
    raise Answered(
        json_response(
            {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}, 400
        )
    )
