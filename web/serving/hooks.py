"""The webhooks of the platforms, `/hooks/<family>`: store each signed body unread, then answer.

A body with a valid signature gets 200 whatever it contains, because platforms repeat one that gets anything
else. If it cannot be stored it gets 503, so that the platform repeats it. Bodies bypass Flask, which took
most of the time: no session, no CSRF check, no rate limit. Only challenges (GET) go through Flask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

import psycopg
import structlog
from flask import Blueprint, Response, request
from flask.sansio.blueprints import BlueprintSetupState
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from connectors import HOOKS
from inbox import ingest
from inbox.db import transaction
from inbox.ingest.hook_store import Arrivals
from inbox.settings import FamilySecrets, settings
from web.kit.access import public
from web.serving.asgi import Receive, Scope, Send
from worker.tasks import nudge

log = structlog.get_logger()

MAX_BODY = 8 * 1024 * 1024
"""Bytes. Some platforms send a thousand changes in one body, each of several kilobytes with long texts."""

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")


_NONE = FamilySecrets()


def _secrets(hook: str) -> list[str]:
    configured = settings().hook_secrets.get(hook, _NONE)
    return [secret.get_secret_value() for secret in configured.secrets]


@public
def challenge(hook: str) -> Response:
    """Answer the platform's challenge, which proves that this hook is ours."""
    token = settings().hook_secrets.get(hook, _NONE).verify_token.get_secret_value()
    proof = HOOKS[hook].answer_challenge(_secrets(hook), token, request.args.to_dict())
    if proof is None:
        return _reject(hook)
    text, content_type = proof
    return Response(text, content_type=content_type)


@blueprint.record
def _challenges(state: BlueprintSetupState) -> None:
    """Add one route for all families of HOOKS; other paths are 404."""
    state.add_url_rule(f"/<any({', '.join(HOOKS)}):hook>", "challenge", challenge)


class Hooks:
    """Receives hook bodies in the event loop: none holds a thread while it is read or stored."""

    def __init__(self) -> None:
        self._arrivals = Arrivals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for which `is_hook_body` is true."""
        status = await self._take(_hook(scope["path"]), scope, receive)
        await send({"type": "http.response.start", "status": status, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": b""})

    async def close(self) -> None:
        """Close the database connection."""
        await self._arrivals.close()

    async def _take(self, hook: str, scope: Scope, receive: Receive) -> HTTPStatus:
        """Store a signed body, nudge ingest if it was new, and return the status."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            body = await _read(receive, headers.get("content-length", ""))
        except RequestEntityTooLarge:
            await asyncio.to_thread(_count_too_large, hook, headers)
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        except ClientDisconnected:
            return HTTPStatus.BAD_REQUEST
        if not HOOKS[hook].is_genuine(_secrets(hook), headers, body):
            await asyncio.to_thread(_count_rejected, hook)
            return HTTPStatus.FORBIDDEN
        try:
            is_new = await self._arrivals.store(f"hook:{hook}", body)
        except psycopg.Error as error:
            log.error("hook_not_stored", hook=hook, size=len(body), error=type(error).__name__)
            return HTTPStatus.SERVICE_UNAVAILABLE
        if is_new:
            nudge("ingest")
        return HTTPStatus.OK


# No security headers: they are for browsers and would take a tenth of a hook's time.
_HEADERS = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"0")]

_PATH = f"{blueprint.url_prefix}/"


def _hook(path: str) -> str:
    """The hook family of `path`; "" if it is no hook's path."""
    hook = path.removeprefix(_PATH)
    return hook if hook != path and hook in HOOKS else ""


def is_hook_body(scope: Scope) -> bool:
    """Whether a request is a POST to a hook."""
    return scope["type"] == "http" and scope["method"] == "POST" and bool(_hook(scope["path"]))


async def _read(receive: Receive, length: str) -> bytes:
    """The whole body. Raises ClientDisconnected; RequestEntityTooLarge, unread where `length` says so."""
    if length.isdecimal() and int(length) > MAX_BODY:
        raise RequestEntityTooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ClientDisconnected
        part = event.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise RequestEntityTooLarge
        parts.append(part)
        if not event.get("more_body"):
            return b"".join(parts)


def _count_too_large(hook: str, headers: Mapping[str, str]) -> None:
    """Log and count a body that was too large to read, for an alarm: its messages may be lost."""
    log.error("hook_too_large", hook=hook, size=headers.get("content-length"))
    if not any("signature" in name for name in headers):
        return  # not from a platform
    try:
        with transaction() as session:
            ingest.count_refused(session, hook, "size")
    except SQLAlchemyError as error:
        log.error("rejection_not_counted", hook=hook, error=type(error).__name__)


def _reject(hook: str) -> Response:
    _count_rejected(hook)
    return Response("", status=403, content_type="text/plain")


def _count_rejected(hook: str) -> None:
    log.warning("hook_rejected", hook=hook)
    try:
        with transaction() as session:
            ingest.count_rejected(session, hook)
    except SQLAlchemyError as error:
        log.error("rejection_not_counted", hook=hook, error=type(error).__name__)
