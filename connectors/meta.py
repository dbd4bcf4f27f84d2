"""What Facebook, Instagram and WhatsApp share: hook signatures, common body parts, error codes.

Sources: Graph API "Webhooks: getting started" (signature, challenge), "Handle errors" (codes and subcodes),
WhatsApp Cloud API "Error codes".
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

import requests
from pydantic import BeforeValidator

from connectors.contract import Hook
from connectors.http import (
    AccessExpired,
    PlatformError,
    RateLimited,
    Rejected,
    Transient,
    failed,
    json_object,
)
from connectors.payload import Id, PayloadShape, items, moment, read_json
from inbox.failures import Failure
from inbox.values import UnreadablePayload

# --- the hook ---------------------------------------------------------------------------------------


def _is_genuine(secrets: Sequence[str], headers: dict[str, str], body: bytes) -> bool:
    """Whether one of the app secrets signs exactly these bytes.

    Compared as bytes, because `compare_digest` raises for non-ASCII text, which a forged header may contain.
    """
    given = headers.get("x-hub-signature-256", "").encode(errors="replace")
    genuine = False
    for secret in filter(None, secrets):
        signed = b"sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
        genuine |= hmac.compare_digest(signed, given)
    return genuine


def _answer_challenge(
    _secrets: Sequence[str], verify_token: str, query: dict[str, str]
) -> tuple[str, str] | None:
    """The challenge as plain text (not parsed as a number); None if the verify token is wrong."""
    given = query.get("hub.verify_token", "").encode(errors="replace")
    ours = verify_token.encode()
    if query.get("hub.mode") != "subscribe" or not ours or not hmac.compare_digest(ours, given):
        return None
    challenge = query.get("hub.challenge")
    return None if challenge is None else (challenge, "text/plain; charset=utf-8")


HOOK = Hook(
    name="meta",
    is_genuine=_is_genuine,
    answer_challenge=_answer_challenge,
    asks_for_token=True,
    earlier_settings={"secrets": "COZUM_META_APP_SECRETS", "verify_token": "COZUM_META_VERIFY_TOKEN"},
)


# --- shapes -----------------------------------------------------------------------------------------

# A time we cannot read does not lose the message: it gets the time of its batch.
Moment = Annotated[datetime | None, BeforeValidator(moment)]


class MetaPerson(PayloadShape):
    """The author in `from`. Any field may be missing."""

    id: Id | None = None
    name: str | None = None
    username: str | None = None
    self_ig_scoped_id: Id | None = None  # Instagram: present if it is our own account


class MetaEntry(PayloadShape):
    """One entry of a hook body. `time` is when Meta sent it. Its parts are parsed one by one."""

    id: Id | None = None
    time: Moment = None
    changes: list[Any] = []
    messaging: list[Any] = []
    standby: list[Any] = []
    field: str | None = None  # Instagram Login puts field and value in the entry itself
    value: Any = None


def listed(given: Any) -> list[Any]:
    """The elements of a Graph list, `{"data": […]}`; [] for anything else."""
    return items(given.get("data")) if isinstance(given, dict) else []


def read_bodies(raw: bytes) -> list[dict[str, Any]]:
    """The objects of a hook body: one, or a list of them, as some pages of the documentation show.

    Raises UnreadablePayload for anything else.
    """
    read = read_json(raw)
    bodies = read if isinstance(read, list) else [read]
    if not bodies or not all(isinstance(body, dict) for body in bodies):
        raise UnreadablePayload(f"a hook body that is no object but {type(read).__name__}")
    return bodies


def claims_object(raw: bytes, name: str) -> bool:
    """Whether a hook body is about `name`: "page" or "instagram"."""
    try:
        return bool(read_bodies(raw)[0].get("object") == name)
    except UnreadablePayload:
        return False


# The edge in a polled page's envelope, if it is not the list of our posts.
SURVEY = "survey"  # older posts without texts, to see which have new comments
COMMENTS = "comments/"  # followed by the post's id

# --- errors -----------------------------------------------------------------------------------------

# Rate limits of an app, a user, a page or a number. The 80000s are the business use cases.
_RATE = {4, 17, 32, 341, 613, 80007, 130429, 131064, 133016} | set(range(80000, 80015))
# Blocked temporarily for spam, and too many messages to one person: seconds to wait.
_RATE_WITH_PAUSE = {368: 3600.0, 131048: 3600.0, 131056: 6.0}
_ONE_RECIPIENT = {131056}
_ACCESS = {0, 3, 10, 102, 190, 458, 459, 460, 463, 464, 467, 131005, 131031, 131042, 130497, 133010}
_ACCESS |= set(range(200, 300))
# Temporary faults at Meta: the call may have been executed.
_PROVES_NOTHING = {-1, 1, 2}
# For these codes WhatsApp documents that the message was not sent.
_NOT_NOW = {131000, 131016, 131057, 133004, 133005}
_REASON_OF_SUBCODE = {
    2018278: Failure.WINDOW_CLOSED,
    2534022: Failure.WINDOW_CLOSED,
    1545041: Failure.UNDELIVERABLE,
    2018001: Failure.UNDELIVERABLE,
    33: Failure.GONE,
}
_REASON_OF_CODE = {
    100: Failure.INVALID_PARAMETER,
    470: Failure.WINDOW_CLOSED,
    506: Failure.DUPLICATE,
    551: Failure.UNDELIVERABLE,
    803: Failure.GONE,
    10900: Failure.ALREADY_REPLIED,
    131021: Failure.RECIPIENT_IS_SENDER,
    131026: Failure.UNDELIVERABLE,
    131030: Failure.RECIPIENT_NOT_ALLOWED,
    131047: Failure.WINDOW_CLOSED,
    131049: Failure.HELD_BACK,
    **dict.fromkeys((132000, 132001, 132005, 132007, 132012, 132015, 132016), Failure.TEMPLATE),
}
# These subcodes concern one recipient, although the code may be that of a permission.
_REFUSING_SUBCODES = {2018278, 2534022, 1545041, 2018001}


def classify_graph(response: requests.Response, write: bool) -> PlatformError | None:
    """The error in an answer of the Graph or Cloud API; None for a success.

    A known code decides, whatever the HTTP status, even 200. Without a code only 401 and 429 are conclusive:
    an HTML page, even with a 400, comes from a gateway and does not prove that a write was not executed.
    """
    error = json_object(response).get("error")
    status = response.status_code
    if not isinstance(error, dict):
        return None if status < 300 and error is None else _without_code(response, write)
    code, subcode = _whole(error.get("code")), _whole(error.get("error_subcode"))
    reason = _REASON_OF_SUBCODE.get(subcode or 0) or _REASON_OF_CODE.get(code or 0, Failure.OTHER)
    text = _words(error) or str(response.reason)
    known: dict[str, Any] = {"status": status, "code": code, "subcode": subcode}
    if subcode in _REFUSING_SUBCODES:
        return Rejected(text, reason=reason, **known)
    if code in _RATE or code in _RATE_WITH_PAUSE or status == 429:
        wait = _RATE_WITH_PAUSE.get(code or 0) or _regained_after(response)
        return RateLimited(
            text,
            retry_after=wait,
            whole_account=code not in _ONE_RECIPIENT,
            reason=Failure.RATE_LIMIT,
            **known,
        )
    if code in _ACCESS or status == 401:
        return AccessExpired(text, reason=Failure.ACCESS, **known)
    if code in _NOT_NOW:
        return Transient(text, reason=Failure.PLATFORM_DOWN, **known)
    if code is None or code in _PROVES_NOTHING or error.get("is_transient") is True or status >= 500:
        return _unproved(text, write, **known)
    return Rejected(text, reason=reason, **known)


def failure_of(code: int) -> Failure:
    """What a receipt's error code tells; OTHER where it is none we know."""
    return _REASON_OF_CODE.get(code, Failure.OTHER)


