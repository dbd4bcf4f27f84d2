"""The WhatsApp Cloud API: sending within the 24-hour window, receipts, the phone number, pictures."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask import Response, request

from sandbox import whatsapp_hooks
from sandbox.calls import Answered, hang_up_after_publishing, json_response
from sandbox.graph_calls import Call, error, require_scope, unknown_edge, unknown_object
from sandbox.graph_fields import read_fields, wanted
from sandbox.identity import Citizen
from sandbox.world import Entry

WINDOW = timedelta(hours=24)
LONGEST_TEXT = 4096
LONGEST_INTERACTIVE = 1024
MOST_BUTTONS = 3
MOST_ROWS = 10
WINDOW_CLOSED = (
    "Message failed to send because more than 24 hours have passed since the customer last replied "
    "to this number."
)


def serve(call: Call) -> Response:
    """Answer a call on the phone number, its business account, or a picture that a citizen sent."""
    require_scope(call, "whatsapp_business_messaging")
    if call.node == call.channel.external_id:
        if call.method == "GET" and not call.edge:
            return json_response(_number(call))
        if call.method == "POST" and call.edge == "messages":
            return _messages(call)
        raise unknown_edge(call)
    if call.node == call.channel.waba_id and call.method == "GET" and call.edge == "phone_numbers":
        return json_response({"data": [_number(call)]})
    if call.method == "GET" and not call.edge:
        return json_response(_picture(call))
    raise unknown_object(call.node, call.method)


def _number(call: Call) -> dict[str, Any]:
    channel = call.channel

    def fixed(value: Any) -> Any:
        return lambda _item, _field: value

    readers: dict[str, Any] = {
        "id": fixed(channel.external_id),
        "verified_name": fixed(channel.name),
        "display_phone_number": fixed(channel.display_phone_number),
        "quality_rating": fixed("GREEN"),
        "code_verification_status": fixed("VERIFIED"),
        "platform_type": fixed("CLOUD_API"),
        "throughput": fixed({"level": "STANDARD"}),
        "status": fixed("CONNECTED"),
        "name_status": fixed("APPROVED"),
        "messaging_limit_tier": fixed("TIER_100K"),
        "account_mode": fixed("LIVE"),
    }
    default = (
        "verified_name,code_verification_status,display_phone_number,quality_rating,"
        "platform_type,throughput,id"
    )
    return read_fields(channel, wanted(call, default), readers, node_type="WhatsAppBusinessPhoneNumber")


def _picture(call: Call) -> dict[str, Any]:
    with call.sandbox.world.lock:
        for entry in call.sandbox.world.entries("whatsapp"):
            for media in entry.media:
                if media["id"] == call.node and entry.channel == call.channel.key:
                    return {
                        "messaging_product": "whatsapp",
                        "url": f"{request.host_url.rstrip('/')}/_media/{media['id']}",
                        "mime_type": media["mime"],
                        "id": media["id"],
                    }
    raise unknown_object(call.node, call.method)


def _messages(call: Call) -> Response:
    args = call.args
    if args.get("messaging_product") != "whatsapp":
        raise error(100, "(#100) The parameter messaging_product is required.")
    if args.get("status") == "read":
        return _mark_read(call)
    with call.sandbox.world.lock:
        person = _recipient(call)
        kind = str(args.get("type") or "text")
        if kind == "reaction":
            return _react(call, person)
        entry = _composed(call, person, kind)
        closed = kind != "template" and not _window_is_open(call, person)
        if closed and not call.sandbox.config.whatsapp_async_errors:
            raise error(131047, "(#131047) Re-engagement message", details=WINDOW_CLOSED)
        if closed:
            _report_failed(call, person, entry)
        else:
            call.sandbox.world.add(entry)
            _report(call, person, entry)
            hang_up_after_publishing(call.sandbox, call.channel)
    contact = {"input": str(args.get("to") or args.get("recipient"))}
    contact |= {"wa_id": person.phone} if args.get("to") else {"user_id": person.id}
    return json_response(
        {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": entry.id}]}
    )


def _recipient(call: Call) -> Citizen:
    """The recipient: the phone number in `to` counts before the BSUID in `recipient`."""
    world = call.sandbox.world
    number, user = call.args.get("to"), call.args.get("recipient")
    if not number and not user:
        raise error(100, "(#100) The parameter to is required.")
    person = (
        world.person_by_phone(re.sub(r"\D", "", str(number)))
        if number
        else world.person_by_id("whatsapp", str(user))
    )
    if person is None:
        raise error(
            131026, "(#131026) Message undeliverable", details="Message Undeliverable. Receiver is incapable."
        )
    return person


def _window_is_open(call: Call, person: Citizen) -> bool:
    last = call.sandbox.world.last_message_from(call.channel, person.id)
    return last is not None and call.sandbox.clock.now() - last.sent_at < WINDOW


def _composed(call: Call, person: Citizen, kind: str) -> Entry:
    """The message as an entry that is not stored yet. Refuses content that WhatsApp refuses."""
    content = call.args.get(kind)
    if not isinstance(content, dict):
        raise error(100, f"(#100) The parameter {kind} is required.")
    readers = {
        "text": _text,
        "interactive": _interactive,
        "template": _template,
        "image": _media,
        "document": _media,
    }
    if kind not in readers:
        raise error(100, "(#100) Param type must be one of {TEXT, INTERACTIVE, TEMPLATE, IMAGE, DOCUMENT}")
    text, extra = readers[kind](call, content)
    quoted = call.args.get("context")
    parent = str(quoted.get("message_id")) if isinstance(quoted, dict) else None
    if parent is not None:
        above = call.sandbox.world.find("whatsapp", parent)
        if above is None or above.channel != call.channel.key or above.peer != person.id:
            raise _bad_value("context.message_id: no such message in this conversation")
    if call.args.get("biz_opaque_callback_data"):
        extra["tracker"] = str(call.args["biz_opaque_callback_data"])
    return Entry(
        id=call.sandbox.world.numbering.wamid(person.phone),
        platform="whatsapp",
        kind="dm",
        channel=call.channel.key,
        author=call.channel.external_id,
        ours=True,
        text=text,
        sent_at=call.sandbox.clock.now(),
        parent=parent,
        answers=parent,
        peer=person.id,
        extra=extra,
    )


def _text(_call: Call, content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    body = content.get("body")
    if not isinstance(body, str) or not body.strip():
        raise error(100, "(#100) The parameter text['body'] is required.")
    if len(body) > LONGEST_TEXT:
        raise error(100, f"(#100) Param text['body'] must be at most {LONGEST_TEXT} characters long.")
    return body, {}


def _interactive(_call: Call, content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    body = content.get("body")
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise error(100, "(#100) The parameter interactive['body']['text'] is required.")
    if len(text) > LONGEST_INTERACTIVE:
        raise _bad_value(
            f"Interactive body text length invalid. Min length: 1, Max length: {LONGEST_INTERACTIVE}"
        )
    action = content.get("action")
    if not isinstance(action, dict):
        raise error(100, "(#100) The parameter interactive['action'] is required.")
    kind = content.get("type")
    if kind == "button":
        choices: list[Any] = [
            button.get("reply") for button in action.get("buttons", ()) if isinstance(button, dict)
        ]
        most, longest, reply = MOST_BUTTONS, 20, "button_reply"
    elif kind == "list":
        if not 1 <= len(str(action.get("button") or "")) <= 20:
            raise _bad_value("Button label length invalid. Min length: 1, Max length: 20")
        choices = [row for section in action.get("sections", ()) for row in section.get("rows", ())]
        most, longest, reply = MOST_ROWS, 24, "list_reply"
    else:
        raise _bad_value("interactive type must be button or list")
    if not 1 <= len(choices) <= most:
        raise _bad_value(f"Invalid number of choices. Min 1, Max {most}")
    for choice in choices:
        titled = isinstance(choice, dict) and choice.get("id") and isinstance(choice.get("title"), str)
        if not titled or not 1 <= len(choice["title"]) <= longest:
            raise _bad_value(f"Every choice needs an id and a title of 1 to {longest} characters")
    if len({choice["id"] for choice in choices}) != len(choices):
        raise _bad_value("Duplicated choice id")
    offered = [
        {name: choice[name] for name in ("id", "title", "description") if choice.get(name)}
        for choice in choices
    ]
    return text, {"offers": {"type": reply, "choices": offered, "label": str(action.get("button") or "")}}


def _template(call: Call, content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    language = content.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    for known in call.sandbox.config.whatsapp_templates:
        if known["name"] == content.get("name") and known["language"] == code:
            given = [
                str(parameter.get("text", ""))
                for component in content.get("components", ())
                if component.get("type") == "body"
                for parameter in component.get("parameters", ())
            ]
            if len(given) != int(known.get("parameters", 0)):
                raise error(
                    132000,
                    "(#132000) Number of parameters does not match the expected number of params",
                    details=f"body: number of localizable_params ({len(given)}) does not match the "
                    f"expected number of params ({known.get('parameters', 0)})",
                )
            text = str(known.get("text", known["name"]))
            for place, value in enumerate(given, start=1):
                text = text.replace(f"{{{{{place}}}}}", value)
            return text, {"template": str(known["name"])}
    raise error(
        132001,
        "(#132001) Template name does not exist in the translation",
        status=404,
        details=f"template name ({content.get('name')}) does not exist in {code}",
    )


def _media(_call: Call, content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if not content.get("link") and not content.get("id"):
        raise error(100, "(#100) The parameter link or id is required.")
    return str(content.get("caption") or ""), {"media": {name: content[name] for name in content}}


def _bad_value(details: str) -> Answered:
    return error(131009, "(#131009) Parameter value is not valid", details=details)


def _mark_read(call: Call) -> Response:
    with call.sandbox.world.lock:
        entry = call.sandbox.world.find("whatsapp", call.text("message_id"))
        if entry is None or entry.ours or entry.channel != call.channel.key:
            raise error(100, "(#100) Invalid parameter", details="Message with the given id does not exist")
        entry.extra["read_by_us"] = True
        call.sandbox.world.save(entry)
    return json_response({"success": True})


def _react(call: Call, person: Citizen) -> Response:
    content = call.nested("reaction")
    entry = call.sandbox.world.find("whatsapp", str(content.get("message_id")))
    if entry is None or entry.peer != person.id:
        raise _bad_value("reaction.message_id: no such message in this conversation")
    emoji = str(content.get("emoji") or "")
    if emoji:
        entry.reactions[call.channel.external_id] = emoji
    else:
        entry.reactions.pop(call.channel.external_id, None)
    call.sandbox.world.save(entry)
    id = call.sandbox.world.numbering.wamid(person.phone)
    contact = {"input": person.phone, "wa_id": person.phone}
    return json_response({"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": id}]})


def _report(call: Call, person: Citizen, entry: Entry) -> None:
    """Send the hooks that the message was sent, delivered and (if `citizens_read`) read."""
    pause = call.sandbox.config.receipt_seconds
    names = ["sent", "delivered", *(["read"] if call.sandbox.config.citizens_read else [])]
    for place, name in enumerate(names):
        at = entry.sent_at + timedelta(seconds=pause * place)
        body = whatsapp_hooks.status(call.channel, person, entry, name, at)
        call.sandbox.hooks.send(call.channel.key, "meta", body, after=pause * place)


def _report_failed(call: Call, person: Citizen, entry: Entry) -> None:
    failed = {
        "code": 131047,
        "title": "Re-engagement message",
        "message": "Re-engagement message",
        "error_data": {"details": WINDOW_CLOSED},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }
    body = whatsapp_hooks.status(call.channel, person, entry, "failed", entry.sent_at, [failed])
    call.sandbox.hooks.send(call.channel.key, "meta", body)


def offered_choices(entry: Entry) -> list[dict[str, str]]:
    """The buttons or rows of one of our messages."""
    offers = entry.extra.get("offers")
    return list(offers["choices"]) if isinstance(offers, dict) else []
