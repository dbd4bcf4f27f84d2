"""Turns errors into responses: an error page for people, a problem document for API calls.

NotFound 404 · UnknownKey and InvalidInput 422 · IllegalMove and MovedMeanwhile 409 · NotAllowed 403 ·
KeyReused 422 · CursorExpired 410. Any other exception is logged and becomes a 500 without details.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, cast

import structlog
from flask import Flask, Response, g, make_response, render_template, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from inbox import errors
from inbox.refusals import Why
from web.kit import access
from web.kit.refusals import explain

log = structlog.get_logger()

STATUS: dict[type[errors.CoreError], int] = {
    errors.NotFound: 404,
    errors.UnknownKey: 422,
    errors.InvalidInput: 422,
    errors.IllegalMove: 409,
    errors.MovedMeanwhile: 409,
    errors.NotAllowed: 403,
    errors.KeyReused: 422,
    errors.CursorExpired: 410,
}


def status_of(error: errors.CoreError) -> int:
    """The HTTP status for `error`, by its class or the nearest base class in STATUS."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


TITLES: dict[int, LazyString] = {
    400: _l("This could not be read"),
    401: _l("Please sign in"),
    403: _l("You may not do this"),
    404: _l("There is no such page"),
    405: _l("This address does not take that"),
    409: _l("Somebody was faster"),
    410: _l("This is gone"),
    413: _l("This is too large"),
    415: _l("This kind of file is not taken"),
    422: _l("This cannot be taken as it is"),
    429: _l("Too many attempts"),
    500: _l("Something went wrong on our side"),
    503: _l("The service is not available right now"),
}

ADVICE: dict[int, LazyString] = {
    400: _l("The form may have been open for too long. Go back, reload the page and try again."),
    401: _l("Sign in and try again."),
    403: _l("Your role does not allow it. Ask your administrator if it should."),
    404: _l("It may have been moved or removed. Check the address, or start from the first page."),
    405: _l("Go back to the page you came from."),
    409: _l("It was changed while you were looking at it. Reload the page to see how it stands."),
    410: _l("Reload the page."),
    413: _l("Send something smaller."),
    415: _l("Send another kind of file."),
    422: _l("Go back and correct it."),
    429: _l("Wait a few minutes and try again."),
    500: _l("It was written down and will be looked at. Try again in a moment."),
    503: _l("Wait a moment and reload the page."),
}


def problem(status: int, detail: str, **members: Any) -> Response:
    """A problem document (RFC 9457) with `members` beside the standard ones."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **members,
    }
    return Response(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json"
    )


def page(status: int, why: str = "") -> Response:
    """An error page, or for htmx a one-line notice. `why` is the refusal of the core, if any."""
    known = status if status in TITLES else (500 if status >= 500 else 400)
    if request.headers.get("HX-Request"):
        template = "errors/_notice.html"
    else:
        # The base template itself may be what failed, so this page does not extend it.
        template = "errors/page.html" if status < 500 else "errors/alone.html"
    html = render_template(template, status=status, title=TITLES[known], why=why, advice=ADVICE[known])
    return make_response(html, status)


def _core_error(error: errors.CoreError) -> Response:
    status = status_of(error)
    if isinstance(error, errors.IllegalMove):
        log.error("illegal_move", what=error.what, key=error.key, state=error.from_, to=error.to)
    if not access.is_api():
        return page(status, explain(error))
    detail, members = str(error), dict[str, Any]()
    match error:
        case errors.InvalidInput(why=Why.TOO_LONG, values=values):
            template = "has {length} characters as {where} counts them; at most {max_length} are taken"
            too_long = template.format_map(values)
            detail = f"{error.field} {too_long}."
            members = {
                "errors": [{"field": error.field, "problem": too_long}],
                "field": error.field,
                "why": error.why.value,
                "length": values["length"],
                "max_length": values["max_length"],
            }
        case errors.UnknownKey():
            members = {"what": error.what, "key": str(error.key), "existing": error.existing}
        case errors.InvalidInput():
            members = {"field": error.field, "why": error.why.value}
        case errors.IllegalMove():
            members = {"state": error.from_, **_last(error.last)}
        case errors.MovedMeanwhile():
            members = {"state": error.now, **_last(error.last)}
    return problem(status, detail, **members)


def _last(change: errors.LastChange | None) -> dict[str, str]:
    """The members `by` and `at`: who made the last change and when; empty where that is not known."""
    return {"by": change.by, "at": change.at.isoformat()} if change else {}


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return cast(Response, error.get_response())  # a redirect, which the router raises
    if access.is_api():
        answer = problem(error.code, error.description or HTTPStatus(error.code).phrase)
    else:
        answer = page(error.code)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    if error.code == 401 and access.is_api():
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _csrf_error(error: CSRFError) -> Response:
    log.warning("csrf_refused", endpoint=request.endpoint)
    return _http_error(error)


def _database_away(error: Exception) -> Response:
    log.error("database_away", endpoint=request.endpoint, error=type(error).__name__)
    g.person = None  # the error page must not query the database for the user
    return problem(503, "The database does not answer.") if access.is_api() else page(503)


def _unexpected(error: Exception) -> Response:
    log.error("unforeseen_error", endpoint=request.endpoint, error=type(error).__name__, exc_info=error)
    g.person = None
    return problem(500, "Something went wrong here; it was written down.") if access.is_api() else page(500)


def install(app: Flask) -> None:
    """Register the handlers for every error of `app`."""
    for kind in STATUS:
        app.register_error_handler(kind, _core_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    for away in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(away, _database_away)
    app.register_error_handler(Exception, _unexpected)
