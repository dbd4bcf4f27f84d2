"""Calls the Graph API for one account, through facebook-sdk: the only file that imports that library.

facebook-sdk 3.1.0 is pinned exactly, because we change its behaviour in four places: `version` is set after
construction (the constructor accepts 3.1 at most), `session=` is ours (base URL, deadline, typed errors,
token in a header), nested values are passed as JSON (it would send only their keys), and its exceptions are
turned into our errors.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import facebook
import requests

from connectors.http import (
    TOTAL_SECONDS,
    AccessExpired,
    PlatformError,
    PlatformSession,
    Rejected,
    Unknown,
    answered_at,
    failed,
)
from connectors.meta import classify_graph
from connectors.usage import told_by_meta
from inbox.failures import Failure
from inbox.values import Access, ProbeFailed, ProbeOk, ProbeOutcome

VERSION = "v26.0"
ORIGIN = facebook.FACEBOOK_GRAPH_URL.rstrip("/")
_MOST_PAGES = 20  # of one list in `Graph.pages`


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """One answer: the parsed body, the exact text without our secrets, and the platform's time."""

    body: dict[str, Any]
    text: str
    at: datetime


class Graph:
    """Calls on behalf of `access`. Raises PlatformError and nothing else."""

    def __init__(self, access: Access, *, total_seconds: float = TOTAL_SECONDS) -> None:
        token = access.credentials.get("access_token")
        if token is None or not token.get_secret_value():
            raise AccessExpired("no access token is stored for this account", reason=Failure.NO_CREDENTIALS)
        self._token = token.get_secret_value()
        secret = access.credentials.get("app_secret")
        self._proof = _proof(secret.get_secret_value(), self._token) if secret else None
        self._answer: requests.Response | None = None
        self._on_usage = access.on_usage
        session = PlatformSession(
            classify_graph,
            rewrite={ORIGIN: access.base_url.rstrip("/")},
            on_answer=self._remember,
            total_seconds=total_seconds,
        )
        self._api = facebook.GraphAPI(access_token=self._token, session=session)
        self._api.version = VERSION

    def get(self, node: str, edge: str = "", **args: str | int) -> GraphAnswer:
        """The object `node`, or its list `edge`."""
        path = f"{_segment(node)}/{edge}" if edge else _segment(node)
        body = self._call(path, args=dict(args), write=False)
        if self._answer is None:
            raise failed("no answer was seen", write=False, reason=Failure.NO_ANSWER)
        text = self._answer.content.decode("utf-8", "replace")
        return GraphAnswer(body=body, text=self._without_secrets(text), at=answered_at(self._answer))

    def pages(self, node: str, edge: str, **args: str | int) -> Iterator[GraphAnswer]:
        """All pages of a list, by cursor. Raises Rejected ("too_many") if it has more than _MOST_PAGES."""
        after: dict[str, str | int] = {}
        for _ in range(_MOST_PAGES):
            answer = self.get(node, edge, **args, **after)
            yield answer
            cursor = next_cursor(answer.body)
            if cursor is None:
                return
            after = {"after": cursor}
        raise Rejected("a list longer than we read", reason=Failure.TOO_MANY)

    def post(self, node: str, edge: str, *, id_in: str = "id", **fields: Any) -> str:
        """POST to `edge` of `node`. Returns the new object's id, which the answer calls `id_in`."""
        post_args = {
            name: json.dumps(value) if isinstance(value, dict | list | bool) else value
            for name, value in fields.items()
            if value is not None
        }
        body = self._call(f"{_segment(node)}/{edge}", post_args=post_args, write=True)
        written = body.get(id_in)
        if not isinstance(written, str | int) or not written:
            raise Unknown("an answer without an id", reason=Failure.NO_ID)
        return str(written)

    def _call(
        self,
        path: str,
        *,
        write: bool,
        args: dict[str, Any] | None = None,
        post_args: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        args = args or {}
        if self._proof is not None:
            args["appsecret_proof"] = self._proof
        try:
            read = self._api.request(f"{self._api.version}/{path}", args, post_args)
        except (KeyError, ValueError, AttributeError, RecursionError, facebook.GraphAPIError) as error:
            # The status says success, but the body is not JSON, or has no content type or an unknown one.
            raise failed(
                f"an unreadable answer ({type(error).__name__})", write=write, reason=Failure.UNREADABLE
            ) from None
        # The library returns lists and booleans unchanged, and wraps a picture in its own dict.
        kind = self._answer.headers.get("content-type", "") if self._answer is not None else ""
        if not isinstance(read, dict) or "json" not in kind:
            raise failed("an answer that is no JSON object", write=write, reason=Failure.UNREADABLE)
        return read

    def _remember(self, response: requests.Response) -> None:
        self._answer = response
        if self._on_usage:
            for usage in told_by_meta(response):
                self._on_usage(usage)

    def _without_secrets(self, text: str) -> str:
        """Remove the token and the proof, which links to further pages contain: we store the body."""
        for secret in filter(None, (self._token, self._proof)):
            for written in (secret, quote(secret, safe="")):
                text = text.replace(written, "removed")
        return text


def next_cursor(listed: Any) -> str | None:
    """The cursor of a list's next page; None at its end. Not the `next` link, which may contain the token."""
    paging = listed.get("paging") if isinstance(listed, dict) else None
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return after if isinstance(after, str) and after else None


def probe(access: Access, node: str, fields: str) -> ProbeOutcome:
    """Check with one cheap call that the token gives access, and to the right account."""
    try:
        body = Graph(access).get(node, fields=fields).body
    except PlatformError as error:
        # The platform refuses to show the account: waiting would not help.
        lost = isinstance(error, AccessExpired | Rejected)
        return ProbeFailed(error.trouble.failure, error.trouble.words, access_lost=lost)
    if str(body.get("id")) != access.account:
        return ProbeFailed(Failure.OTHER_ACCOUNT, access_lost=True)
    return ProbeOk(details={key: body[key] for key in ("name", "username") if key in body})


def _proof(app_secret: str, token: str) -> str:
    """The appsecret_proof, which shows that the caller knows the app secret.

    Source: Graph API "Secure Graph API calls".
    """
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _segment(node: str) -> str:
    """An id as a path segment. Raises Rejected if it could alter the path: ids come from bodies."""
    if node.strip(".") == "":
        raise Rejected("there is no such id", reason=Failure.INVALID_ID)
    return quote(node, safe="", errors="replace")
