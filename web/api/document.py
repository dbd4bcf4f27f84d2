"""The OpenAPI 3.1 document, made from the same models that parse and answer."""

from __future__ import annotations

from typing import cast

from flask import Response, current_app, jsonify
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from web.api.blueprint import api
from web.api.shapes import Problem
from web.kit.access import public

_ABOUT = """\
What citizens say to the municipality, the requests it becomes, and what is said back.

Times are RFC 3339 with offset. Lists come newest first: `limit` up to 200, `after` is the `next` of the page
before. Refusals are `application/problem+json`. Every POST takes an `Idempotency-Key`: the same key gives the
same answer and one effect; with another body it is refused; a refused call is not remembered."""


def describe(app: OpenAPI) -> None:
    """Tell `app` what the document says of the API as a whole."""
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
