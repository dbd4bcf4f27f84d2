"""The OpenAPI 3.1 document, generated from the models that the API parses and answers with."""

from __future__ import annotations

from typing import cast

from flask import Response, current_app, jsonify
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from web.api.blueprint import api
from web.api.shapes import Problem
from web.kit.access import public

_ABOUT = """\
Citizens' messages to the municipality, the requests they become, and the replies.

Times are RFC 3339 with offset. Lists come newest first: `limit` up to 200, `after` is the `next` of the
previous page. Refusals are `application/problem+json`. Every POST takes an `Idempotency-Key`: calls with the
same key have one effect and the same answer. The same key with another body is refused. A refused call is not
remembered."""


def describe(app: OpenAPI) -> None:
    """Set title, description and security scheme of the document."""
    app.info = Info(title="Çözüm", version="1", description=_ABOUT)
    app.security_schemes = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "An API token of a user."}
    }
    app.validation_error_model = Problem


@api.get("/openapi.json", doc_ui=False)
@public
def openapi() -> Response:
    """This document."""
    return jsonify(cast(OpenAPI, current_app).api_doc)
