"""Builds WhatsApp's hook bodies: citizens' messages and the delivery status of ours."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sandbox.clock import unix
from sandbox.config import SandboxChannel
from sandbox.identity import Citizen
from sandbox.world import Entry, World


def envelope(channel: SandboxChannel, value: dict[str, Any], field: str = "messages") -> dict[str, Any]:
    """A whole hook body with one change."""
    digits = "".join(letter for letter in channel.display_phone_number if letter.isdigit())
    head = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": digits, "phone_number_id": channel.external_id},
    }
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": channel.waba_id, "changes": [{"value": {**head, **value}, "field": field}]}],
    }


def contact(person: Citizen) -> dict[str, Any]:
    """The `contacts[]` entry, with phone number, BSUID or both."""
    answer: dict[str, Any] = {"profile": {"name": person.name}}
    if not person.phone_hidden:
        answer["wa_id"] = person.phone
    if person.bsuid_shown:
        answer["user_id"] = person.id
    return answer


def _sender(person: Citizen) -> dict[str, str]:
    answer = {} if person.phone_hidden else {"from": person.phone}
    if person.bsuid_shown:
        answer["from_user_id"] = person.id
    return answer


def message(world: World, channel: SandboxChannel, person: Citizen, entry: Entry) -> dict[str, Any]:
    """A citizen's message: text, picture, or the choice of a button or row."""
    value: dict[str, Any] = {
        **_sender(person),
        "id": entry.id,
        "timestamp": str(unix(entry.sent_at)),
        **_content(entry),
    }
    quoted = world.find("whatsapp", entry.parent) if entry.parent else None
    if quoted is not None:
        digits = "".join(letter for letter in channel.display_phone_number if letter.isdigit())
        value["context"] = {"from": digits if quoted.ours else person.phone, "id": quoted.id}
    return envelope(channel, {"contacts": [contact(person)], "messages": [value]})


def _content(entry: Entry) -> dict[str, Any]:
    choice = entry.extra.get("choice")
    if choice is not None:
        kind = choice["type"]
        return {"type": "interactive", "interactive": {"type": kind, kind: choice["chosen"]}}
    if entry.media:
        picture = entry.media[0]
        content = {
            "mime_type": picture["mime"],
            "sha256": hashlib.sha256(picture["url"].encode()).hexdigest(),
            "id": picture["id"],
        }
        if entry.text:
            content["caption"] = entry.text
        return {"type": "image", "image": content}
    return {"type": "text", "text": {"body": entry.text}}


def edited(
    channel: SandboxChannel, person: Citizen, entry: Entry, *, id: str, at: datetime
) -> dict[str, Any]:
    """The citizen edited a message. The event has its own id."""
    value = {
        **_sender(person),
        "id": id,
        "timestamp": str(unix(at)),
        "type": "edit",
        "edit": {
            "original_message_id": entry.id,
            "message": {"type": "text", "text": {"body": entry.text}},
        },
    }
    return envelope(channel, {"contacts": [contact(person)], "messages": [value]})


def revoked(
    channel: SandboxChannel, person: Citizen, entry: Entry, *, id: str, at: datetime
) -> dict[str, Any]:
    """The citizen deleted a message."""
    value = {
        **_sender(person),
        "id": id,
        "timestamp": str(unix(at)),
        "type": "revoke",
        "revoke": {"original_message_id": entry.id},
    }
    return envelope(channel, {"contacts": [contact(person)], "messages": [value]})


def reaction(
    channel: SandboxChannel, person: Citizen, entry: Entry, *, emoji: str, id: str, at: datetime
) -> dict[str, Any]:
    """The citizen reacted to a message. `emoji` is empty if they removed it."""
    value = {
        **_sender(person),
        "id": id,
        "timestamp": str(unix(at)),
        "type": "reaction",
        "reaction": {"message_id": entry.id, "emoji": emoji},
    }
    return envelope(channel, {"contacts": [contact(person)], "messages": [value]})


def status(
    channel: SandboxChannel,
    person: Citizen,
    entry: Entry,
    name: str,
    at: datetime,
    errors: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The status of one of our messages: sent, delivered, read or failed."""
    stand: dict[str, Any] = {"id": entry.id, "status": name, "timestamp": str(unix(at))}
    if not person.phone_hidden:
        stand["recipient_id"] = person.phone
    if person.bsuid_shown:
        stand["recipient_user_id"] = person.id
    if entry.extra.get("tracker"):
        stand["biz_opaque_callback_data"] = entry.extra["tracker"]
    if errors is not None:
        stand["errors"] = errors
    else:
        stand["conversation"] = {
            "id": hashlib.md5(f"{channel.key}{person.id}".encode(), usedforsecurity=False).hexdigest(),
            "origin": {"type": "service"},
        }
        stand["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "category": "service",
            "type": "regular",
        }
    return envelope(channel, {"contacts": [contact(person)], "statuses": [stand]})


def echo(channel: SandboxChannel, person: Citizen, entry: Entry) -> dict[str, Any]:
    """The echo of a message that we wrote in the WhatsApp Business app."""
    digits = "".join(letter for letter in channel.display_phone_number if letter.isdigit())
    value = {
        "from": digits,
        "to": person.phone,
        "id": entry.id,
        "timestamp": str(unix(entry.sent_at)),
        "type": "text",
        "text": {"body": entry.text},
    }
    return envelope(
        channel, {"contacts": [contact(person)], "message_echoes": [value]}, field="smb_message_echoes"
    )
