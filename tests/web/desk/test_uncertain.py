"""Replies that may be public: a person sees both sides and settles them; nothing sends them again."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from inbox import db, people, queries, replies
from inbox.channels import comparison_runs
from inbox.desk import triage
from inbox.failures import Failure
from inbox.models import Message, Reply, User
from inbox.replies import sending
from inbox.states import ReplyState, Role
from inbox.values import CannotTell, MaybeSent, NotThere
from tests.web.conftest import Browser, Citizens, signed_in

ANSWER = "Ekibimiz yola çıktı."


def uncertain(message_id: int) -> int:
    """A reply whose sender never learned how it ended."""
    with db.transaction() as session:
        triage.answer(session, session.get_one(Message, message_id), text=ANSWER, by="test")
    with db.transaction() as session:
        (claimed,) = sending.claim_for_sending(session, limit=1)
    with db.transaction() as session:
        sending.record_outcome(
            session, claimed.id, claimed.version, MaybeSent(Failure.NO_ANSWER, "ReadTimeout")
        )
    return claimed.id


def reply(reply_id: int) -> Reply:
    with db.transaction() as session:
        return queries.reply(session, reply_id)


@pytest.mark.parametrize("platform", ["facebook", "whatsapp"])
def test_both_sides_the_reason_and_the_two_answers_are_on_one_page(
    moderator: Browser, citizens: Citizens, platform: str
) -> None:
    reply_id = uncertain(citizens.say("Sokakta çukur var", platform=platform))

    page = moderator.get(f"/uncertain/{reply_id}").text

    for words in (
        ANSWER,
        "Sokakta çukur var",
        "Platform yanıt vermedi. (ReadTimeout)",
        'value="yes"',
        'value="no"',
    ):
        assert words in page
    assert ANSWER in moderator.get("/uncertain").text
    assert ("/look" in page) == (platform == "facebook"), "no platform call shows a WhatsApp chat"


@pytest.mark.parametrize(("said", "state"), [("yes", ReplyState.SENT), ("no", ReplyState.FAILED)])
def test_a_persons_word_ends_it_and_sends_nothing(
    moderator: Browser, citizens: Citizens, said: str, state: ReplyState
) -> None:
    reply_id = uncertain(citizens.say("Sokakta çukur var"))

    assert moderator.post(f"/replies/{reply_id}/settle", sent=said).status_code == 303

    assert reply(reply_id).state is state
    assert 'value="yes"' not in moderator.get(f"/uncertain/{reply_id}").text


def test_reading_afresh_asks_the_workers_and_calls_no_platform_itself(
    moderator: Browser, citizens: Citizens
) -> None:
    reply_id = uncertain(citizens.say("Sokakta çukur var"))

    assert moderator.post(f"/uncertain/{reply_id}/look").status_code == 303

    with db.transaction() as session:
        assert comparison_runs.runs(session)["facebook-belediye"].due_at is not None
    assert reply(reply_id).state is ReplyState.UNCERTAIN


def test_what_was_said_not_to_be_out_is_written_anew_and_approved_like_any_draft(
    moderator: Browser, citizens: Citizens
) -> None:
    message_id = citizens.say("Sokakta çukur var")
    reply_id = uncertain(message_id)
    moderator.post(f"/replies/{reply_id}/settle", sent="no")
    assert f"/replies/{reply_id}/redraft" in moderator.get(f"/conversations/{message_id}?view=all").text

    moderator.post(f"/replies/{reply_id}/redraft", group=message_id, view="all")
    seen = reply(reply_id)
    moderator.post(f"/replies/{reply_id}/approve", text="Yarın oradayız.", version=seen.version)

    assert seen.state is ReplyState.DRAFT
    assert (reply(reply_id).state, reply(reply_id).text) == (ReplyState.READY, "Yarın oradayız.")


# --- nothing sends it again -------------------------------------------------------------------------

FORM: dict[str, Any] = {
    "text": ANSWER,
    "version": "",
    "reason": "thanks",
    "unit": "roads",
    "category": "pothole",
    "channel": "facebook-belediye",
    "outcome": "positive",
    "kind": "answer",
    "stars": 5,
}


def posts(app: Flask, prefix: str) -> list[Rule]:
    """Every address that takes a POST under `prefix` and is told which row it is about."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.rule.startswith(prefix) and rule.arguments
    ]


def filled(app: Flask, rule: Rule, ids: dict[str, Any]) -> str | None:
    """The address with the ids of our rows; None for one about other things."""
    if not rule.arguments <= set(ids):
        return None
    with app.test_request_context():
        from_map = app.url_map.bind("localhost")
        return str(from_map.build(rule.endpoint, {name: ids[name] for name in rule.arguments}))


def ids_of(message_id: int, reply_id: int) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "reply_id": reply_id,
        "group_id": message_id,
        "id": reply_id,
        "number": 1,
    }


def test_no_address_of_the_screens_sends_an_uncertain_reply_again(app: Flask, citizens: Citizens) -> None:
    message_id = citizens.say("Sokakta çukur var")
    reply_id = uncertain(message_id)
    browser = signed_in(app, Role.ADMINISTRATOR)
    tried = 0
    for rule in posts(app, "/"):
        path = filled(app, rule, ids_of(message_id, reply_id))
        if path is None or path.startswith("/api/") or rule.endpoint == "desk.settle":
            continue
        for version in ("", reply(reply_id).version):
            browser.post(path, **{**FORM, "version": version, "group": message_id})
            assert reply(reply_id).state is ReplyState.UNCERTAIN, path
        tried += 1
    assert tried >= 8, "the addresses were found"


def test_no_call_of_the_api_sends_an_uncertain_reply_again(app: Flask, citizens: Citizens) -> None:
    message_id = citizens.say("Sokakta çukur var")
    reply_id = uncertain(message_id)
    with db.transaction() as session:
        boss = people.by_email(session, "supervisor@city.test")
        assert isinstance(boss, User)
        token = people.issue_token(session, boss, "walk", may_approve_alone=True)
    bearer = {"Authorization": f"Bearer {token if isinstance(token, str) else token[0]}"}
    client, answers = app.test_client(), []
    for rule in posts(app, "/api/"):
        if rule.endpoint.endswith("settle"):
            continue
        for id_ in (message_id, reply_id):
            path = filled(app, rule, {**ids_of(message_id, reply_id), "id": id_})
            if path is None:
                continue
            for body in (FORM | {"version": reply(reply_id).version}, {"text": ANSWER}, {}):
                answers.append(client.post(path, json=body, headers=bearer).status_code)
                assert reply(reply_id).state is ReplyState.UNCERTAIN, path
    assert 409 in answers, "the state refuses what the caller may otherwise do"
    assert 401 not in answers


def test_only_proof_that_it_is_not_there_makes_it_ready(citizens: Citizens) -> None:
    reply_id = uncertain(citizens.say("Sokakta çukur var"))

    with db.transaction() as session:
        for outcome, provable in (
            (CannotTell("looking failed"), True),
            (NotThere(), False),
            (NotThere(), True),
        ):
            sending.record_not_there(session, reply_id, outcome, provable=provable)
            assert queries.reply(session, reply_id).state is ReplyState.UNCERTAIN
        assert sending.claim_for_sending(session, limit=9) == []
        for act in (replies.approve, replies.undo, replies.withdraw):
            with pytest.raises(Exception, match="reply"):
                act(session, queries.reply(session, reply_id), by="test")
        assert queries.reply(session, reply_id).state is ReplyState.UNCERTAIN
