"""The baseline for intake: an application that does the minimum for a hook."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import psycopg

from sandbox.hooks import x_signature

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TABLE = "CREATE TABLE IF NOT EXISTS bench_floor (id bigserial PRIMARY KEY, body bytea NOT NULL)"
_own = threading.local()


def insert_app() -> WSGIApplication:
    """A WSGI app that checks the signature, stores one row and answers 200. Each thread has a connection."""
    url, secret = os.environ["DATABASE_URL"], os.environ["BENCH_META_SECRET"].encode()
    x_secret = os.environ["BENCH_X_SECRET"]

    def connection() -> psycopg.Connection[Any]:
        held: psycopg.Connection[Any] | None = getattr(_own, "connection", None)
        if held is None:
            held = _own.connection = psycopg.connect(url, autocommit=True)
        return held

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        if environ["PATH_INFO"] == "/hooks/x":
            given, signed = environ["HTTP_X_TWITTER_WEBHOOKS_SIGNATURE"], x_signature(x_secret, body)
        else:
            given = environ["HTTP_X_HUB_SIGNATURE_256"]
            signed = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(given, signed):
            start_response("403 Forbidden", [("Content-Length", "0")])
            return [b""]
        connection().execute("INSERT INTO bench_floor (body) VALUES (%s)", [body])
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return [b""]

    return app
