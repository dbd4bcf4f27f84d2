"""A single reply: approved as it was seen, and rated."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from inbox import db, queries, replies
from inbox.models import Rating
from tests.support.at_the_desk import convert, drafts, respond


def test_a_draft_changed_meanwhile_is_refused_and_both_texts_are_shown(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Çukur var"))
    respond(number)
    (draft,) = drafts(number)
    with db.transaction() as session:
        row = queries.reply(session, draft.id)
        replies.approve(session, row, text="Başkasının metni", by="test")
        replies.undo(session, row, by="test")

    answer = moderator.post(
        f"/replies/{draft.id}/approve",
        text="Benim metnim",
        version=draft.version,
        reply=draft.id,
        group=draft.message_id,
    )

    assert answer.status_code == 409
    assert "Benim metnim" in answer.text
    assert "Başkasının metni" in answer.text


def test_words_under_an_answer_are_kept_as_its_rating_by_one_press(moderator: Any, citizens: Any) -> None:
    number = convert(citizens.say("Çukur var"))
    respond(number)
    (draft,) = drafts(number)
    with db.transaction() as session:
        row = queries.reply(session, draft.id)
        replies.approve(session, row, by="test")
        replies.settle(session, row, sent=True, by="test")

    moderator.post(f"/replies/{draft.id}/rate", stars=2, number=number)

    with db.transaction() as session:
        assert session.scalars(select(Rating.stars)).one() == 2
