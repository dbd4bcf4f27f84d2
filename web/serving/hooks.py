"""Where platforms knock: `/hooks/<family>`. The body is kept as it came, then answered.

Nothing is understood here: a body with a good signature is answered 200 whatever is in it, because a platform
that hears anything else sends it again. What cannot be kept is answered 503, so that it is sent again. No
session, no CSRF check, no rate limit: bodies never come to Flask, which took most of the time.
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
"""Some platforms put a thousand changes into one body: of some kilobytes each, as the longest texts are."""

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")


_NONE = FamilySecrets()


def _secrets(hook: str) -> list[str]:
    configured = settings().hook_secrets.get(hook, _NONE)
    return [secret.get_secret_value() for secret in configured.secrets]


@public
def challenge(hook: str) -> Response:
    """Prove to the platform that this hook is ours."""
    token = settings().hook_secrets.get(hook, _NONE).verify_token.get_secret_value()
    proof = HOOKS[hook].answer_challenge(_secrets(hook), token, request.args.to_dict())
    if proof is None:
        return _reject(hook)
    text, content_type = proof
    return Response(text, content_type=content_type)


@blueprint.record
def _challenges(state: BlueprintSetupState) -> None:
    """One path for the families there are when the application is made; any other is not found."""
    state.add_url_rule(f"/<any({', '.join(HOOKS)}):hook>", "challenge", challenge)


class Hooks:
    """Takes the bodies of hooks, in the event loop: none holds a thread while it is read or stored."""

    def __init__(self) -> None:
        self._arrivals = Arrivals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request that `knocks`."""
        status = await self._take(_hook(scope["path"]), scope, receive)
        await send({"type": "http.response.start", "status": status, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": b""})

    async def close(self) -> None:
        """Hang up at the database."""
        await self._arrivals.close()

    async def _take(self, hook: str, scope: Scope, receive: Receive) -> HTTPStatus:
        """Keep a signed body, wake whoever reads it, and say so."""
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
            brought_news = await self._arrivals.store(f"hook:{hook}", body)
        except psycopg.Error as error:
            log.error("hook_not_stored", hook=hook, size=len(body), error=type(error).__name__)
            return HTTPStatus.SERVICE_UNAVAILABLE
        if brought_news:
            nudge("ingest")
        return HTTPStatus.OK


# A platform is no browser: what tells browsers about safety would be a tenth of a hook's time.
_HEADERS = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"0")]

_PATH = f"{blueprint.url_prefix}/"


def _hook(path: str) -> str:
    """The family that knocks at `path`; "" when none does."""
    hook = path.removeprefix(_PATH)
    return hook if hook != path and hook in HOOKS else ""


def knocks(scope: Scope) -> bool:
    """Whether a request is the body of a hook."""
    return scope["type"] == "http" and scope["method"] == "POST" and bool(_hook(scope["path"]))


async def _read(receive: Receive, length: str) -> bytes:
    """A whole body. Raises RequestEntityTooLarge, unread when its length says so, and ClientDisconnected."""
    if length.isdecimal() and int(length) > MAX_BODY:
        raise RequestEntityTooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        told = await receive()
        if told["type"] == "http.disconnect":
            raise ClientDisconnected
        part = told.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise RequestEntityTooLarge
        parts.append(part)
        if not told.get("more_body"):
            return b"".join(parts)


def _count_too_large(hook: str, headers: Mapping[str, str]) -> None:
    """A body that claims to be signed and is not read: what it told is lost unless somebody looks."""
    log.error("hook_too_large", hook=hook, size=headers.get("content-length"))
    if not any("signature" in name for name in headers):
        return  # some stranger's
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
