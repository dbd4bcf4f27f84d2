"""The HTTP session for every platform library: base URL, time-outs, deadline, typed errors, token safety.

    PlatformError            a call failed; the text contains no token and no URL
     ├─ RateLimited          certainly not executed; may be repeated after `retry_after` seconds
     ├─ AccessExpired        certainly not executed; token, permission or account needs a person
     ├─ Rejected             certainly not executed, and must not be repeated unchanged
     ├─ Transient            certainly not executed, or only a read; may be repeated
     └─ Unknown              a write that may have been executed: look for it first

A failed write is Unknown unless it certainly was not executed. Only two things prove that: the connection was
never established (refused, no such host, connect time-out), or the answer is a refusal by the platform's own
rules. requests raises ConnectionError both for "refused" and for "hung up after reading", so the exception's
type proves nothing.

None of these is a `requests.HTTPError`, because facebook-sdk catches that.
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
READ_SECONDS = 20.0  # without any byte
TOTAL_SECONDS = 30.0  # for the whole call, even if a slow server keeps sending bytes
MAX_ANSWER_BYTES = 8 * 1024 * 1024
_MAX_TEXT = 300  # characters of the platform's text in a reason
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
        """What happened, for people. It may quote the platform, so it must not be logged."""
        return str(self.args[0])[:_MAX_TEXT]

    @property
    def trouble(self) -> Trouble:
        """Why, with the platform's own code and words. Words of ours go where `reason` says it all."""
        is_theirs = self.status is not None or self.reason is Failure.OTHER
        code = "" if self.code is None else f"{self.code}: "
        return Trouble(self.reason, f"{code}{self.text if is_theirs else ''}".rstrip(": "))


class RateLimited(PlatformError):
    """Rate limit reached: certainly not executed. `whole_account` False: for one recipient only."""

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
    """Token, permission or account needs a person: certainly not executed."""


class Rejected(PlatformError):
    """Refused permanently: certainly not executed, and must not be repeated unchanged."""


class Transient(PlatformError):
    """Certainly not executed, or only a read: may be repeated."""


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
    """The outcome of a reply check that raised `error`: sent or not, we cannot tell."""
    wait = error.retry_after if isinstance(error, RateLimited) else None
    return CannotTell(f"looking failed: {error.reason}", retry_after=wait)


# --- reading answers --------------------------------------------------------------------------------


def json_object(response: requests.Response) -> dict[str, Any]:
    """The JSON object in an answer; {} for any other body."""
    try:
        read = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def answered_at(response: requests.Response) -> datetime:
    """The time in the answer's Date header, else our own clock's.

    Rate limits and observation times refer to the platform's clock.
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

# The deadline of this thread's current call, in seconds of `time.monotonic`.
_deadline: ContextVar[float] = ContextVar("deadline")
# The common deadline of several calls of this thread.
_latest: ContextVar[float] = ContextVar("latest", default=math.inf)


@contextmanager
def ending_by(moment: float) -> Iterator[None]:
    """Set a common deadline, in seconds of `time.monotonic`, for all calls in the block.

    It is checked once more just before bytes are sent: a process that was suspended must not send a reply
    that another worker has taken over meanwhile.
    """
    mark = _latest.set(moment)
    try:
        yield
    finally:
        _latest.reset(mark)


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket; the time-out of each read is the time left until the deadline.

    A plain read time-out restarts with every byte, in the headers too, so a slow server could block a worker
    for hours.
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
        with suppress(OSError):  # it may be closed; a socket kept alive gets its time-out back
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
    """Raise Transient if the deadline has passed. A request without its last byte is not executed."""
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
    """A `requests.Session` to pass to a platform's library.

    `classify(response, write)` returns the error in an answer, or None for a success. It is called for every
    answer whose body was read, including a 200, which may contain an error.
    `rewrite` maps URL prefixes that the library uses to ours. If it is given, all other URLs are refused, so
    that no token goes to a host that an answer named.
    `on_answer` receives every answer before it is classified, for its usage and limit headers.
    The body is read completely, within the deadline and MAX_ANSWER_BYTES. With `stream=True` (media) the
    caller reads a successful answer and limits its size; the deadline still applies.
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
        """Make a call and read the body. Raises PlatformError and nothing else."""
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
            # `error` must not be chained: its text contains the URL.
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
        """None: redirects are never followed, so that a token cannot go to another host."""

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
    """Move `access_token` from query and form into the Authorization header. Returns the token."""
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
    # requests sets these attributes itself when it reads a body; there is no public way to do so.
    vars(response).update(_content=b"".join(pieces), _content_consumed=True)


def _never_connected(error: Exception) -> bool:
    """Whether no connection was established, so that nothing can have been sent."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, ConnectTimeoutError)


def _named(error: Exception) -> str:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason or error).__name__
