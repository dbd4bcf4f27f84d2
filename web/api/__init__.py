"""The JSON API of the municipality's own systems: `/api/v1`, described by `/api/v1/openapi.json`.

`register(app)` adds it to the application. It relies on `kit.access`, which checks token and permission
before every view, and on `kit.errors`, which turns the core's refusals into problem documents.
"""

from __future__ import annotations

from flask_openapi3.openapi import OpenAPI

from web.api import document, events, lists, messages, problems, replies, requests
from web.api.blueprint import api
from web.kit.security import csrf

__all__ = ["document", "events", "lists", "messages", "register", "replies", "requests"]


def register(app: OpenAPI) -> None:
    """Serve the API from `app`, without CSRF checks: it accepts bearer tokens alone, never cookies."""
    document.describe(app)
    # flask-openapi3 takes the callback for pydantic's errors from the application, not from the blueprint.
    app.validation_error_callback = problems.refuse
    csrf.exempt(api)
    app.register_api(api)
