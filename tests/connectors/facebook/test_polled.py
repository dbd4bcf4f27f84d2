"""Polled pages of a Facebook page as facts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract import Polled
from connectors.facebook.normalise import normalise
from inbox.values import (
    AttachmentSeen,
    AuthorKey,
    Gone,
    MessageGone,
    MessageKind,
    MessageSeen,
    NotUnderstood,
    UnreadablePayload,
)

PAGE = "100200300401"
POST = f"{PAGE}_555"
ASKED = datetime(2026, 1, 2, 12, tzinfo=UTC)
US = {"id": PAGE, "name": "Esenyurt Belediyesi"}
CITIZEN = {"id": "7788", "name": "Ayşe Yılmaz"}


def polled(body: Any, edge: str = "feed") -> bytes:
    text = body if isinstance(body, str) else json.dumps(body)
    return Polled("facebook", PAGE, edge, ASKED, text).to_bytes()


def comment(id: str, text: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "message": text, "from": CITIZEN, "created_time": "2026-01-01T10:00:00+0000", **more}


def post(*comments: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": POST,
        "message": "Parkımız açıldı",
        "from": US,
        "created_time": "2026-01-01T09:00:00+0000",
        "permalink_url": "https://www.facebook.com/1/posts/555",
        "comments": {"data": list(comments)},
        **more,
    }


def test_our_post_is_seen_with_its_text_and_link() -> None:
    (fact,) = normalise(polled({"data": [post()]}))

    assert isinstance(fact, MessageSeen)
    assert (fact.kind, fact.from_us, fact.external_id) == (MessageKind.POST, True, POST)
    assert (fact.text, fact.permalink) == ("Parkımız açıldı", "https://www.facebook.com/1/posts/555")
    assert (fact.sent_at, fact.observed_at) == (datetime(2026, 1, 1, 9, tzinfo=UTC), ASKED)


def test_comments_stand_under_what_they_answer_nested_or_in_one_stream() -> None:
    nested = post(comment("555_1", "Bank yok", comments={"data": [comment("555_2", "Evet yok")]}))
    stream = post(comment("555_2", "Evet yok", parent={"id": "555_1"}), comment("555_1", "Bank yok"))

    for given in (nested, stream):
        facts = normalise(polled({"data": [given]}))[1:]
        places = {
            fact.external_id: fact.parent_external_id for fact in facts if isinstance(fact, MessageSeen)
        }
        assert places == {"555_1": POST, "555_2": "555_1"}
        assert {fact.conversation for fact in facts if isinstance(fact, MessageSeen)} == {POST}


def test_comments_of_one_post_stand_in_it_though_the_page_does_not_name_it() -> None:
    (fact,) = normalise(polled({"data": [comment("555_1", "Bank yok")]}, f"comments/{POST}"))

    assert isinstance(fact, MessageSeen)
    assert (fact.conversation, fact.parent_external_id) == (POST, POST)
    assert fact.author is not None
    assert fact.author.keys == (AuthorKey(f"facebook:{PAGE}", "7788"),)


def test_a_visitors_post_speaks_to_us_and_our_comment_is_ours() -> None:
    facts = normalise(
        polled({"data": [post(comment("555_1", "Geldik", **{"from": US}), **{"from": CITIZEN})]})
    )

    kinds = [(fact.kind, fact.from_us) for fact in facts if isinstance(fact, MessageSeen)]
    assert kinds == [(MessageKind.MENTION, False), (MessageKind.COMMENT, True)]


def test_a_hidden_comment_is_seen_and_hidden_and_its_picture_attached() -> None:
    picture = {"type": "photo", "media": {"image": {"src": "https://cdn.example/1.jpg"}}}
    given = comment("555_1", "", is_hidden=True, attachment=picture)

    first, second = normalise(polled({"data": [given]}, f"comments/{POST}"))

    assert isinstance(first, MessageSeen)
    assert first.attachments == (AttachmentSeen("image", url="https://cdn.example/1.jpg"),)
    assert second == MessageGone("facebook", PAGE, "555_1", Gone.HIDDEN, ASKED)


def test_a_survey_of_older_posts_tells_nothing_itself() -> None:
    bare = {"id": POST, "created_time": "2026-01-01T09:00:00+0000", "comments": {"data": [{"id": "555_1"}]}}

    assert normalise(polled({"data": [bare]}, "survey")) == ()


def test_one_spoilt_comment_costs_none_of_its_siblings() -> None:
    facts = normalise(polled({"data": [post({"message": "no id"}, comment("555_1", "Bank yok")), 7]}))

    assert [fact.text for fact in facts if isinstance(fact, MessageSeen)] == ["Parkımız açıldı", "Bank yok"]
    assert [fact.what for fact in facts if isinstance(fact, NotUnderstood)] == [
        "polled:comment:unreadable",
        "polled:post:unreadable",
    ]


@pytest.mark.parametrize(
    "raw", [polled("<html>"), polled({"data": 7}), polled([]), polled({"data": []}, "likes")]
)
def test_what_cannot_be_a_polled_page_is_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadablePayload):
        normalise(raw)
