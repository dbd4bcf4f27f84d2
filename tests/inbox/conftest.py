"""A small city and its citizens, for tests of the core."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from inbox import city as profiles
from inbox import ingest, tracking
from inbox.db import transaction
from inbox.models import Category, Channel, Message, Neighbourhood, Reason, ReplyText, Unit, User
from inbox.states import Role
from inbox.values import Author, AuthorKey, Fact, MessageKind, MessageSeen, Sent
from tests.support.steps import claim, end, only

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def city(database: None) -> SimpleNamespace:
    """Two units, one outside body, two X accounts, a Facebook page, a WhatsApp line and a moderator."""
    with transaction() as session:
        roads = Unit(key="fen-isleri", name_tr="Fen İşleri Müdürlüğü", name_en="Public Works", name_ar="-")
        parks = Unit(key="park-bahceler", name_tr="Park ve Bahçeler Müdürlüğü", name_en="Parks", name_ar="-")
        water = Unit(key="iski", name_tr="İSKİ", name_en="Water", name_ar="-", is_outside=True, hotline="185")
        session.add_all([roads, parks, water])
        session.flush()
        session.add_all(
            [
                Category(key="yol", name_tr="Yol", name_en="Roads", name_ar="-", unit_id=roads.id, stems=[]),
                Neighbourhood(key="zafer", name_tr="Zafer", name_en="Zafer", name_ar="-", aliases=[]),
                Reason(use="dismiss", key="praise", name_tr="Teşekkür", name_en="Praise", name_ar="-"),
            ]
        )
        for key, platform, external_id, voice in (
            ("x-belediye", "x", "1", "municipality"),
            ("x-baskan", "x", "2", "mayor"),
            ("fb-belediye", "facebook", "3", "municipality"),
            ("wa", "whatsapp", "4", "municipality"),
        ):
            session.add(Channel(key=key, platform=platform, external_id=external_id, name=key, voice=voice))
        for kind, outcome, words in (
            ("acknowledgement", None, "{salutation} talebiniz {number} numarasıyla alındı."),
            ("answer", "positive", "{salutation} {text}"),
            ("answer", "negative", "{salutation} {text}"),
            ("answer", "outside", "{salutation} {text}"),
            ("interim", "planned", "{salutation} {day} için planlandı. {text}"),
            ("rating", None, "Yanıtımız yardımcı oldu mu? 1-5 yazın."),
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
        clerk = User(
            email="moderator@example.org",
            name="Deniz Moderatör",
            password_hash="-",
            role=Role.MODERATOR,
            session_key="-",
            created_at=START,
        )
        session.add(clerk)
        profiles.save_profile(
            session,
            profiles.CityProfile(
                name="Deneme", rating_delay_minutes=0, quiet_from=time(12), quiet_until=time(12)
            ),
        )
    return SimpleNamespace(moderator=clerk, roads=roads, parks=parks, water=water)


@pytest.fixture
def seen() -> Callable[..., MessageSeen]:
    """Builds a sighting; each call is a later message unless told otherwise."""
    numbers = count(1)

    def build(text: str = "Sokağımızda çukur var", **given: Any) -> MessageSeen:
        number = next(numbers)
        sent_at = given.pop("sent_at", START + timedelta(seconds=number))
        who = given.pop("who", "ayse")
        platform = given.get("platform", "x")
        fields: dict[str, Any] = {
            "platform": platform,
            "account": {"x": "1", "facebook": "3", "whatsapp": "4"}[platform],
            "external_id": f"m{number}",
            "kind": MessageKind.CHAT if platform == "whatsapp" else MessageKind.COMMENT,
            "conversation": None if platform == "whatsapp" else "post-1",
            "parent_external_id": None if platform == "whatsapp" else "post-1",
            "author": Author(keys=(AuthorKey(platform, who),), name=f"{who.title()} Yılmaz") if who else None,
            "sent_at": sent_at,
            "observed_at": sent_at,
        }
        return MessageSeen(text=text, **{**fields, **given})

    return build


@pytest.fixture
def arrive(city: SimpleNamespace) -> Callable[..., int]:
    """Stores and applies one raw body that says the given facts."""
    bodies = count(1)

    def apply(*facts: Fact) -> int:
        with transaction() as session:
            event_id = ingest.store_raw_event(session, "hook:test", f"body {next(bodies)}".encode())
            assert event_id is not None
        with transaction() as session:
            assert ingest.claim_raw_events(session, limit=50) == [event_id]
        with transaction() as session:
            ingest.apply_raw_event(session, event_id, lambda _source, _body: facts)
        return event_id

    return apply


@pytest.fixture
def request_number(
    city: SimpleNamespace, seen: Callable[..., MessageSeen], arrive: Callable[..., int]
) -> int:
    """A converted, acknowledged complaint whose acknowledgement went out."""
    arrive(seen("Zafer'de yol bozuk"))
    with transaction() as session:
        request = tracking.convert(
            session,
            only(session, Message),
            unit="fen-isleri",
            category="yol",
            acknowledge=True,
            by=city.moderator,
        )
    end(claim()[0], Sent("ack-1"))
    return request.number


@pytest.fixture
def tx(city: SimpleNamespace) -> Callable[[], Any]:
    """`with tx() as session:` opens a transaction on the city's database."""
    return transaction


__all__ = ["Session"]
