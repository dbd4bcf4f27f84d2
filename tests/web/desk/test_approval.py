"""All waiting replies of one request are approved at once, each as the approver saw it."""

from __future__ import annotations

import re
from typing import Any

from inbox import db, queries, replies, tracking
from tests.support.at_the_desk import convert, drafts, respond


def test_one_edit_and_one_approval_release_every_draft_that_is_ticked(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Çukur var", who="Emine Kara"))
    for who in ("Burak Yıldız", "Elif Aydın"):
        with db.transaction() as session:
            message = queries.message(session, citizens.say("Aynı çukur", who=who))
            tracking.join(session, queries.request(session, number), message, by="test")
    respond(number)
    kept, *released = drafts(number)
    page = moderator.get(f"/requests/{number}/approve").text
    seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', page))

    answer = moderator.post(
        f"/requests/{number}/approve",
        text="{salutation} onardık.",
        shared="",
        reply=[reply.id for reply in released],
        **seen,
    )

    assert answer.status_code == 303
    assert [reply.id for reply in drafts(number)] == [kept.id]
    with db.transaction() as session:
        texts = [queries.reply(session, reply.id).text for reply in released]
    assert all("onardık" in text and "{salutation}" not in text for text in texts)


def test_drafts_go_out_as_they_stand_when_the_shared_text_is_left_alone(
    moderator: Any, citizens: Any
) -> None:
    number = convert(citizens.say("Çukur var"))
    respond(number)
    (draft,) = drafts(number)
    with db.transaction() as session:
        replies.edit(session, queries.reply(session, draft.id), text="Yalnız ona", by="test")
    page = moderator.get(f"/requests/{number}/approve").text
    seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', page))
    shared = re.search(r'name="shared" value="([^"]*)"', page)[1]  # type: ignore[index]

    moderator.post(f"/requests/{number}/approve", text=shared, shared=shared, reply=draft.id, **seen)

    with db.transaction() as session:
        assert queries.reply(session, draft.id).text == "Yalnız ona"


def test_a_draft_too_long_for_its_platform_is_named_and_holds_the_others_back(
    moderator: Any, citizens: Any
) -> None:
    number = convert(citizens.say("Çukur var", who="Emine Kara"))
    with db.transaction() as session:
        message = queries.message(session, citizens.say("Aynı çukur", who="Elif Aydın"))
        tracking.join(session, queries.request(session, number), message, by="test")
    respond(number)
    fine, too_long = drafts(number)
    with db.transaction() as session:
        replies.edit(session, queries.reply(session, too_long.id), text="uzun " * 2000, by="test")
    page = moderator.get(f"/requests/{number}/approve").text
    seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', page))
    warning = "Metin, platformun aldığından uzun"
    *_, last_card = page.split('class="approve-card"')
    assert page.count(warning) == last_card.count(warning) == 1

    answer = moderator.post(f"/requests/{number}/approve", reply=[fine.id, too_long.id], **seen)

    assert answer.status_code == 422
    assert warning in answer.text
    assert len(drafts(number)) == 2

    assert moderator.post(f"/requests/{number}/approve", reply=[fine.id], **seen).status_code == 303
    assert [reply.id for reply in drafts(number)] == [too_long.id]


def test_one_text_for_all_that_is_too_long_marks_those_it_is_too_long_for(
    moderator: Any, citizens: Any
) -> None:
    number = convert(citizens.say("Çukur var"))
    respond(number)
    (draft,) = drafts(number)
    page = moderator.get(f"/requests/{number}/approve").text
    seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', page))

    answer = moderator.post(
        f"/requests/{number}/approve", text="uzun " * 2000, shared="", reply=draft.id, **seen
    )

    assert answer.status_code == 422
    _, card = answer.text.split('class="approve-card"')
    assert "Metin, platformun aldığından uzun" in card
    assert [reply.text for reply in drafts(number)] == [draft.text]


def test_a_draft_edited_after_the_approver_looked_is_not_released(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Çukur var"))
    respond(number)
    (draft,) = drafts(number)
    page = moderator.get(f"/requests/{number}/approve").text
    seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', page))
    with db.transaction() as session:
        replies.edit(session, queries.reply(session, draft.id), text="Sonradan değişti", by="test")

    answer = moderator.post(f"/requests/{number}/approve", reply=draft.id, **seen)

    assert answer.status_code == 409
    assert [reply.id for reply in drafts(number)] == [draft.id]
