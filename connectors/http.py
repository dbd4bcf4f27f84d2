"""One HTTP session for every platform library: base URL, time-outs, deadline, typed errors, no leaked token.

    PlatformError            a call did not end as it should; the text holds no token and no URL
     ├─ RateLimited          surely not executed; may be tried again after `retry_after` seconds
     ├─ AccessExpired        surely not executed; token, permission or account needs a person
     ├─ Rejected             surely not executed, and never to be tried again as it is
     ├─ Transient            surely not executed (or only a read); may be tried again freely
     └─ Unknown              a write, and it may have been executed: look for it first

A write is Unknown until the opposite is proved. Proved is it only by a connection that never stood (refused,
no such host, connect time-out) or by an answer the platform's own rules call a refusal. requests raises one
ConnectionError both for "refused" and for "hung up after reading it", so its type proves nothing.

None of these is a `requests.HTTPError`: facebook-sdk catches that one and would swallow ours.
"""

from __future__ import annotations

import io
import json
import math
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError

from inbox.failures import Failure, Trouble
from inbox.values import AccessLost, CannotTell, MaybeSent, NotSent, Refused, SendOutcome

CONNECT_SECONDS = 3.05  # for each address of the host; just above one TCP retransmission
READ_SECONDS = 20.0  # of silence
TOTAL_SECONDS = 30.0  # from the first byte to the last, however busily a server drips
MAX_ANSWER_BYTES = 8 * 1024 * 1024
_MAX_TEXT = 300  # of the platform's words in a reason
_MAX_KEPT_TEXT = 4000

# --- errors -----------------------------------------------------------------------------------------


class PlatformError(Exception):
    """A call to a platform that did not end as it should, and why.

    `code` and `subcode` are the platform's own, `status` is HTTP's; None where there was no answer. Then
    `text` is ours, and `code` may be the class of the network's error.
    """

    def __init__(
        self,
        text: str,
        *,
        reason: Failure = Failure.OTHER,
        status: int | None = None,
        code: int | str | None = None,
        subcode: int | None = None,
    ) -> None:
        super().__init__(text[:_MAX_KEPT_TEXT])
        self.reason = reason
        self.status = status
        self.code = code
        self.subcode = subcode

    @property
    def text(self) -> str:
        """What happened, for people; may quote the platform, never to be logged."""
        return str(self.args[0])[:_MAX_TEXT]

    @property
    def trouble(self) -> Trouble:
        """Why, with the platform's own code and words. Words of ours go where `reason` says it all."""
        is_theirs = self.status is not None or self.reason is Failure.OTHER
        code = "" if self.code is None else f"{self.code}: "
        return Trouble(self.reason, f"{code}{self.text if is_theirs else ''}".rstrip(": "))


class RateLimited(PlatformError):
    """Too much at once: surely not executed. `whole_account` False when it concerns one recipient only."""

    def __init__(
        self,
        text: str,
        *,
        retry_after: float | None = None,
        whole_account: bool = True,
        reason: Failure = Failure.OTHER,
        status: int | None = None,
        code: int | str | None = None,
        subcode: int | None = None,
    ) -> None:
        super().__init__(text, reason=reason, status=status, code=code, subcode=subcode)
        self.retry_after = retry_after
        self.whole_account = whole_account


class AccessExpired(PlatformError):
    """Token, permission or account needs a person: surely not executed."""


class Rejected(PlatformError):
    """Refused for good: surely not executed, never to be tried again as it is."""


class Transient(PlatformError):
    """Surely not executed, or a read that has no effect: may be tried again freely."""


class Unknown(PlatformError):
    """A write that may have been executed."""


