"""Jinja filters of the desk's and the units' templates: rows as short texts, icons and links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from babel.dates import format_date
from flask.sansio.app import App
from flask_babel import LazyString, get_locale, gettext, ngettext
from flask_babel import lazy_gettext as _l

from inbox import channels, platforms
from inbox.failures import Unusable
from inbox.models import Attachment, Channel, Contact, Message
from inbox.queries import GroupRow
from inbox.states import ChannelHealth
from inbox.wording import decode
from web.kit import labels
from web.kit.can import can
from web.kit.progress import failure, reply_progress, state_class

_ATTACHMENTS: Mapping[str, tuple[str, LazyString]] = {
    "image": ("photo", _l("Photo")),
    "video": ("video", _l("Video")),
    "audio": ("microphone", _l("Voice message")),
    "document": ("file", _l("Document")),
    "sticker": ("mood-smile", _l("Sticker")),
    "location": ("map-pin", _l("Location")),
    "contact": ("id", _l("Contact card")),
    "link": ("link", _l("Link")),
}
_OTHER = ("paperclip", _l("File"))

_DOTS: Mapping[ChannelHealth, str] = {
    ChannelHealth.OK: "ok",
    ChannelHealth.STALE: "slow",
    ChannelHealth.PAUSED: "slow",
    ChannelHealth.FAILING: "slow",
    ChannelHealth.ACCESS_LOST: "lost",
    ChannelHealth.OFF: "off",
    ChannelHealth.UNKNOWN: "off",
}

_DRAFT_REASONS: Mapping[str, LazyString] = {
    "undone": _l("Taken back"),
    "edited": _l("The citizen edited their message"),
    "deleted": _l("The citizen deleted their message"),
    "failed": _l("It could not be sent as it is"),
    "already_there": _l("The same text of ours is already there: check before it is sent"),
    "restored": _l("Restored from a backup: it may already be there, check before it is sent"),
}


class Health(NamedTuple):
    """A channel's health: the class of its dot, and its words."""

    dot: str
    words: str


def platform_icon(platform: str) -> str:
    """The name of a platform's icon; a plain one for a by-hand channel."""
    return platforms.traits(platform).icon


def platform_label(platform: str) -> str:
    """The platform's own name; the key itself for a by-hand channel."""
    return platforms.traits(platform).label


def short_name(channel: Channel) -> str:
    """A channel's name without the platform's, for places where an icon shows the platform."""
    return channel.name.removeprefix(platform_label(channel.platform)).lstrip(" ·:–-") or channel.name


def initials(author: Contact | None) -> str:
    """One or two capital letters of the name, else of the handle; "·" without either."""
    words = [word for word in (author.name if author and author.name else "").split() if word[0].isalpha()]
    if words:
        letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
        return "".join("İ" if letter == "i" else letter.upper() for letter in letters)
    return author.handle[0].upper() if author and author.handle else "·"


def first_words(row: GroupRow) -> str:
    """The group's texts in one line of at most 240 characters, or its attachments where there is no text."""
    texts = " · ".join(" ".join(message.text.split()) for message in row.messages if message.text.strip())
    if texts:
        return texts[:240]
    files = [attachment_words(file) for message in row.messages for file in message.attachments]
    return ", ".join(files[:3]) or gettext("Without words")


def said_in_short(messages: Sequence[Message]) -> str:
    """The first message of a request, shortened, and the number of further citizens."""
    first = next((" ".join(message.text.split()) for message in messages if message.text.strip()), "")
    citizens = len({message.author_id for message in messages})
    if citizens < 2:
        return first[:200]
    return ngettext(
        "%(words)s – and %(num)d more citizen",
        "%(words)s – and %(num)d more citizens",
        citizens - 1,
        words=first[:160],
    )


def attachment_words(file: Attachment) -> str:
    """The file's name, else the word for its kind."""
    return file.name or str(_ATTACHMENTS.get(file.kind, _OTHER)[1])


def attachment_icon(kind: str) -> str:
    """The name of the icon for a kind of attachment."""
    return _ATTACHMENTS.get(kind, _OTHER)[0]


def attachment_link(file: Attachment) -> str | None:
    """A link to the map for a location, else the attachment's URL if it is safe, else None."""
    if file.latitude is not None and file.longitude is not None:
        place = quote(f"{file.latitude:.6f}/{file.longitude:.6f}")
        return f"https://www.openstreetmap.org/?mlat={file.latitude:.6f}&mlon={file.longitude:.6f}#map=18/{place}"
    return file.url if safe_link(file.url) else None


def safe_link(url: str | None) -> bool:
    """Whether a URL from outside is http or https: a `javascript:` link would run in our page."""
    return bool(url) and urlsplit(str(url)).scheme in ("http", "https")


def channel_health(channel: Channel) -> Health:
    """A channel's health by its last real calls to the platform."""
    health = channels.health(channel)
    return Health(_DOTS[health], str(labels.label(health)))


def draft_reason(reason: str) -> str:
    """Why an approved reply is a draft again."""
    return str(_DRAFT_REASONS.get(reason, reason))


def post_source(post: Message) -> str:
    """The words for whose post it is."""
    return gettext("Our post") if post.is_ours else gettext("Post")


def unusable(what: str) -> tuple[str, str]:
    """Why a part of a body was set aside, in words, and its details; ("", `what`) if `what` names no cause.

    The details of an unreadable body are in English, for developers, so the screen leaves them out.
    """
    found = decode(Unusable, what)
    if found is None:
        return "", what
    cause, details = found
    return str(labels.label(cause)), "" if cause is Unusable.UNREADABLE else details


def who(user_id: int | None, names: Mapping[int, str]) -> str:
    """The name of a staff member; "the system" for None."""
    return names.get(user_id, gettext("a former colleague")) if user_id is not None else gettext("the system")


def day_short(day: date) -> str:
    """`26 Kas Per`: day, month and weekday, abbreviated."""
    language = str(get_locale() or "tr").partition("_")[0]
    return format_date(day, "d MMM EEE", locale=language)


def install(app: App) -> None:
    """Register these filters for every template of `app`."""
    for template_filter in (
        platform_icon,
        platform_label,
        initials,
        short_name,
        first_words,
        said_in_short,
        attachment_words,
        attachment_icon,
        attachment_link,
        safe_link,
        channel_health,
        draft_reason,
        failure,
        unusable,
        post_source,
        who,
        day_short,
        can,
        reply_progress,
        state_class,
    ):
        app.add_template_filter(template_filter)
