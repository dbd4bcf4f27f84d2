"""A small city with a citizen's words in it, and callers of the API for each role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inbox import db, people
from inbox.ingest import facts
from inbox.models import Category, Channel, Message, Neighbourhood, RawEvent, Reason, ReplyText, Unit
from inbox.states import RawEventState, Role
from inbox.values import Author, AuthorKey, MessageKind, MessageSeen
from tests.support.people import someone

API = "/api/v1"
_SERIAL = count(1)
_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Caller:
    """A program with a token."""

    client: FlaskClient
    token: str | None
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> TestResponse:
        """GET `path` below the API's prefix."""
        return self.client.get(API + path, query_string=query, headers=self._headers())

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> TestResponse:
        """POST `body` as JSON, with an Idempotency-Key if one is given."""
        headers = self._headers()
        if key is not None:
            headers["Idempotency-Key"] = key
        if body is None:
            return self.client.post(API + path, headers=headers)
        return self.client.post(API + path, json=body, headers=headers)

    def send(self, path: str, raw: bytes, content_type: str = "application/json") -> TestResponse:
        """POST these bytes as they are."""
        return self.client.post(API + path, data=raw, content_type=content_type, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


@dataclass
class Small:
    """The city's keys, and callers by what they may."""

    app: Flask
    chief: Caller  # a supervisor's token that may approve alone
    moderator: Caller
    officer: Caller  # of the unit "roads"
    stranger: Caller  # no token at all


@pytest.fixture
def small(app: Flask) -> Small:
    """Two units of ours and one outside, two channels, the texts of the library, a user for each role."""
    with db.transaction() as session:
        for key, name, outside in (
            ("roads", "Fen İşleri", False),
            ("cleaning", "Temizlik İşleri", False),
            ("iski", "İSKİ", True),
        ):
            session.add(
                Unit(
                    key=key,
                    name_tr=name,
                    name_en=key,
                    name_ar=key,
                    is_outside=outside,
                    hotline=None,
                    is_active=True,
                )
            )
        session.flush()
        session.add(
            Category(
                key="pothole", name_tr="Çukur", name_en="Pothole", name_ar="حفرة", stems=[], is_active=True
            )
        )
        session.add(
            Neighbourhood(
                key="yenikent",
                name_tr="Yenikent",
                name_en="Yenikent",
                name_ar="ينيكنت",
                aliases=[],
                is_active=True,
            )
        )
        for use, key, name in (
            ("dismiss", "spam", "Reklam"),
            ("dismiss", "praise", "Teşekkür"),
            ("return", "not-ours", "Görev alanımız değil"),
            ("reopen", "again", "Sorun sürüyor"),
        ):
            session.add(Reason(use=use, key=key, name_tr=name, name_en=key, name_ar=key, is_active=True))
        for key, platform, external in (
            ("facebook-belediye", "facebook", "100200300401"),
            ("x-belediye", "x", "1500000001"),
            ("whatsapp-cozum", "whatsapp", "105500000000001"),
        ):
            session.add(
                Channel(
                    key=key,
                    platform=platform,
                    external_id=external,
                    name=key,
                    voice="municipality",
                    is_active=True,
                )
            )
        for kind, outcome, text in (
            ("acknowledgement", None, "Talebiniz {number} numarasıyla alındı."),
            ("answer", "positive", "{text}"),
            ("answer", "negative", "{text}"),
            ("answer", "outside", "{text}"),
            ("interim", "planned", "{text}"),
        ):
            session.add(
                ReplyText(
                    key=f"{kind}-{outcome}",
                    kind=kind,
                    outcome=outcome,
                    language="tr",
                    scope="any",
                    voice="any",
                    variants=[text],
                    is_active=True,
                )
            )
        session.flush()
        chief = _caller(session, app, "chief@city.test", Role.SUPERVISOR, alone=True)
        moderator = _caller(session, app, "desk@city.test", Role.MODERATOR)
        officer = _caller(session, app, "roads@city.test", Role.UNIT_OFFICER, unit="roads")
    return Small(app, chief, moderator, officer, Caller(app.test_client(), None))


def _caller(
    session: Any, app: Flask, email: str, role: Role, *, unit: str | None = None, alone: bool = False
) -> Caller:
    unit_id = session.query(Unit.id).filter_by(key=unit).scalar() if unit else None
    user = someone(session, email, role, name=email, unit_id=unit_id)
    token = people.issue_token(session, user, "test", may_approve_alone=alone, by="test")
    return Caller(app.test_client(), token)


Say = Callable[..., int]


@pytest.fixture
def say(small: Small) -> Say:
    """Have a citizen say something; answers the message's id."""

    def said(
        text: str = "Sokağımızda kocaman bir çukur var",
        *,
        channel: str = "facebook-belediye",
        kind: MessageKind = MessageKind.COMMENT,
        author: str | None = None,
    ) -> int:
        serial = next(_SERIAL)
        with db.transaction() as session:
            door = session.query(Channel).filter_by(key=channel).one()
            sent_at = _START + timedelta(hours=serial)
            event = RawEvent(
                source="replay",
                body=None,
                digest=str(serial).encode(),
                received_at=sent_at,
                state=RawEventState.APPLIED,
            )
            session.add(event)
            session.flush()
            fact = MessageSeen(
                platform=door.platform,
                account=door.external_id,
                external_id=f"said-{serial}",
                kind=kind,
                text=text,
                sent_at=sent_at,
                observed_at=sent_at,
                author=Author(
                    keys=(AuthorKey(door.platform, author or f"citizen-{serial}"),), name="Ayşe Yılmaz"
                ),
                conversation=None if kind is MessageKind.CHAT else "post-1",
            )
            facts.message_seen(session, fact, door, event)
            message_id = session.query(Message.id).filter_by(external_id=f"said-{serial}").scalar()
        assert message_id is not None
        return int(message_id)

    return said


Convert = Callable[..., int]


@pytest.fixture
def convert(small: Small, say: Say) -> Convert:
    """Have a citizen say something and open a request for it with the unit "roads"; answers the number."""

    def converted(**body: Any) -> int:
        answer = small.chief.post(
            f"/messages/{say()}/convert", {"unit": "roads", "category": "pothole", **body}
        )
        assert answer.status_code == 200, answer.text
        return int(answer.get_json()["number"])

    return converted