def outcome_of(error: PlatformError) -> SendOutcome:
    """How a send ended that raised `error`. The one place where errors become outcomes."""
    failure, words = error.trouble.failure, error.trouble.words
    match error:
        case RateLimited():
            return NotSent(failure, words, retry_after=error.retry_after, pauses_channel=error.whole_account)
        case Transient():
            return NotSent(failure, words)
        case AccessExpired():
            return AccessLost(failure, words)
        case Rejected():
            return Refused(failure, words)
        case _:
            return MaybeSent(failure, words)


def cannot_tell(error: PlatformError) -> CannotTell:
    """How a look ended that raised `error`: it proves nothing either way."""
    wait = error.retry_after if isinstance(error, RateLimited) else None
    return CannotTell(f"looking failed: {error.reason}", retry_after=wait)


# --- reading answers --------------------------------------------------------------------------------


def json_object(response: requests.Response) -> dict[str, Any]:
    """The JSON object of an answer, or {} when it holds anything else."""
    try:
        read = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def answered_at(response: requests.Response) -> datetime:
    """When the platform says it answered (its Date header), else our own clock's now.

    The platform's clock, because rate limits and observations count by it.
    """
    with suppress(ValueError, TypeError):
        told = parsedate_to_datetime(response.headers.get("Date", ""))
        if told.tzinfo is not None:
            return told.astimezone(UTC)
    return datetime.now(UTC)


def failed(
    text: str,
    *,
    write: bool,
    reason: Failure = Failure.OTHER,
    status: int | None = None,
    code: str | None = None,
) -> PlatformError:
    """The error for a failure that proves nothing: Unknown for a write, Transient for a read."""
    return (Unknown if write else Transient)(text, reason=reason, status=status, code=code)


# --- the deadline -----------------------------------------------------------------------------------

# Moment of `time.monotonic` until which the call of this thread must have ended.
_deadline: ContextVar[float] = ContextVar("deadline")
# The same for all calls of this thread together.
_latest: ContextVar[float] = ContextVar("latest", default=math.inf)


