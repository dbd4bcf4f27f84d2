"""Instagram's hook bodies and polled pages as facts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Polled
from connectors.instagram.normalise import normalise
from inbox.values import (
    AttachmentSeen,
    AuthorKey,
    Gone,
    MessageGone,
    MessageKind,
    MessageSeen,
    NotUnderstood,
    Receipt,
    ReplyReceipt,
    UnreadablePayload,
)

ACCOUNT = "17841400000000001"
MEDIA = "17900000000000007"
AT = 1_767_225_600
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
ASKED = datetime(2026, 1, 2, 12, tzinfo=UTC)


def body(*entries: Any) -> bytes:
    return json.dumps({"object": "instagram", "entry": list(entries)}).encode()


def change(value: Any, field: str = "comments") -> bytes:
    return body({"id": ACCOUNT, "time": AT, "changes": [{"field": field, "value": value}]})


def comment(**more: Any) -> dict[str, Any]:
    value = {
        "id": "17800000000000001",
        "from": {"id": "6000000000000001", "username": "ayse.y"},
        "media": {"id": MEDIA, "media_product_type": "FEED"},
        "text": "Işıklar yanmıyor",
    }
    return {key: value for key, value in {**value, **more}.items() if value is not None}


def message(event: dict[str, Any], inside: str = "messaging") -> bytes:
    whole = {"sender": {"id": "6001"}, "recipient": {"id": ACCOUNT}, "timestamp": AT * 1000, **event}
    return body({"id": ACCOUNT, "time": AT * 1000, inside: [whole]})


def polled(listed: Any, edge: str = "media") -> bytes:
    return Polled("instagram", ACCOUNT, edge, ASKED, json.dumps({"data": listed})).to_bytes()


def seen(raw: bytes) -> MessageSeen:
    (fact,) = normalise(raw)
    assert isinstance(fact, MessageSeen)
    return fact


# --- comments and mentions --------------------------------------------------------------------------


def test_a_comment_is_read_with_its_author_and_place() -> None:
    fact = seen(change(comment()))

    assert (fact.platform, fact.account, fact.external_id) == ("instagram", ACCOUNT, "17800000000000001")
    assert (fact.kind, fact.text) == (MessageKind.COMMENT, "Işıklar yanmıyor")
    assert (fact.conversation, fact.parent_external_id) == (MEDIA, MEDIA)
    assert fact.author is not None
    assert fact.author.keys == (AuthorKey(f"instagram:{ACCOUNT}", "6000000000000001"),)
    assert fact.author.handle == "ayse.y"
    assert fact.sent_at == fact.observed_at == MOMENT


def test_the_three_forms_of_an_entry_and_a_list_around_it_say_the_same() -> None:
    by_changes = normalise(change(comment()))
    on_the_entry = normalise(body({"id": ACCOUNT, "time": AT, "field": "comments", "value": comment()}))
    listed = normalise(b"[" + change(comment()) + b"]")

    assert by_changes == on_the_entry == listed
    assert len(by_changes) == 1


@pytest.mark.parametrize("field", ["comments", "live_comments"])
def test_the_id_of_a_comment_goes_by_two_names(field: str) -> None:
    fact = seen(change(comment(id=None, comment_id="17800000000000009"), field))

    assert fact.external_id == "17800000000000009"


def test_a_reply_stands_under_its_comment_in_the_same_conversation() -> None:
    fact = seen(change(comment(parent_id="17800000000000000")))

    assert (fact.conversation, fact.parent_external_id) == (MEDIA, "17800000000000000")


@pytest.mark.parametrize(
    "author", [{"id": ACCOUNT}, {"id": "9999", "username": "esenyurtbelediye", "self_ig_scoped_id": "8888"}]
)
def test_our_own_comment_is_ours_by_either_of_its_marks(author: dict[str, str]) -> None:
    fact = seen(change(comment(**{"from": author})))

    assert fact.from_us
    assert fact.author is None


def test_a_comment_without_its_author_or_place_is_kept() -> None:
    fact = seen(change({"id": "17800000000000001", "text": "Merhaba"}))

    assert (fact.author, fact.conversation, fact.text) == (None, None, "Merhaba")


def test_a_mention_is_shown_though_its_words_are_not_told() -> None:
    in_comment = seen(change({"media_id": MEDIA, "comment_id": "178"}, "mentions"))
    in_caption = seen(change({"media_id": MEDIA}, "mentions"))

    for fact in (in_comment, in_caption):
        assert (fact.kind, fact.text, fact.conversation) == (MessageKind.UNSUPPORTED, "", MEDIA)
        assert fact.observed_at < fact.sent_at
    assert (in_comment.external_id, in_comment.parent_external_id) == ("178", MEDIA)
    assert (in_caption.external_id, in_caption.parent_external_id) == (MEDIA, None)


@pytest.mark.parametrize(
    ("value", "field", "what"),
    [
        ({"media_id": "1", "reach": 44}, "story_insights", "field:story_insights"),
        ({"text": "no id"}, "comments", "field:comments"),
        ({"id": "1", "text": 7}, "comments", "comments:unreadable"),
        (None, "comments", "comments:unreadable"),
        ({}, "mentions", "field:mentions"),
        ({}, "Yeni Alan!", "field:?"),
    ],
)
def test_what_we_cannot_read_is_named_and_kept(value: Any, field: str, what: str) -> None:
    assert normalise(change(value, field)) == (NotUnderstood("instagram", ACCOUNT, what),)


# --- private messages -------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", ["messaging", "standby"])
def test_a_private_message_is_read_wherever_it_comes(inside: str) -> None:
    fact = seen(message({"message": {"mid": "aWdf1", "text": "Selam"}}, inside))

    assert (fact.kind, fact.text, fact.conversation) == (MessageKind.CHAT, "Selam", None)
    assert fact.author is not None
    assert fact.author.keys == (AuthorKey(f"instagram:{ACCOUNT}", "6001"),)


def test_the_account_of_a_message_is_its_recipient_though_the_entry_is_called_otherwise() -> None:
    event = {"sender": {"id": "6001"}, "recipient": {"id": ACCOUNT}, "timestamp": "2026-01-01T00:00:00+0000"}
    raw = body({"id": "0", "time": AT, "messaging": [{**event, "message": {"mid": "m", "text": "Selam"}}]})

    fact = seen(raw)

    assert fact.account == ACCOUNT
    assert fact.sent_at == MOMENT


def test_an_answer_to_a_story_shows_the_story() -> None:
    told = {
        "mid": "aWdf1",
        "text": "Harika",
        "reply_to": {"story": {"url": "https://cdn.example/s", "id": "5"}},
    }
    fact = seen(message({"message": told}))

    assert fact.attachments == (AttachmentSeen("link", url="https://cdn.example/s"),)
    assert fact.parent_external_id is None


@pytest.mark.parametrize("type", ["share", "ig_reel", "story_mention"])
def test_what_is_shared_is_a_link(type: str) -> None:
    attached = {"type": type, "payload": {"url": "https://cdn.example/1", "title": "Açılış"}}
    fact = seen(message({"message": {"mid": "aWdf1", "attachments": [attached]}}))

    assert fact.attachments == (AttachmentSeen("link", url="https://cdn.example/1", name="Açılış"),)


def test_unsent_and_read_are_told_by_the_messages_id() -> None:
    unsent = normalise(message({"message": {"mid": "aWdf1", "is_deleted": True}}))
    read = normalise(message({"read": {"mid": "aWdf1"}}))

    assert unsent == (MessageGone("instagram", ACCOUNT, "aWdf1", Gone.DELETED, MOMENT),)
    assert read == (ReplyReceipt("instagram", ACCOUNT, "aWdf1", Receipt.READ, MOMENT),)


# --- polled pages -----------------------------------------------------------------------------------


def test_our_posts_and_all_under_them_are_seen_with_their_places() -> None:
    reply = {
        "id": "3",
        "text": "Evet",
        "timestamp": "2026-01-01T10:05:00+0000",
        "from": {"id": ACCOUNT, "username": "esenyurtbelediye"},
        "parent_id": "2",
    }
    told = {
        "id": "2",
        "text": "Bank yok",
        "timestamp": "2026-01-01T10:00:00+0000",
        "from": {"id": "6001", "username": "ayse.y"},
        "hidden": True,
        "replies": {"data": [reply]},
    }
    media = {
        "id": MEDIA,
        "caption": "Parkımız açıldı",
        "permalink": "https://www.instagram.com/p/abc/",
        "timestamp": "2026-01-01T09:00:00+0000",
        "comments": {"data": [told]},
    }

    post, question, hidden, answer = normalise(polled([media]))

    assert isinstance(post, MessageSeen)
    assert (post.kind, post.from_us, post.text) == (MessageKind.POST, True, "Parkımız açıldı")
    assert post.permalink == "https://www.instagram.com/p/abc/"
    assert isinstance(question, MessageSeen)
    assert (question.conversation, question.parent_external_id) == (MEDIA, MEDIA)
    assert (question.sent_at, question.observed_at) == (datetime(2026, 1, 1, 10, tzinfo=UTC), ASKED)
    assert hidden == MessageGone("instagram", ACCOUNT, "2", Gone.HIDDEN, ASKED)
    assert isinstance(answer, MessageSeen)
    assert (answer.from_us, answer.parent_external_id) == (True, "2")


def test_a_user_name_stands_in_where_the_id_is_hidden() -> None:
    fact = seen(polled([{"id": "2", "text": "Bank yok", "username": "ayse.y"}], f"comments/{MEDIA}"))

    assert fact.author is not None
    assert fact.author.keys == (AuthorKey(f"instagram:{ACCOUNT}:username", "ayse.y"),)
    assert fact.conversation == MEDIA


def test_a_survey_of_older_posts_tells_nothing_itself() -> None:
    assert normalise(polled([{"id": MEDIA, "comments_count": 3}], "survey")) == ()


# --- whole bodies -----------------------------------------------------------------------------------


def test_one_spoilt_entry_costs_none_of_its_siblings() -> None:
    good = {"id": ACCOUNT, "time": AT, "changes": [{"field": "comments", "value": comment()}]}

    facts = normalise(body("spoilt", {"id": ["?"]}, {"id": ACCOUNT, "time": AT}, good))

    assert [type(fact) for fact in facts] == [NotUnderstood, NotUnderstood, NotUnderstood, MessageSeen]


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"7", b'{"object": "instagram"}', polled(7), polled([], "likes")]
)
def test_what_cannot_be_a_body_is_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadablePayload):
        normalise(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    value=st.dictionaries(st.sampled_from(["id", "text", "from", "media", "parent_id", "comment_id"]), JSON),
    field=st.sampled_from(["comments", "live_comments", "mentions", "messages"]),
    time=JSON,
)
def test_whatever_a_change_holds_is_facts(value: dict[str, Any], field: str, time: Any) -> None:
    raw = body({"id": ACCOUNT, "time": time, "field": field, "value": value})

    assert normalise(raw) == normalise(raw)


# --- recorded bodies, where they are at hand --------------------------------------------------------


def test_every_text_in_the_recorded_bodies_is_found_to_the_letter(shared: Path) -> None:
    wanted, found, bodies = set(), set(), 0
    for path in sorted((shared / "payloads" / "instagram").glob("*.json")):
        raw = path.read_bytes()
        read = json.loads(raw)
        if not isinstance(read, dict) or read.get("object") != "instagram":
            continue
        bodies += 1
        wanted |= {(path.name, *text) for text in _texts(read)}
        found |= {
            (path.name, fact.external_id, fact.text)
            for fact in normalise(raw)
            if isinstance(fact, MessageSeen)
        }
    assert bodies > 20
    assert len(wanted) > 15
    assert wanted <= found


def _texts(read: dict[str, Any]) -> set[tuple[str, str]]:
    """Id and text of all that anybody says in a body, found without our shapes."""
    texts: set[tuple[str, str]] = set()
    for entry in read["entry"]:
        values = [change.get("value") or {} for change in entry.get("changes", [])]
        for value in (*values, entry.get("value") or {}):
            if value.get("text"):
                texts.add((value.get("id") or value["comment_id"], value["text"].replace("\x00", "")))
        for event in (*entry.get("messaging", []), *entry.get("standby", [])):
            told = event.get("message", {})
            if told.get("text"):
                texts.add((told["mid"], told["text"].replace("\x00", "")))
    return texts
