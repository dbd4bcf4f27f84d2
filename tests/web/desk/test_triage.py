"""A moderator triages a message: each act is done once, and a refused one keeps what was typed."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from inbox import db, queries
from inbox.desk import triage
from inbox.models import Reply, TrackedRequest
from inbox.states import MessageState
from tests.support.at_the_desk import HTMX, convert, state_of
from tests.support.waiting import somebody_waits_for_a_lock, until


def test_dismissing_by_a_plain_form_leads_back_to_the_conversation(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Teşekkürler")

    answer = moderator.post(f"/messages/{message_id}/dismiss", reason="thanks", group=message_id)

    assert answer.status_code == 303
    assert answer.location.startswith(f"/conversations/{message_id}")
    assert state_of(message_id) is MessageState.DISMISSED


def test_dismissing_with_htmx_answers_with_the_next_conversation_and_an_undo(
    moderator: Any, citizens: Any
) -> None:
    first, second = citizens.say("Teşekkürler"), citizens.say("Çukur var", who="Kemal Acar")

    answer = moderator.client.post(
        f"/messages/{first}/dismiss",
        data={"csrf_token": moderator.token(), "reason": "thanks", "group": first, "next": second},
        headers=HTMX,
    )

    assert "Çukur var" in answer.text
    assert f'action="/messages/{first}/reopen"' in answer.text
    assert answer.headers["HX-Push-Url"].startswith(f"/conversations/{second}")


def test_a_dismissed_message_is_open_again_after_undo(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Teşekkürler")
    moderator.post(f"/messages/{message_id}/dismiss", reason="thanks", group=message_id)

    moderator.post(f"/messages/{message_id}/reopen", group=message_id)

    assert state_of(message_id) is MessageState.NEW


def test_converting_opens_a_request_and_tells_the_citizen_its_number(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Çukur var")

    moderator.post(
        f"/messages/{message_id}/convert",
        unit="roads",
        category="pothole",
        neighbourhood="zafer",
        acknowledge="yes",
        group=message_id,
    )

    with db.transaction() as session:
        tracked = session.scalars(select(TrackedRequest)).one()
        reply = session.scalars(select(Reply)).one()
    assert str(tracked.number) in reply.text
    assert str(tracked.number) in moderator.get(f"/conversations/{message_id}").text


def test_a_unit_that_does_not_exist_is_named_and_the_note_is_kept(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Çukur var")

    answer = moderator.post(
        f"/messages/{message_id}/convert",
        act="convert",
        unit="nobody",
        category="pothole",
        note="Okul önü",
        group=message_id,
    )

    assert answer.status_code == 422
    assert "nobody" in answer.text
    assert 'value="Okul önü"' in answer.text


def test_one_compose_key_is_one_reply_however_often_it_is_sent(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Nikâh ne zaman?")

    for _ in range(3):
        moderator.post(
            f"/messages/{message_id}/answer", text="Hafta içi.", compose_key="one-click", group=message_id
        )

    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Reply)) == 1


@pytest.mark.parametrize("converted", [False, True])
def test_two_clicks_at_once_are_one_reply_and_both_are_told_so(
    app: Flask, moderator: Any, citizens: Any, converted: bool
) -> None:
    message_id = citizens.say("Nikâh ne zaman?")
    if converted:
        convert(message_id)
    token, start = moderator.token(), Barrier(2)
    cookie = moderator.client.get_cookie("cozum_session")
    assert cookie is not None

    def click(_: int) -> int:
        with app.test_client() as client:
            client.set_cookie(cookie.key, cookie.value)
            form = {"text": "Hafta içi.", "compose_key": "at-once", "group": message_id, "csrf_token": token}
            start.wait()
            return client.post(f"/messages/{message_id}/answer", data=form, headers=HTMX).status_code

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(click, range(2)))

    assert told == [200, 200]
    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Reply)) == 1


def test_two_clicks_are_one_reply_although_the_first_is_not_done_when_the_second_begins(
    moderator: Any, citizens: Any
) -> None:
    message_id = citizens.say("Nikâh ne zaman?")
    form = {"text": "Hafta içi.", "compose_key": "one-click", "group": message_id}

    with ThreadPoolExecutor(1) as pool:
        with db.transaction() as session:
            message = queries.message(session, message_id)
            triage.answer(session, message, text="Hafta içi.", compose_key="one-click", by="test")
            session.flush()
            second = pool.submit(moderator.post, f"/messages/{message_id}/answer", **form)
            until(somebody_waits_for_a_lock)
        assert second.result(10).status_code == 303

    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Reply)) == 1


def test_other_words_under_a_key_that_was_used_are_refused_and_kept(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Nikâh ne zaman?")
    form = {"compose_key": "one-click", "group": message_id, "act": "answer"}
    moderator.post(f"/messages/{message_id}/answer", text="Hafta içi.", **form)

    other = moderator.post(f"/messages/{message_id}/answer", text="Hafta sonu.", **form)

    assert other.status_code == 409
    with db.transaction() as session:
        assert session.scalars(select(Reply.text)).all() == ["Hafta içi."]


def test_each_composer_carries_a_key_of_its_own(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Nikâh ne zaman?")

    keys = {
        re.search(r'name="compose_key" value="(\w+)"', moderator.get(f"/conversations/{message_id}").text)[1]  # type: ignore[index]
        for _ in range(3)
    }

    assert len(keys) == 3


def test_a_question_waits_for_the_citizen(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Yol bozuk")

    moderator.post(f"/messages/{message_id}/answer", text="Hangi sokak?", as_question="yes", group=message_id)

    assert state_of(message_id) is MessageState.WAITING


def test_the_door_that_was_chosen_answers(moderator: Any, citizens: Any) -> None:
    message_id = citizens.say("Kaldırım", platform="x", external_id="both")
    citizens.say("Kaldırım", platform="x", account="1500000002", external_id="both")

    moderator.post(f"/messages/{message_id}/answer", text="Bakıyoruz.", channel="x-baskan", group=message_id)

    with db.transaction() as session:
        reply_id = session.scalars(select(Reply.id)).one()
        assert queries.reply(session, reply_id).channel.key == "x-baskan"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_reply_that_came_too_late_is_refused_and_its_words_are_kept(
    moderator: Any, citizens: Any, headers: dict[str, str]
) -> None:
    message_id = citizens.say("Teşekkürler")
    with db.transaction() as session:
        triage.dismiss(session, queries.message(session, message_id), reason="thanks", by="test")

    answer = moderator.client.post(
        f"/messages/{message_id}/answer",
        data={
            "csrf_token": moderator.token(),
            "act": "answer",
            "text": "Yarım kalan söz",
            "group": message_id,
        },
        headers=headers,
    )

    assert answer.status_code == 409
    assert "Yarım kalan söz" in answer.text
    assert 'id="conversation"' in answer.text