@contextmanager
def ending_by(moment: float) -> Iterator[None]:
    """No call inside goes on after `moment` of `time.monotonic`, and none sends anything from then on.

    That is asked right before the bytes go out: a process that was stopped in between, however long, and
    goes on afterwards must not send what somebody else has taken over meanwhile.
    """
    mark = _latest.set(moment)
    try:
        yield
    finally:
        _latest.reset(mark)


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket, each time with no more patience than is left until the deadline.

    A plain read time-out starts anew with every byte, in the headers too: one dripping server could hold a
    worker for hours.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline
        self._patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the call has passed")
        self._sock.settimeout(left if self._patience is None else min(self._patience, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        with suppress(OSError):  # the socket may be closed already; a kept one gets its patience back
            self._sock.settimeout(self._patience)
        self._raw.close()
        super().close()


class _DeadlineResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        deadline = _deadline.get(time.monotonic() + TOTAL_SECONDS)
        self.fp = io.BufferedReader(_DeadlineReader(raw, sock, deadline))


def _refuse_if_late() -> None:
    """Raise Transient once the deadline has passed: what lacks one byte of its body is not executed."""
    if time.monotonic() >= _deadline.get(math.inf):
        raise Transient("the time for the call was over before it was sent", reason=Failure.TOO_LATE)


class _PlainConnection(HTTPConnection):
    response_class = _DeadlineResponse

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _refuse_if_late()
        super().send(data)


class _TlsConnection(HTTPSConnection):
    response_class = _DeadlineResponse

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _refuse_if_late()
        super().send(data)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _DeadlineAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


# --- the session ------------------------------------------------------------------------------------

Classify = Callable[[requests.Response, bool], PlatformError | None]


class PlatformSession(requests.Session):
    """A `requests.Session` to hand to a platform's library.

    `classify(response, write)` turns an answer into an error, or None when it is a success; it is called for
    every answer whose body was read, so also for a 200 that carries an error.
    `rewrite` maps the prefix of an address as the library writes it to ours; with a map given, any address
    under neither is refused, so that no token travels to a host an answer named.
    `on_answer` sees every answer (usage and limit headers) before it is classified.
    A body is read whole, within the deadline and MAX_ANSWER_BYTES; with `stream=True` (media) a good answer
    is left to the caller, who bounds its size: the deadline still holds.
    """

    def __init__(
        self,
        classify: Classify,
        *,
        rewrite: Mapping[str, str] | None = None,
        on_answer: Callable[[requests.Response], None] | None = None,
        read_seconds: float = READ_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        super().__init__()
        self.trust_env = False  # a .netrc would overwrite our Authorization header
        self.mount("http://", _DeadlineAdapter())
        self.mount("https://", _DeadlineAdapter())
        self._classify = classify
        self._rewrite = dict(rewrite or {})
        self._on_answer = on_answer
        self._read_seconds = read_seconds
        self._total_seconds = total_seconds

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """The answer to a call, its body read. Raises PlatformError and nothing else."""
        write = method.upper() not in ("GET", "HEAD")
        media = bool(kwargs.pop("stream", False))
        kwargs["timeout"] = (CONNECT_SECONDS, self._read_seconds)
        kwargs["allow_redirects"] = False
        token = _move_token(kwargs)
        mark = _deadline.set(min(time.monotonic() + self._total_seconds, _latest.get()))
        try:
            response = super().request(method, self._address(url), stream=True, **kwargs)
            if not (media and response.status_code < 300):
                _read_body(response, write)
        except UnicodeEncodeError:
            # Headers and bodies are encoded before the first byte goes out.
            raise Rejected("it cannot be written as a request", reason=Failure.ENCODING) from None
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            # Nothing of `error` may ride along: its text holds the address.
            if _never_connected(error):
                name = _named(error)
                raise Transient("no connection", reason=Failure.NO_CONNECTION, code=name) from None
            name = type(error).__name__
            raise failed("no answer", write=write, reason=Failure.NO_ANSWER, code=name) from None
        finally:
            _deadline.reset(mark)
        if self._on_answer:
            self._on_answer(response)
        if media and response.status_code < 300:
            return response
        refused = self._classify(response, write)
        if refused:
            if token:  # Meta quotes a malformed token in its message
                refused.args = (str(refused).replace(token, "…"),)
            raise refused
        return response

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: a redirect is an answer like any other, and its Location is not even read."""

    def _address(self, url: str) -> str:
        for written, ours in self._rewrite.items():
            for prefix in (written, ours):
                rest = url[len(prefix) :]
                if url.startswith(prefix) and rest[:1] in ("", "/", "?"):
                    return ours + rest
        if self._rewrite:
            raise Rejected("an address that is not the platform's", reason=Failure.FOREIGN_ADDRESS)
        return url


def _move_token(kwargs: dict[str, Any]) -> str:
    """Moves `access_token` out of query and form into the Authorization header; answers the token sent."""
    headers = dict(kwargs.get("headers") or {})
    for place in ("params", "data"):
        fields = kwargs.get(place)
        if isinstance(fields, dict) and "access_token" in fields:
            kept = dict(fields)
            headers["Authorization"] = f"Bearer {kept.pop('access_token')}"
            kwargs[place] = kept
    kwargs["headers"] = headers
    return str(headers.get("Authorization", "")).removeprefix("Bearer ")


def _read_body(response: requests.Response, write: bool) -> None:
    pieces, size = [], 0
    for piece in response.iter_content(64 * 1024):
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            response.close()
            raise failed("an answer larger than we read", write=write, reason=Failure.NO_ANSWER)
        pieces.append(piece)
    # As requests does itself when it reads a body whole; there is no public way to hand it one.
    vars(response).update(_content=b"".join(pieces), _content_consumed=True)


def _never_connected(error: Exception) -> bool:
    """Whether no connection stood, so that nothing can have left us."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, ConnectTimeoutError)


def _named(error: Exception) -> str:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason or error).__name__
