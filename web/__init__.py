"""The screens and the API, as one WSGI application: `create_app()`. `serving.front` adds the hooks."""

from __future__ import annotations

import uuid
from pathlib import Path

import structlog
from flask import Flask, g, request
from flask_openapi3.openapi import OpenAPI

from web import api, desk, settings, sign_in, units
from web.desk import alarm_bar
from web.kit import access, errors, formats, languages, security
from web.kit.page import install as install_page
from web.serving import hooks, live, machines

STATIC = Path(__file__).parent / "static"


def create_app() -> Flask:
    """Build the Flask application. Reads the settings; opens no connection."""
    app = OpenAPI(
        __name__,
        doc_ui=False,
        static_folder=str(STATIC),
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.autoescape = True  # everywhere, whatever a template is called
    app.before_request(_bind_request_id)
    security.install(app)
    languages.install(app)
    access.install(app)
    errors.install(app)
    formats.install(app)
    install_page(app)
    for blueprint in (
        hooks.blueprint,
        machines.blueprint,
        sign_in.blueprint,
        desk.blueprint,
        alarm_bar.blueprint,
        units.blueprint,
        live.blueprint,
        *settings.blueprints,
    ):
        app.register_blueprint(blueprint)
    api.register(app)
    return app


def _bind_request_id() -> None:
    g.request_id = uuid.uuid4().hex[:12]
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id, endpoint=request.endpoint)
