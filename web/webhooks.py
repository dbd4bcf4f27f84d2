"""Where platforms knock: `/hooks/meta` and `/hooks/x`. The body is kept as it came, then answered.

Nothing is understood here: a body with a good signature is answered 200 whatever is in it, because a platform
that hears anything else sends it again. What cannot be kept is answered 503, so that it is sent again. No
session, no CSRF check, no rate limit: a body is taken before Flask sees it, which took most of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Response, request
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from connectors import HOOKS
from inbox import receive
from inbox.arrivals import Arrivals
from inbox.db import transaction
from inbox.settings import settings
from web.access import public
from web.security import safety_headers
from worker.tasks import nudge

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()

MAX_BODY = 8 * 1024 * 1024
"""Meta puts up to a thousand changes into one body: of some kilobytes each, as the longest texts are."""

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")


def _secrets(hook: str) -> list[str]:
    configured: dict[str, list[SecretStr]] = {
        "meta": settings().meta_app_secrets,
        "x": settings().x_consumer_secrets,
    }
    return [secret.get_secret_value() for secret in configured[hook]]


@blueprint.get("/<any(meta, x):hook>")
@public
def challenge(hook: str) -> Response:
    """Prove to the platform that this hook is ours."""
    token = settings().meta_verify_token.get_secret_value()
    proof = HOOKS[hook].answer_challenge(_secrets(hook), token, request.args.to_dict())
    if proof is None:
        return _reject(hook)
    text, content_type = proof
    return Response(text, content_type=content_type)


class Door:
    """Takes the bodies of hooks; lets everything else through to `inner`."""

    def __init__(self, inner: WSGIApplication) -> None:
        self._inner = inner
        self._arrivals = Arrivals()
        self._headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", "0"),
            *safety_headers().items(),
            ("Cache-Control", "no-store"),
        ]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        hook = _KNOCKS.get(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if hook is None:
            return self._inner(environ, start_response)
        status = self._take(hook, environ)
        start_response(f"{status.value} {status.phrase}", list(self._headers))
        return [b""]

    def _take(self, hook: str, environ: WSGIEnvironment) -> HTTPStatus:
        """Keep a signed body, wake whoever reads it, and say so."""
        structlog.contextvars.clear_contextvars()
        headers = {
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        try:
            body = get_input_stream(environ, max_content_length=MAX_BODY).read()
        except RequestEntityTooLarge:
            _count_too_large(hook, headers, environ.get("CONTENT_LENGTH"))
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        except ClientDisconnected:
            return HTTPStatus.BAD_REQUEST
        if not HOOKS[hook].is_genuine(_secrets(hook), headers, body):
            _count_rejected(hook)
            return HTTPStatus.FORBIDDEN
        try:
            brought_news = self._arrivals.store(f"hook:{hook}", body)
        except SQLAlchemyError as error:
            log.error("hook_not_stored", hook=hook, size=len(body), error=type(error).__name__)
            return HTTPStatus.SERVICE_UNAVAILABLE
        if brought_news:
            nudge("ingest")
        return HTTPStatus.OK


_KNOCKS = {f"{blueprint.url_prefix}/{hook}": hook for hook in HOOKS}


def _count_too_large(hook: str, headers: Mapping[str, str], size: str | None) -> None:
    """A body that claims to be signed and is not read: what it told is lost unless somebody looks."""
    log.error("hook_too_large", hook=hook, size=size)
    if not any("signature" in name for name in headers):
        return  # some stranger's
    try:
        with transaction() as session:
            receive.count_refused(session, hook, "size")
    except SQLAlchemyError as error:
        log.error("rejection_not_counted", hook=hook, error=type(error).__name__)


def _reject(hook: str) -> Response:
    _count_rejected(hook)
    return Response("", status=403, content_type="text/plain")


def _count_rejected(hook: str) -> None:
    log.warning("hook_rejected", hook=hook)
    try:
        with transaction() as session:
            receive.count_rejected(session, hook)
    except SQLAlchemyError as error:
        log.error("rejection_not_counted", hook=hook, error=type(error).__name__)
