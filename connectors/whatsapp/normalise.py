"""Turns hook bodies of the WhatsApp Cloud API into facts. Pure: no clock, no network, no database.

Every entry, change, message and status is parsed separately and assigned to the phone number id of its
change: a body may have a thousand of them for several numbers, and one bad part must not lose the rest.

Source: developers.facebook.com, WhatsApp Business Platform, webhooks reference (`messages`,
`smb_message_echoes`, business-scoped user ids).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from connectors.contract import Polled
from connectors.meta import failure_of
from connectors.payload import items, moment, outermost, part, read_object, word
from connectors.whatsapp.shapes import (
    BSUID,
    PHONE,
    Button,
    Card,
    Context,
    Edit,
    Head,
    Interactive,
    Media,
    Metadata,
    Order,
    Referral,
    Revoke,
    Status,
    WhatsAppContact,
    WhatsAppPlace,
    WhatsAppText,
)
from inbox.failures import Trouble
from inbox.values import (
    AttachmentSeen,
    Author,
    AuthorKey,
    Fact,
    Gone,
    MessageGone,
    MessageKind,
    MessageSeen,
    NotUnderstood,
    Receipt,
    ReplyReceipt,
    UnreadablePayload,
)

PLATFORM = "whatsapp"
OBJECT = "whatsapp_business_account"

RECEIPTS = {
    "sent": Receipt.SENT,
    "delivered": Receipt.DELIVERED,
    "read": Receipt.READ,
    "played": Receipt.READ,  # of a voice message
    "failed": Receipt.FAILED,
}
# Fields whose changes contain messages and their statuses. In other fields `statuses` belong to calls.
MESSAGE_FIELDS = (None, "messages", "smb_message_echoes")
# Types that need no answer: system messages and reactions.
NO_WORK = ("reaction", "system", "request_welcome")


def claims(raw: bytes) -> bool:
    """Whether this body of a Meta hook is WhatsApp's."""
    return outermost(raw).get("object") == OBJECT


def normalise(raw: bytes) -> tuple[Fact, ...]:
    """The facts of one hook body, in order. Raises UnreadablePayload and nothing else."""
    if Polled.from_bytes(raw):
        raise UnreadablePayload("WhatsApp is not polled")
    body = read_object(raw)
    if body.get("object") != OBJECT or not isinstance(body.get("entry"), list):
        raise UnreadablePayload("not a WhatsApp body")
    return tuple(fact for entry in body["entry"] for fact in _entry(entry))


def _entry(entry: Any) -> Iterator[Fact]:
    changes = entry.get("changes") if isinstance(entry, dict) else None
    if not isinstance(changes, list):
        yield NotUnderstood(PLATFORM, None, "entry")
        return
    for change in changes:
        value = change.get("value") if isinstance(change, dict) else None
        if not isinstance(value, dict):
            yield NotUnderstood(PLATFORM, None, "change")
            continue
        metadata = part(Metadata, value.get("metadata"))
        account = metadata.phone_number_id if metadata else None
        field = change.get("field")
        if account is None or field not in MESSAGE_FIELDS:
            yield NotUnderstood(PLATFORM, account, f"field:{word(field)}")
        else:
            yield from _change(account, value)


def _change(account: str, value: dict[str, Any]) -> Iterator[Fact]:
    contacts = [contact for each in items(value.get("contacts")) if (contact := part(WhatsAppContact, each))]
    messages = [(each, part(Head, each)) for each in items(value.get("messages"))]
    senders = {head.sender for _, head in messages if head and head.sender}
    for raw_message, head in messages:
        yield _message(account, raw_message, head, _author(head, contacts, senders) if head else None)
    for raw_message in items(value.get("message_echoes")):
        head = part(Head, raw_message)
        yield _message(account, raw_message, head, _recipient(head) if head else None, from_us=True)
    for raw_status in items(value.get("statuses")):
        yield _status(account, raw_status)
    for error in items(value.get("errors")):
        yield NotUnderstood(PLATFORM, account, f"error:{_code(error)}")
    read = ("messaging_product", "metadata", "contacts", "messages", "message_echoes", "statuses", "errors")
    for key in value:
        if key not in read:
            yield NotUnderstood(PLATFORM, account, f"key:{word(key)}")


# --- people -----------------------------------------------------------------------------------------


def _person(bsuid: str | None, phone: str | None, contact: WhatsAppContact | None = None) -> Author | None:
    """A person by their known keys, the business-scoped id first, because a number can change owners."""
    keys = []
    if bsuid:
        keys.append(AuthorKey(BSUID, bsuid))
    if phone:
        keys.append(AuthorKey(PHONE, phone))
    if not keys:
        return None
    profile = contact.profile if contact else None
    return Author(
        keys=tuple(keys),
        name=profile.name or None if profile else None,
        handle=profile.username or None if profile else None,
        phone=phone if phone and phone.isascii() and phone.isdigit() else None,
    )


def _author(head: Head, contacts: list[WhatsAppContact], senders: set[str]) -> Author | None:
    """The author of a message: its own ids, merged with the contact that has one of them.

    Older bodies may have no sender, and in some countries `from` and `wa_id` differ. Then the change's only
    contact is the author, if only one person can have written.
    """
    named = {head.sender, head.sender_bsuid} - {None}
    contact = next((each for each in contacts if {each.wa_id, each.user_id} & named), None)
    if contact is None and len(contacts) == 1 and len(senders) <= 1:
        contact = contacts[0]
    bsuid = head.sender_bsuid or (contact.user_id if contact else None)
    phone = head.sender or (contact.wa_id if contact else None)
    return _person(bsuid, phone, contact)


