"""One application a process: making one, and each template of it, costs more than most tests do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

import flask
import redis
from flask import Flask
from flask.testing import FlaskClient

from inbox.models import User
from web import create_app
from web.kit import access
from web.kit.security import limiter

_shared = cache(create_app)


@contextmanager
def shared_app() -> Iterator[Flask]:
    """The application of this process. What a test writes into its configuration ends with the block.

    A test that adds a page, or wants other settings of the environment, makes an application of its own.
    """
    app = _shared()
    kept = dict(app.config)
    with suppress(redis.ConnectionError):  # a broker that is away has counted nothing
        limiter.limiter.storage.reset()  # failed logins
    yield app
    app.config.clear()
    app.config.update(kept)


def sign_in(client: FlaskClient, user: User) -> None:
    """Give the client the session that a login would, without its form and its slow password."""
    with client.application.test_request_context():
        access.sign_in(user)
        session = dict(flask.session)
    with client.session_transaction() as carried:
        carried.update(session)
