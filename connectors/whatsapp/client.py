"""Sends from one of our WhatsApp numbers, through heyoo: the only file that imports that library.

heyoo 0.1.2 is pinned exactly, because we change it in three places: its globals `requests` (no session, no
time-out, errors ignored) and `logging` (logs citizens' numbers) are replaced, and its URLs are set after
construction (it uses Graph v14 and v15, which no longer exist). We only call `send_custom_json`: the other
methods support neither business-scoped ids nor a reference that receipts return.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import heyoo
import requests

from connectors.http import (
    AccessExpired,
    PlatformError,
    PlatformSession,
    Rejected,
    Unknown,
    failed,
    json_object,
    outcome_of,
)
from connectors.meta import classify_graph
from connectors.usage import told_by_meta
from connectors.whatsapp import shapes
from inbox.failures import Failure
from inbox.values import (
    Access,
    AuthorKey,
    CannotTell,
    LookOutcome,
    MessageKind,
    Outgoing,
    PolledPage,
    ProbeFailed,
    ProbeOk,
    ProbeOutcome,
    Refused,
    SendOutcome,
    Sent,
    Usage,
)

API_URL = "https://graph.facebook.com"
VERSION = "v26.0"
MAX_TEXT = 4096
MAX_INTERACTIVE_TEXT = 1024
MAX_ROWS = 10
MAX_ROW_TITLE = 24
# The label of the button that opens the list: at most 20 characters, and the same in every language.
ROWS_BUTTON = "☰"


# Receives the usage headers of the current call: the library's global does not know which number calls.
_on_usage: ContextVar[Callable[[Usage], None] | None] = ContextVar("on_usage", default=None)


def _tell(response: requests.Response) -> None:
    if tell := _on_usage.get():
        for usage in told_by_meta(response):
            tell(usage)


class _Requests:
    """Replaces the module `requests` inside heyoo. It has no account, so the process needs only one."""

    def post(self, url: str, **kwargs: Any) -> requests.Response:
        """Like `requests.post`, with our time-outs. Raises PlatformError."""
        with PlatformSession(classify_graph, on_answer=_tell) as session:
            return session.post(url, **kwargs)

    def get(self, url: str, **kwargs: Any) -> requests.Response:
        """Like `requests.get`, with our time-outs. Raises PlatformError."""
        with PlatformSession(classify_graph, on_answer=_tell) as session:
            return session.get(url, **kwargs)

    def delete(self, url: str, **kwargs: Any) -> requests.Response:
        """Like `requests.delete`, with our time-outs. Raises PlatformError."""
        with PlatformSession(classify_graph, on_answer=_tell) as session:
            return session.delete(url, **kwargs)


_silent = logging.getLogger("heyoo.silent")
_silent.disabled = True
heyoo.requests = _Requests()
heyoo.logging = _silent


class WhatsAppLine:
    """Calls on behalf of `access`. Raises PlatformError and nothing else."""

    def __init__(self, access: Access) -> None:
        token = access.credentials.get("access_token")
        if token is None or not token.get_secret_value():
            raise AccessExpired("no access token is stored for this line", reason=Failure.NO_CREDENTIALS)
        if not (access.account.isascii() and access.account.isdigit()):
            raise Rejected("a phone number id that is none", reason=Failure.FOREIGN_ID)
        base = f"{access.base_url.rstrip('/')}/{VERSION}"
        self._on_usage = access.on_usage
        self._number_url = f"{base}/{access.account}"
        self._api = heyoo.WhatsApp(token=token.get_secret_value(), phone_number_id=access.account)
        self._api.base_url = self._api.v15_base_url = base
        self._api.url = f"{self._number_url}/messages"

    @contextmanager
    def _telling(self) -> Iterator[None]:
        mark = _on_usage.set(self._on_usage)
        try:
            yield
        finally:
            _on_usage.reset(mark)

    def send(self, message: dict[str, Any]) -> str:
        """Send a message in the Cloud API's format. Returns its id (wamid)."""
        try:
            with self._telling():
                answer = self._api.send_custom_json({"messaging_product": "whatsapp", **message})
        except ValueError:
            raise Unknown("an unreadable answer", reason=Failure.UNREADABLE) from None
        match answer:
            case {"messages": [{"id": str(wamid)}, *_]} if wamid:
                return wamid
        raise Unknown("an answer without an id", reason=Failure.NO_ID)

    def number(self) -> dict[str, Any]:
        """WhatsApp's description of this number."""
        with self._telling():
            response = heyoo.requests.get(
                self._number_url,
                headers=self._api.headers,
                params={"fields": "id,display_phone_number,verified_name,quality_rating"},
            )
        described = json_object(response)
        if not described:
            raise failed("an unreadable answer", write=False, reason=Failure.UNREADABLE)
        return described


