"""Models for the parts of WhatsApp Cloud API bodies that we read.

Source: developers.facebook.com, WhatsApp Business Platform, webhooks reference. Fields that real bodies omit
are optional here, even if the reference requires them.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, FiniteFloat

from connectors.payload import Id, PayloadShape

# Within what a citizen's name is unique (`AuthorKey.scope`): all telephones; one business of ours.
PHONE, BSUID = "phone", "bsuid"


class Metadata(PayloadShape):
    """Our phone number that a change concerns."""

    phone_number_id: Id


class WhatsAppProfile(PayloadShape):
    name: str | None = None
    username: str | None = None


class WhatsAppContact(PayloadShape):
    """A person listed beside the messages. `wa_id` (a number) may be missing; `user_id` is the BSUID."""

    profile: WhatsAppProfile | None = None
    wa_id: Id | None = None
    user_id: Id | None = None


class Head(PayloadShape):
    """The fields of every message, whatever its type."""

    id: Id
    timestamp: Any = None  # whole seconds since 1970, as text
    sender: Id | None = Field(default=None, alias="from")
    sender_bsuid: Id | None = Field(default=None, alias="from_user_id")
    to: Id | None = None  # in echoes of our own messages
    to_user_id: Id | None = None
    group_id: Id | None = None


class Context(PayloadShape):
    """The message that this one answers. A forwarded message has no `id` here."""

    id: Id | None = None


class Referral(PayloadShape):
    """The advertisement or post that started the chat."""

    source_url: str | None = None
    headline: str | None = None


class WhatsAppText(PayloadShape):
    body: str


class Button(PayloadShape):
    """A quick reply of a template."""

    text: str
    payload: str | None = None


class Choice(PayloadShape):
    id: str
    title: str


class Interactive(PayloadShape):
    """The button or row that the citizen chose."""

    button_reply: Choice | None = None
    list_reply: Choice | None = None


class Media(PayloadShape):
    """A file. `id` is valid for 7 days, `url` for 5 minutes."""

    id: Id | None = None
    url: str | None = None
    link: str | None = None
    mime_type: str | None = None
    filename: str | None = None
    caption: str | None = None


class WhatsAppPlace(PayloadShape):
    latitude: Annotated[FiniteFloat, Field(ge=-90, le=90)]
    longitude: Annotated[FiniteFloat, Field(ge=-180, le=180)]
    name: str | None = None
    address: str | None = None
    url: str | None = None


class CardName(PayloadShape):
    formatted_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class CardPhone(PayloadShape):
    phone: str | None = None
    wa_id: str | None = None


class Card(PayloadShape):
    """An address-book card that a citizen sent."""

    name: CardName | None = None
    phones: tuple[CardPhone, ...] | None = Field(default=None, strict=False)

    @property
    def line(self) -> str | None:
        """The card in one line: name, then numbers."""
        name = self.name or CardName()
        named = name.formatted_name or " ".join(each for each in (name.first_name, name.last_name) if each)
        numbers = [each.phone or each.wa_id for each in self.phones or ()]
        return ", ".join(each for each in (named, *numbers) if each) or None


class Order(PayloadShape):
    text: str | None = None


class Edit(PayloadShape):
    """The new content of an earlier message, as a message without Head."""

    original_message_id: Id
    message: dict[str, Any]


class Revoke(PayloadShape):
    original_message_id: Id


class ErrorDetails(PayloadShape):
    details: str | None = None


class Error(PayloadShape):
    code: int | None = None
    title: str | None = None
    message: str | None = None
    details: str | None = None
    error_data: ErrorDetails | None = None

    @property
    def told(self) -> str:
        """The longest of the platform's error texts."""
        details = self.error_data.details if self.error_data else None
        return details or self.details or self.message or self.title or ""


class Status(PayloadShape):
    """The delivery status of one of our messages."""

    id: Id
    status: str
    timestamp: Any = None
    errors: tuple[Error, ...] | None = Field(default=None, strict=False)
    biz_opaque_callback_data: str | None = None
