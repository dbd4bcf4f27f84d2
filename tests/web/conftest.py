"""A small town hall with one user of each role, and browsers that behave like browsers."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inbox import db, people
from inbox.models import Unit
from inbox.states import Role
from web import catalogue, create_app

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session", autouse=True)
def compiled_translations() -> None:
    """The catalogues in the form the application reads, made from those in the tree."""
    catalogue.compile_all()


@dataclass
class Browser:
    """One browser: keeps cookies, and sends the token that the page it stands on carries."""

    client: FlaskClient
    page: str = "/login"

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open `path`."""
        return self.client.get(path, headers=headers)

    def post(self, path: str, **fields: object) -> TestResponse:
        """Send a form to `path`, with the token of the page it was on."""
        return self.client.post(path, data={"csrf_token": self.token(), **fields})

    def token(self) -> str:
        """The token in the page the browser stands on."""
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.client.get(self.page).text)
        assert found is not None
        return found[1]

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        """Send the login form."""
        answer = self.post("/login", email=email, password=password)
        if answer.status_code == 303:
            self.page = "/account"
        return answer


@pytest.fixture
def app(database: None) -> Flask:
    """The application on an empty database."""
    return create_app()


@pytest.fixture
def browser(app: Flask) -> Browser:
    """Somebody who has not signed in."""
    return Browser(app.test_client())


@pytest.fixture
def town(database: None) -> None:
    """Two units, and a user of each role: moderator@city.test, officer@… (of `roads`), and so on."""
    with db.transaction() as session:
        for key, name, outside in (
            ("roads", "Fen İşleri", False),
            ("parks", "Park ve Bahçeler", False),
            ("iski", "İSKİ", True),
        ):
            session.add(Unit(key=key, name_tr=name, name_en=name, name_ar=name, is_outside=outside))
        session.flush()
        for role in Role:
            people.add_user(
                session,
                email=f"{role.value}@city.test",
                name=f"Bir {role.value}",
                role=role,
                unit="roads" if role is Role.UNIT_OFFICER else None,
                password=PASSWORD,
                by="test",
            )


def signed_in(app: Flask, role: Role) -> Browser:
    """A browser in which the town's user of this role is signed in."""
    opened = Browser(app.test_client())
    assert opened.sign_in(f"{role.value}@city.test").status_code == 303
    return opened


@pytest.fixture
def administrator(app: Flask, town: None) -> Browser:
    """The administrator's browser."""
    return signed_in(app, Role.ADMINISTRATOR)


@pytest.fixture
def supervisor(app: Flask, town: None) -> Browser:
    """The supervisor's browser."""
    return signed_in(app, Role.SUPERVISOR)


@pytest.fixture
def moderator(app: Flask, town: None) -> Browser:
    """The moderator's browser."""
    return signed_in(app, Role.MODERATOR)


@pytest.fixture
def officer(app: Flask, town: None) -> Browser:
    """The browser of the officer of `roads`."""
    return signed_in(app, Role.UNIT_OFFICER)