def _recipient(head: Head) -> Author | None:
    return _person(head.to_user_id, head.to)


# --- messages ---------------------------------------------------------------------------------------


def _message(
    account: str, raw: Any, head: Head | None, person: Author | None, *, from_us: bool = False
) -> Fact:
    kind = word(raw.get("type")) if isinstance(raw, dict) else "?"
    at = moment(head.timestamp) if head else None
    if head is None or at is None:
        return NotUnderstood(PLATFORM, account, f"message:{kind}")
    if kind in NO_WORK:
        system = raw.get("system")
        detail = f":{word(system.get('type'))}" if isinstance(system, dict) else ""
        return NotUnderstood(PLATFORM, account, f"{kind}{detail}")
    if kind == "revoke":
        revoke = part(Revoke, raw.get("revoke"))
        if revoke is None:
            return NotUnderstood(PLATFORM, account, "message:revoke")
        return MessageGone(PLATFORM, account, revoke.original_message_id, Gone.DELETED, at)

    external_id, words, edited_at = head.id, raw, None
    if kind == "edit":
        edit = part(Edit, raw.get("edit"))
        if edit is None:
            return NotUnderstood(PLATFORM, account, "message:edit")
        external_id, words, edited_at = edit.original_message_id, edit.message, at

    seen = CONTENT.get(word(words.get("type")), _nothing)(words)
    context = part(Context, words.get("context"))
    referral = part(Referral, words.get("referral"))
    text, attachments, button = seen or ("", (), None)
    if referral and referral.source_url:
        attachments += (AttachmentSeen("link", url=referral.source_url, name=referral.headline),)
    return MessageSeen(
        platform=PLATFORM,
        account=account,
        external_id=external_id,
        kind=MessageKind.CHAT if seen else MessageKind.UNSUPPORTED,
        text=text,
        sent_at=at,
        observed_at=at,
        author=None if from_us else person,
        from_us=from_us,
        recipient=person if from_us else None,
        conversation=head.group_id,
        parent_external_id=context.id if context else None,
        edited_at=edited_at,
        attachments=attachments,
        button=button,
    )


# The content of a message: text, attachments, and the id of the chosen button or row; None if it is
# unreadable.
Content = tuple[str, tuple[AttachmentSeen, ...], str | None]


def _nothing(_: dict[str, Any]) -> Content | None:
    return None


def _text(message: dict[str, Any]) -> Content | None:
    text = part(WhatsAppText, message.get("text"))
    return (text.body, (), None) if text else None


def _button(message: dict[str, Any]) -> Content | None:
    button = part(Button, message.get("button"))
    return (button.text, (), button.payload) if button else None


def _interactive(message: dict[str, Any]) -> Content | None:
    # The object is missing if the platform itself could not read the answer.
    interactive = part(Interactive, message.get("interactive"))
    chosen = (interactive.button_reply or interactive.list_reply) if interactive else None
    return (chosen.title, (), chosen.id) if chosen else None


def _media(kind: str) -> Callable[[dict[str, Any]], Content | None]:
    def read(message: dict[str, Any]) -> Content | None:
        media = part(Media, message.get(word(message.get("type"))))
        if media is None:
            return None
        file = AttachmentSeen(
            kind, media_id=media.id, url=media.url or media.link, mime=media.mime_type, name=media.filename
        )
        return media.caption or "", (file,), None

    return read


def _location(message: dict[str, Any]) -> Content | None:
    place = part(WhatsAppPlace, message.get("location"))
    if place is None:
        return None
    named = ", ".join(each for each in (place.name, place.address) if each)
    pin = AttachmentSeen(
        "location", name=named or None, url=place.url, latitude=place.latitude, longitude=place.longitude
    )
    return "", (pin,), None


def _contacts(message: dict[str, Any]) -> Content | None:
    cards = [card for each in items(message.get("contacts")) if (card := part(Card, each))]
    seen = tuple(AttachmentSeen("contact", name=card.line) for card in cards)
    return ("", seen, None) if seen else None


def _order(message: dict[str, Any]) -> Content | None:
    order = part(Order, message.get("order"))
    return (order.text, (AttachmentSeen("other", name="order"),), None) if order and order.text else None


CONTENT: dict[str, Callable[[dict[str, Any]], Content | None]] = {
    "text": _text,
    "button": _button,
    "interactive": _interactive,
    "image": _media("image"),
    "video": _media("video"),
    "audio": _media("audio"),
    "voice": _media("audio"),
    "document": _media("document"),
    "sticker": _media("sticker"),
    "location": _location,
    "contacts": _contacts,
    "order": _order,
}


# --- receipts ---------------------------------------------------------------------------------------


def _status(account: str, raw: Any) -> Fact:
    status = part(Status, raw)
    at = moment(status.timestamp) if status else None
    if status is None or at is None or status.status not in RECEIPTS:
        told = raw.get("status") if isinstance(raw, dict) else None
        return NotUnderstood(PLATFORM, account, f"status:{word(told)}")
    told_errors = status.errors or ()
    failures = [f"{error.code}: {error.told}".rstrip(": ") for error in told_errors]
    failure = failure_of(told_errors[0].code or 0) if told_errors else None
    return ReplyReceipt(
        platform=PLATFORM,
        account=account,
        external_id=status.id,
        status=RECEIPTS[status.status],
        observed_at=at,
        failure=Trouble(failure, "; ".join(failures)).reason if failure else None,
        our_reference=status.biz_opaque_callback_data,
    )


def _code(error: Any) -> str:
    code = error.get("code") if isinstance(error, dict) else None
    return str(code) if isinstance(code, int) and abs(code) < 10**9 else "?"
