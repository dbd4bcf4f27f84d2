"""The JSON API of the municipality's own systems: `/api/v1`, described by `/api/v1/openapi.json`.

`register(app)` hangs it into the application. It relies on what `kit.access` and `kit.errors` do for every
view: the guard has asked who calls and whether they may, and refusals of the core become problem documents.
"""

from __future__ import annotations

from flask_openapi3.openapi import OpenAPI

from web.api import document, events, lists, messages, problems, replies, requests
from web.api.blueprint import api
from web.kit.security import csrf

__all__ = ["document", "events", "lists", "messages", "register", "replies", "requests"]


def register(app: OpenAPI) -> None:
    """Serve the API from `app`. A bearer token is its only proof, so a forged form can do nothing here."""
    document.describe(app)
    # flask-openapi3 asks the application, not the blueprint, what to do with what pydantic found.
    app.validation_error_callback = problems.refuse
    csrf.exempt(api)
    app.register_api(api)
