"""Private messages of pages and Instagram accounts: the 24-hour window, private replies to comments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response

from sandbox import meta_hooks
from sandbox.calls import hang_up_after_publishing, json_response
from sandbox.graph_calls import Call, error, require_scope
from sandbox.identity import Citizen
from sandbox.world import Entry

WINDOW = timedelta(hours=24)
HUMAN_AGENT_WINDOW = timedelta(days=7)
PRIVATE_REPLY_WINDOW = timedelta(days=7)
LONGEST = {"facebook": 2000, "instagram": 1000}


def send(call: Call) -> Response:
    """Answer `POST /{account}/messages`."""
    platform = call.channel.platform
    require_scope(call, "pages_messaging" if platform == "facebook" else "instagram_manage_messages")
    recipient = call.nested("recipient")
    world = call.sandbox.world
    with world.lock:
        if "comment_id" in recipient:
            comment = _comment_to_answer(call, str(recipient["comment_id"]))
            person = world.person_by_id(platform, comment.author)
        else:
            comment = None
            person = world.person_by_id(platform, str(recipient.get("id")))
        if person is None or person.scope != call.channel.external_id:
            raise error(100, "(#100) No matching user found", subcode=2018001)
        if "sender_action" in call.args:
            return json_response({"recipient_id": person.id})
        text, extra = _content(call)
        if comment is None:
            _check_window(call, person)
        entry = _publish(call, person, text, extra, comment)
    hang_up_after_publishing(call.sandbox, call.channel)
    return json_response({"recipient_id": person.id, "message_id": entry.id})


def _comment_to_answer(call: Call, comment_id: str) -> Entry:
    """The comment that a private reply answers. Only one reply is allowed, within seven days."""
    comment = call.sandbox.world.find(call.channel.platform, comment_id)
    ours = comment is not None and comment.channel == call.channel.key and comment.is_public
    if comment is None or not ours or comment.ours:
        raise error(100, f"(#100) Comment {comment_id} cannot be found", subcode=33)
    if "private_reply" in comment.extra:
        raise error(10900, "(#10900) Activity already replied to")
    if call.sandbox.clock.now() - comment.sent_at >= PRIVATE_REPLY_WINDOW:
        raise error(10903, "(#10903) This user cannot reply to this activity", subcode=2018292)
    return comment


def _content(call: Call) -> tuple[str, dict[str, Any]]:
    message = call.nested("message")
    text = message.get("text")
    attachment = message.get("attachment")
    extra: dict[str, Any] = {"by_api": call.sandbox.config.meta_app_id}
    if message.get("metadata"):
        extra["metadata"] = str(message["metadata"])
    if isinstance(attachment, dict):
        payload = attachment.get("payload") or {}
        extra["attachment"] = attachment
        text = text or str(payload.get("text") or "")
        buttons = payload.get("buttons") or ()
        if buttons:
            extra["offers"] = {
                "type": "postback",
                "choices": [
                    {"id": button.get("payload", ""), "title": button.get("title", "")} for button in buttons
                ],
            }
    elif not isinstance(text, str) or not text.strip():
        raise error(100, "(#100) Param message[text] must be a non-empty UTF-8 encoded string")
    longest = LONGEST[call.channel.platform]
    if len(text or "") > longest:
        raise error(
            100,
            f"(#100) Length of param message[text] must be less than or equal to {longest}",
            subcode=2018109,
        )
    replies = message.get("quick_replies") or ()
    if len(replies) > 13:
        raise error(100, "(#100) Param message[quick_replies] has too many elements.")
    if replies:
        choices = [
            {"id": str(quick_reply.get("payload", "")), "title": str(quick_reply.get("title", ""))}
            for quick_reply in replies
        ]
        extra["offers"] = {"type": "quick_reply", "choices": choices}
    return text or "", extra


def _check_window(call: Call, person: Citizen) -> None:
    """Refuse to send later than 24 hours (HUMAN_AGENT: 7 days) after the citizen's last private message."""
    human = call.text("messaging_type") == "MESSAGE_TAG" and call.text("tag") == "HUMAN_AGENT"
    last = call.sandbox.world.last_message_from(call.channel, person.id)
    window = HUMAN_AGENT_WINDOW if human else WINDOW
    if last is None or call.sandbox.clock.now() - last.sent_at >= window:
        raise error(
            10,
            "(#10) This message is sent outside of allowed window. Learn more about the new policy here: "
            "https://developers.facebook.com/docs/messenger-platform/policy-overview",
            subcode=2018278 if call.channel.platform == "facebook" else 2534022,
        )


def _publish(call: Call, person: Citizen, text: str, extra: dict[str, Any], comment: Entry | None) -> Entry:
    world, sandbox, channel = call.sandbox.world, call.sandbox, call.channel
    entry = world.add(
        Entry(
            id=world.numbering.mid(channel.platform),
            platform=channel.platform,
            kind="dm",
            channel=channel.key,
            author=channel.external_id,
            ours=True,
            text=text,
            sent_at=sandbox.clock.now(),
            peer=person.id,
            answers=comment.id if comment else None,
            extra=extra,
        )
    )
    if comment is not None:
        comment.extra["private_reply"] = entry.id
        world.save(comment)
    sandbox.hooks.send(channel.key, "meta", meta_hooks.message(world, channel, entry))
    pause = sandbox.config.receipt_seconds
    sent = int(entry.sent_at.timestamp() * 1000)
    if channel.platform == "facebook":
        body = meta_hooks.delivered(channel, entry, sent + int(pause * 1000))
        sandbox.hooks.send(channel.key, "meta", body, after=pause)
    if sandbox.config.citizens_read:
        body = meta_hooks.read(channel, entry, sent + int(pause * 2000))
        sandbox.hooks.send(channel.key, "meta", body, after=pause * 2)
    return entry