def _without_code(response: requests.Response, write: bool) -> PlatformError:
    status, text = response.status_code, f"HTTP {response.status_code}"
    if status == 401:
        return AccessExpired(text, reason=Failure.ACCESS, status=status)
    if status == 429:
        return RateLimited(
            text, retry_after=_regained_after(response), reason=Failure.RATE_LIMIT, status=status
        )
    return failed(text, write=write, reason=Failure.PLATFORM_DOWN, status=status)


def _unproved(text: str, write: bool, **known: Any) -> PlatformError:
    error = failed(text, write=write, reason=Failure.PLATFORM_DOWN, status=known["status"])
    error.code, error.subcode = known["code"], known["subcode"]
    return error


def _words(error: dict[str, Any]) -> str:
    """Meta's error text for people; the Cloud API nests it one level deeper."""
    details = error.get("error_data")
    if isinstance(details, dict) and isinstance(details.get("details"), str):
        return str(details["details"])
    return str(error.get("error_user_msg") or error.get("message") or "")


def _regained_after(response: requests.Response) -> float | None:
    """Seconds until calls are accepted again, from the usage header (in minutes there) or Retry-After."""
    with suppress(ValueError, TypeError, AttributeError, RecursionError):
        usage = json.loads(response.headers.get("X-Business-Use-Case-Usage", "{}"))
        minutes = [one.get("estimated_time_to_regain_access", 0) for uses in usage.values() for one in uses]
        longest = float(max(minutes, default=0))
        if 0 < longest < 100_000:
            return longest * 60
    with suppress(ValueError):
        seconds = float(response.headers.get("Retry-After", ""))
        if 0 < seconds < 100_000:
            return seconds
    return None


def _whole(given: Any) -> int | None:
    """A code as an int. Meta sometimes sends text."""
    with suppress(ValueError, TypeError, OverflowError):
        return None if given is None or isinstance(given, bool) else int(given)
    return None
