"""Where platforms knock: `/hooks/meta` and `/hooks/x`. The body is kept as it came, then answered.

Nothing is understood here: a body with a good signature is answered 200 whatever is in it, because a platform
that hears anything else sends it again. What cannot be kept is answered 503, so that it is sent again. No
session, no CSRF check, no rate limit.
"""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, abort, request
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import RequestEntityTooLarge

from connectors import HOOKS
from inbox import receive
from inbox.db import transaction
from inbox.settings import settings
from web.access import public
from worker.tasks import nudge

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


@blueprint.post("/<any(meta, x):hook>")
@public
def receive_body(hook: str) -> Response:
    """Keep a signed body, wake whoever reads it, and say so."""
    request.max_content_length = MAX_BODY
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        _count_too_large(hook)
        raise
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not HOOKS[hook].is_genuine(_secrets(hook), headers, body):
        return _reject(hook)
    try:
        with transaction() as session:
            event_id = receive.store_raw_event(session, f"hook:{hook}", body)
    except SQLAlchemyError as error:
        log.error("hook_not_stored", hook=hook, size=len(body), error=type(error).__name__)
        abort(503)
    if event_id is not None:
        nudge("ingest")
    return Response("", status=200, content_type="text/plain")


def _count_too_large(hook: str) -> None:
    """A body that claims to be signed and is not read: what it told is lost unless somebody looks."""
    log.error("hook_too_large", hook=hook, size=request.content_length)
    if not any("signature" in name.lower() for name, _ in request.headers):
        return  # some stranger's
    try:
        with transaction() as session:
            receive.count_refused(session, hook, "size")
    except SQLAlchemyError as error:
        log.error("rejection_not_counted", hook=hook, error=type(error).__name__)


def _reject(hook: str) -> Response:
    log.warning("hook_rejected", hook=hook)
    try:
        with transaction() as session:
            receive.count_rejected(session, hook)
    except SQLAlchemyError as error:
        log.error("rejection_not_counted", hook=hook, error=type(error).__name__)
    return Response("", status=403, content_type="text/plain")
