"""A small town hall with one user of each role, and browsers that behave like browsers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from inbox import city, db, ingest
from inbox.clock import now
from inbox.models import Category, Channel, Message, Neighbourhood, Reason, ReplyText, Unit, User
from inbox.states import Role
from inbox.values import Author, AuthorKey, Fact, MessageKind, MessageSeen
from tests import translations
from tests.support import people
from tests.support.application import shared_app, sign_in
from tests.support.front import Client, knocking
from tests.support.people import PASSWORD
from tests.support.waiting import until
from web import create_app
from web.serving import lifecycle


@pytest.fixture(scope="session", autouse=True)
def compiled_translations() -> None:
    """The catalogues in the form the application reads, made from those in the tree."""
    translations.compile_all()


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

    def cookie(self) -> str:
        """What it says of who it is: the header that carries its session."""
        held = self.client.get_cookie("cozum_session")
        return f"cozum_session={held.value}" if held is not None else ""

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        """Send the login form."""
        answer = self.post("/login", email=email, password=password)
        if answer.status_code == 303:
            self.page = "/account"
        return answer


@pytest.fixture
def app(database: None) -> Iterator[Flask]:
    """The application on an empty database."""
    with shared_app() as app:
        yield app


@pytest.fixture
def fresh_app(database: None) -> Flask:
    """An application of the test's own, for those that change it."""
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
        roads = session.scalars(select(Unit.id).where(Unit.key == "roads")).one()
        for role in Role:
            people.someone(
                session,
                f"{role.value}@city.test",
                role,
                name=f"Bir {role.value}",
                unit_id=roads if role is Role.UNIT_OFFICER else None,
            )


def signed_in(app: Flask, role: Role) -> Browser:
    """A browser in which the town's user of this role is signed in."""
    opened = Browser(app.test_client(), page="/account")
    with db.transaction() as session:
        user = session.scalars(select(User).where(User.email == f"{role.value}@city.test")).one()
    sign_in(opened.client, user)
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


@pytest.fixture
def served_streams(database: None) -> Iterator[Client]:
    """A client of the whole application; its streams end with the test."""
    with knocking() as client:
        yield client
        hub = client.front.streams.hub
        lifecycle.stop()
        lifecycle._stopping.clear()
        until(lambda: not hub.listeners and hub._reading is None)


# --- what citizens write ----------------------------------------------------------------------------


@dataclass
class Citizens:
    """Speaks for citizens on a Facebook page, two X accounts and a WhatsApp line, by the core's own path."""

    said: int = 0

    def say(
        self,
        text: str,
        *,
        who: str = "Ayşe Yılmaz",
        platform: str = "facebook",
        account: str | None = None,
        external_id: str | None = None,
        minutes_ago: float = 1,
    ) -> int:
        """A citizen writes; answers the id of the message."""
        self.said += 1
        key = external_id or f"said-{self.said}"
        at = now() - timedelta(minutes=minutes_ago)
        self.apply(
            MessageSeen(
                platform=platform,
                account=account or ACCOUNTS[platform],
                external_id=key,
                kind=MessageKind.CHAT if platform == "whatsapp" else MessageKind.COMMENT,
                text=text,
                sent_at=at,
                observed_at=at,
                author=Author(keys=(AuthorKey(platform, who),), name=who),
                conversation=None if platform == "whatsapp" else "a-post",
                parent_external_id=None if platform == "whatsapp" else "a-post",
            )
        )
        with db.transaction() as session:
            return session.scalars(select(Message.id).where(Message.external_id == key)).one()

    def apply(self, *facts: Fact) -> None:
        """What a platform told us arrives."""
        self.said += 1
        with db.transaction() as session:
            ingest.store_raw_event(session, "hook:test", f"body {self.said}".encode())
        with db.transaction() as session:
            claimed = ingest.claim_raw_events(session, limit=10)
        for event_id in claimed:
            with db.transaction() as session:
                ingest.apply_raw_event(session, event_id, lambda _source, _body: facts)


ACCOUNTS = {"facebook": "100200300401", "x": "1500000001", "whatsapp": "105500000000001"}


@pytest.fixture
def citizens(town: None) -> Citizens:
    """A town whose desk can work: channels, a category, a neighbourhood, reasons and texts."""
    with db.transaction() as session:
        roads = session.scalars(select(Unit).where(Unit.key == "roads")).one()
        session.add_all(
            Channel(key=key, platform=platform, external_id=external_id, name=name)
            for key, platform, external_id, name in (
                ("facebook-belediye", "facebook", ACCOUNTS["facebook"], "Belediye"),
                ("x-belediye", "x", ACCOUNTS["x"], "Belediye"),
                ("x-baskan", "x", "1500000002", "Başkan"),
                ("whatsapp-cozum", "whatsapp", ACCOUNTS["whatsapp"], "Çözüm Merkezi"),
            )
        )
        session.add_all(
            [
                Category(key="pothole", name_tr="Çukur", name_en="Pothole", name_ar="-", unit_id=roads.id),
                Neighbourhood(key="zafer", name_tr="Zafer", name_en="Zafer", name_ar="-"),
                Reason(use="dismiss", key="thanks", name_tr="Teşekkür", name_en="Thanks", name_ar="-"),
            ]
        )
        for kind, outcome, words in (
            ("acknowledgement", None, "{salutation} {number} numarasıyla alındı."),
            ("answer", "positive", "{salutation} {text}"),
            ("answer", "negative", "{salutation} {text}"),
            ("interim", "planned", "{salutation} {day} için planlandı. {text}"),
        ):
            session.add(
                ReplyText(
                    key=f"{kind}-{outcome}",
                    kind=kind,
                    outcome=outcome,
                    language="tr",
                    scope="any",
                    voice="any",
                    variants=[words],
                )
            )
        city.save_profile(
            session,
            city.CityProfile(
                name="Deneme", rating_delay_minutes=0, quiet_from=time(12), quiet_until=time(12)
            ),
        )
    return Citizens()
