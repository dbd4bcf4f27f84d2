"""A conflict names who was faster, and when; a text with personal data names what was found."""

from __future__ import annotations

import pytest
from flask import Flask

from inbox import db, history, replies, tracking
from inbox.desk import triage
from inbox.models import Message, User
from inbox.people.users import by_email
from tests.support.turkish import read
from tests.web.conftest import Browser, Citizens
from web.kit.formats import istanbul_short


@pytest.fixture
def supervisor_user(citizens: Citizens) -> User:
    """Somebody who works at another desk at the same time."""
    with db.transaction() as session:
        found = by_email(session, "supervisor@city.test")
        assert found is not None
        return found


def test_who_was_faster_and_when_is_named(
    app: Flask, moderator: Browser, citizens: Citizens, supervisor_user: User
) -> None:
    message_id = citizens.say("Çukur var")
    with db.transaction() as session:
        message = session.get_one(Message, message_id)
        triage.dismiss(session, message, reason="thanks", by=supervisor_user)

    answer = moderator.post(f"/messages/{message_id}/answer", group=message_id, text="Yoldayız.")

    assert answer.status_code == 409
    with db.transaction() as session:
        last = history.last_change(session, session.get_one(Message, message_id))
    assert last is not None
    with app.test_request_context():
        at = istanbul_short(last.at)
    assert f"Son işlemi Bir supervisor yaptı ({at}): Mesaj kapatıldı." in read(answer)


def test_a_draft_that_somebody_edited_meanwhile_names_them(
    moderator: Browser, citizens: Citizens, supervisor_user: User
) -> None:
    message_id = citizens.say("Çukur var")
    with db.transaction() as session:
        message = session.get_one(Message, message_id)
        reply = triage.answer(session, message, text="Yoldayız.", by="test", alone=False)
        seen = reply.version
        replies.edit(session, reply, text="Yarın.", by=supervisor_user)

    answer = moderator.post(f"/replies/{reply.id}/approve", group=message_id, version=seen)

    assert answer.status_code == 409
    assert "Son işlemi Bir supervisor yaptı (" in read(answer)
    assert "Yanıtın metni değiştirildi" in read(answer)


def test_a_request_names_its_own_changes_and_not_those_of_its_replies(
    moderator: Browser, citizens: Citizens, supervisor_user: User
) -> None:
    message_id = citizens.say("Çukur var")
    with db.transaction() as session:
        message = session.get_one(Message, message_id)
        tracked = tracking.convert(session, message, unit="roads", category="pothole", by="test")
        tracking.respond(session, tracked, outcome="positive", text="Yapıldı.", by=supervisor_user)
        replies.approve_all(session, tracked, by="test")

    answer = moderator.post(f"/requests/{tracked.number}/reroute", number=tracked.number, unit="parks")

    assert "Son işlemi Bir supervisor yaptı (" in read(answer)
    assert "Birim yanıtladı" in read(answer)


def test_personal_data_is_named_in_turkish(moderator: Browser, citizens: Citizens) -> None:
    message_id = citizens.say("Çukur var")

    answer = moderator.post(
        f"/messages/{message_id}/answer",
        group=message_id,
        text="0532 111 22 33 ya da ayse@example.com",
    )

    told = "telefon numarası (0532 111 22 33), e-posta adresi (ayse@example.com)"
    assert f"Herkese açık bir yanıtta kişisel veri bulunamaz: {told}." in read(answer)