# --- the connector's calls ----------------------------------------------------------------------------


def send(access: Access, outgoing: Outgoing) -> SendOutcome:
    """Reply in the citizen's chat, quoting the message, with any choices as rows of a list."""
    if outgoing.to_kind not in (MessageKind.CHAT, MessageKind.UNSUPPORTED):
        return Refused(Failure.NOT_A_CHAT)
    if len(outgoing.text) > MAX_TEXT:
        return Refused(Failure.TOO_LONG)
    recipient = _recipient(outgoing)
    if recipient is None:
        return Refused(Failure.NO_RECIPIENT)
    message = {
        **recipient,
        **_content(outgoing),
        "context": {"message_id": outgoing.to_external_id},
        # Every receipt returns this, so a message is recognised even if we never received its id.
        "biz_opaque_callback_data": outgoing.reference,
    }
    try:
        return Sent(WhatsAppLine(access).send(message))
    except PlatformError as error:
        return outcome_of(error)


def _recipient(outgoing: Outgoing) -> dict[str, str] | None:
    """The recipient field: a group, or a person's best key. Business-scoped ids have their own field."""
    if outgoing.conversation:
        return {"recipient_type": "group", "to": outgoing.conversation}
    for key in outgoing.recipient:
        match key:
            case AuthorKey(shapes.BSUID, value):
                return {"recipient_type": "individual", "recipient": value}
            case AuthorKey(shapes.PHONE, value):
                return {"recipient_type": "individual", "to": value}
    return None


def _content(outgoing: Outgoing) -> dict[str, Any]:
    """The text with a list of choices, or the text alone if the choices exceed WhatsApp's limits."""
    fits = (
        0 < len(outgoing.choices) <= MAX_ROWS
        and all(0 < len(title) <= MAX_ROW_TITLE for _, title in outgoing.choices)
        and len(outgoing.text) <= MAX_INTERACTIVE_TEXT
    )
    if not fits:
        return {"type": "text", "text": {"body": outgoing.text, "preview_url": False}}
    rows = [{"id": id, "title": title} for id, title in outgoing.choices]
    return {
        "type": "interactive",
        "interactive": {
            "type": "list",
            "body": {"text": outgoing.text},
            "action": {"button": ROWS_BUTTON, "sections": [{"rows": rows}]},
        },
    }


def look(_access: Access, _outgoing: Outgoing) -> LookOutcome:
    """Always CannotTell: WhatsApp cannot list sent messages. Only a receipt with our reference is proof."""
    return CannotTell("WhatsApp tells only by receipts")


def poll(_access: Access, edge: str, _cursor: str | None) -> PolledPage:
    """Always raises ValueError: WhatsApp cannot be polled, so a lost hook cannot be fetched later."""
    raise ValueError(f"WhatsApp has no edge {edge!r}")


def probe(access: Access) -> ProbeOutcome:
    """Whether the credentials give access to the number."""
    try:
        number = WhatsAppLine(access).number()
    except PlatformError as error:
        lost = isinstance(error, AccessExpired | Rejected)
        return ProbeFailed(error.trouble.failure, error.trouble.words, access_lost=lost)
    if str(number.get("id")) != access.account:
        return ProbeFailed(Failure.OTHER_ACCOUNT, access_lost=True)
    return ProbeOk({key: number[key] for key in ("display_phone_number", "verified_name") if key in number})
