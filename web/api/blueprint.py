"""The API's blueprint, its checks of bodies and filters, and `effect`, which runs every writing call.

The guard (`kit.access`) has checked token and permission before anything here runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from inbox.db import transaction
from inbox.models import User
from web.api import idempotency, problems
from web.api.bodies import IdempotencyHeader
from web.kit.access import person
from worker.tasks import nudge

PREFIX = "/api/v1"
MAX_BODY = 1024 * 1024
MAX_DEPTH = 20

_REFUSALS = {
    400: "The body is not a JSON object.",
    401: "No valid token came with the call.",
    403: "The token's owner may not do this.",
    404: "What the path names does not exist.",
    409: "Its state (`state`) does not allow this step, or somebody else changed it first.",
    410: "The cursor is older than the feed: start again.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not declared as application/json.",
    422: "A field, key or filter is not valid: `errors` names it, `existing` lists the known keys.",
    500: "An error on our side; nothing was done.",
    503: "The database does not answer; nothing was done.",
}


def refusals(*statuses: int) -> ResponseDict:
    """The responses of the OpenAPI document for these statuses."""
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _REFUSALS[status], "content": problem} for status in statuses}


def reads(answer: type[BaseModel], *also: int) -> ResponseDict:
    """The responses of a reading call; `also`: more statuses than the usual ones."""
    return {200: answer, **refusals(401, 403, 422, 500, 503, *also)}


def writes(answer: type[BaseModel], *also: int) -> ResponseDict:
    """The responses of a call that changes one row; `also`: more statuses than the usual ones."""
    return {200: answer, **refusals(400, 401, 403, 404, 409, 413, 415, 422, 500, 503, *also)}


def _operation_id(name: str, path: str, method: str) -> str:  # noqa: ARG001  called by these names
    """The view's name, which generated clients use as the function's name."""
    return name


api = APIBlueprint(
    "api", __name__, url_prefix=PREFIX, abp_security=[{"bearer": []}], operation_id_callback=_operation_id
)

MESSAGES = Tag(name="messages", description="Citizens' messages and their triage.")
REQUESTS = Tag(name="requests", description="Tracked requests: each has a number, a unit and a deadline.")
REPLIES = Tag(name="replies", description="Replies to citizens and their delivery.")
LISTS = Tag(name="lists", description="The city's closed lists and our channels.")
EVENTS = Tag(name="events", description="The history as a feed.")


@api.before_request
def _read_input() -> None:
    """Refuse a repeated filter and a body that is no JSON object, before pydantic reads the fields."""
    for name in request.args:
        if len(request.args.getlist(name)) > 1:
            raise problems.refused_fields([(problems.printable(name), "is given more than once")])
    if request.method != "POST":
        return
    request.max_content_length = MAX_BODY
    sent = request.get_data(cache=True)
    if not sent:
        return
    if not request.is_json:
        raise UnsupportedMediaType("Send the body as Content-Type: application/json.")
    try:
        parsed = json.loads(sent)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(parsed, dict):
        raise BadRequest("The body must be a JSON object.")
    if _is_deeper_than(MAX_DEPTH, parsed):
        raise BadRequest(f"The body is nested more than {MAX_DEPTH} levels deep.")


def _is_deeper_than(levels: int, value: object) -> bool:
    level: list[object] = [value]
    for _ in range(levels):
        level = [child for parent in level for child in _children(parent)]
    return bool(level)


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


@api.errorhandler(problems.RefusedCall)
def _refused(refused: problems.RefusedCall) -> Response:
    return problems.answer(refused)


def show(answer: BaseModel) -> Response:
    """`answer` as JSON."""
    return Response(_json(answer), mimetype="application/json")


def effect(header: IdempotencyHeader, work: Callable[[Session, User], BaseModel]) -> Response:
    """Run `work` in one transaction, at most once for an Idempotency-Key, then wake the senders."""
    by = person()
    with transaction() as session:
        if header.key is None:
            status, body = 200, _json(work(session, by))
        else:
            digest = idempotency.digest(request.method, request.path, request.get_json(silent=True))
            status, body = idempotency.once(
                session, by, header.key, digest, lambda: (200, _json(work(session, by)))
            )
    nudge("send")
    return Response(body, status, mimetype="application/json")


def _json(answer: BaseModel) -> bytes:
    return answer.model_dump_json(by_alias=True).encode()
