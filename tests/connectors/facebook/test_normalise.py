"""Facebook's hook bodies as facts, verb by verb."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.facebook.normalise import normalise
from inbox.values import (
    AttachmentSeen,
    AuthorKey,
    Fact,
    Gone,
    MessageGone,
    MessageKind,
    MessageSeen,
    NotUnderstood,
    UnreadablePayload,
)

PAGE = "100200300401"
POST = f"{PAGE}_555"
AT = 1_767_225_600
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def body(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"object": "page", "entry": list(entries)}).encode()


def feed(*values: Any, field: str = "feed", page: str | int = PAGE, time: Any = AT) -> bytes:
    changes = [{"field": field, "value": value} for value in values]
    return body({"id": page, "time": time, "changes": changes})


def comment(**more: Any) -> dict[str, Any]:
    value = {
        "item": "comment",
        "verb": "add",
        "comment_id": "555_1",
        "post_id": POST,
        "parent_id": POST,
        "from": {"id": "7788", "name": "Ayşe Yılmaz"},
        "created_time": AT - 5,
        "message": "Çöpler üç gündür alınmadı",
    }
    return {key: value for key, value in {**value, **more}.items() if value is not None}


def one(raw: bytes) -> Fact:
    facts = normalise(raw)
    assert len(facts) == 1
    return facts[0]


def seen(raw: bytes) -> MessageSeen:
    fact = one(raw)
    assert isinstance(fact, MessageSeen)
    return fact


# --- comments ---------------------------------------------------------------------------------------


def test_a_comment_is_read_with_its_author_place_and_time() -> None:
    fact = seen(feed(comment(post={"permalink_url": "https://www.facebook.com/1/posts/555"})))

    assert (fact.platform, fact.account, fact.external_id) == ("facebook", PAGE, "555_1")
    assert fact.kind is MessageKind.COMMENT
    assert fact.text == "Çöpler üç gündür alınmadı"
    assert fact.author is not None
    assert fact.author.keys == (AuthorKey(f"facebook:{PAGE}", "7788"),)
    assert fact.author.name == "Ayşe Yılmaz"
    assert (fact.conversation, fact.parent_external_id) == (POST, POST)
    assert fact.sent_at == fact.observed_at == MOMENT - timedelta(seconds=5)
    assert fact.permalink == "https://www.facebook.com/1/posts/555"
    assert not fact.from_us
    assert fact.edited_at is None


def test_a_reply_stands_under_its_comment_in_the_same_conversation() -> None:
    fact = seen(feed(comment(comment_id="555_2", parent_id="555_1")))

    assert (fact.conversation, fact.parent_external_id) == (POST, "555_1")


def test_our_own_comment_is_ours_and_nobodys_work() -> None:
    fact = seen(feed(comment(**{"from": {"id": PAGE, "name": "Esenyurt Belediyesi"}})))

    assert fact.from_us
    assert fact.author is None


def test_a_comment_without_its_author_is_kept() -> None:
    fact = seen(feed(comment(**{"from": None})))

    assert fact.author is None
    assert not fact.from_us
    assert fact.text == "Çöpler üç gündür alınmadı"


def test_the_names_of_old_bodies_and_ids_as_numbers_are_read() -> None:
    value = comment(**{"from": None}, sender_id=7788, sender_name="Ayşe Yılmaz")
    fact = seen(feed(value, page=int(PAGE)))

    assert fact.account == PAGE
    assert fact.author is not None
    assert fact.author.keys == (AuthorKey(f"facebook:{PAGE}", "7788"),)
    assert fact.author.name == "Ayşe Yılmaz"


@pytest.mark.parametrize("verb", ["edited", "edit", "update"])
def test_an_edit_is_newer_than_what_it_edits(verb: str) -> None:
    before = seen(feed(comment()))
    after = seen(feed(comment(verb=verb, message="Alındı, sağ olun", edited_time=AT - 1)))
    untimed = seen(feed(comment(verb=verb, message="Alındı")))

    assert after.text == "Alındı, sağ olun"
    assert after.edited_at == after.observed_at == MOMENT - timedelta(seconds=1)
    assert after.sent_at == before.sent_at
    assert before.observed_at < after.observed_at < untimed.observed_at


@pytest.mark.parametrize(
    ("verb", "how"),
    [
        ("remove", Gone.DELETED),
        ("delete", Gone.DELETED),
        ("hide", Gone.HIDDEN),
        ("unhide", Gone.UNHIDDEN),
    ],
)
def test_a_comment_that_goes_is_told_as_gone(verb: str, how: Gone) -> None:
    assert one(feed(comment(verb=verb))) == MessageGone("facebook", PAGE, "555_1", how, MOMENT)


def test_what_one_body_tells_of_the_same_second_keeps_its_order() -> None:
    value = {"created_time": AT}
    verbs = ("add", "edited", "hide", "unhide", "remove")

    facts = normalise(feed(*(comment(verb=verb, **value) for verb in verbs)))

    moments = [fact.observed_at for fact in facts if not isinstance(fact, NotUnderstood)]
    assert moments == sorted(set(moments))
    assert len(moments) == len(verbs)


def test_a_comment_hidden_from_the_start_is_seen_and_hidden() -> None:
    first, second = normalise(feed(comment(is_hidden=True)))

    assert isinstance(first, MessageSeen)
    assert isinstance(second, MessageGone)
    assert second.how is Gone.HIDDEN


def test_pictures_of_a_comment_are_attached_and_its_text_may_be_missing() -> None:
    fact = seen(
        feed(comment(message=None, photo="https://cdn.example/1.jpg", video="https://cdn.example/1.mp4"))
    )

    assert fact.kind is MessageKind.COMMENT
    assert fact.text == ""
    assert fact.attachments == (
        AttachmentSeen("image", url="https://cdn.example/1.jpg"),
        AttachmentSeen("video", url="https://cdn.example/1.mp4"),
    )


def test_a_comment_with_nothing_we_can_read_is_shown_as_unsupported() -> None:
    assert seen(feed(comment(message=None))).kind is MessageKind.UNSUPPORTED


def test_an_edit_that_does_not_tell_the_words_does_not_blank_them() -> None:
    edited = {"item": "photo", "verb": "edited", "post_id": POST, "created_time": AT, "published": 1}

    assert one(feed(edited)) == NotUnderstood("facebook", PAGE, "feed:photo:edited:no_text")


# --- posts, mentions, reviews -----------------------------------------------------------------------


@pytest.mark.parametrize("item", ["post", "status", "photo", "video", "share"])
def test_a_post_of_ours_is_a_post_and_a_visitors_speaks_to_us(item: str) -> None:
    value = {"item": item, "verb": "add", "post_id": POST, "created_time": AT, "message": "Merhaba"}
    ours = seen(feed({**value, "from": {"id": PAGE, "name": "Belediye"}}))
    visitors = seen(feed({**value, "from": {"id": "7788", "name": "Ayşe"}}))

    assert (ours.kind, ours.from_us, ours.author) == (MessageKind.POST, True, None)
    assert (visitors.kind, visitors.from_us) == (MessageKind.MENTION, False)
    for fact in (ours, visitors):
        assert (fact.external_id, fact.conversation, fact.parent_external_id) == (POST, POST, None)
        assert fact.text == "Merhaba"


@pytest.mark.parametrize(("item", "kind"), [("photo", "image"), ("video", "video"), ("share", "link")])
def test_what_a_post_shows_is_attached(item: str, kind: str) -> None:
    value = {
        "item": item,
        "verb": "add",
        "post_id": POST,
        "from": {"id": PAGE},
        "created_time": AT,
        "link": "https://e.example",
    }

    assert seen(feed(value)).attachments == (AttachmentSeen(kind, url="https://e.example"),)


@pytest.mark.parametrize(
    ("item", "verb"),
    [("like", "add"), ("reaction", "remove"), ("album", "edited"), ("event", "add"), ("video", "block")],
)
def test_what_we_have_no_use_for_is_named_and_kept(item: str, verb: str) -> None:
    value = {"item": item, "verb": verb, "post_id": POST, "comment_id": "555_1", "created_time": AT}

    assert one(feed(value)) == NotUnderstood("facebook", PAGE, f"feed:{item}:{verb}")


def test_a_mention_with_words_speaks_to_us_where_it_stands() -> None:
    fact = seen(feed(comment(post_id="999_1", parent_id=None, comment_id="1_2"), field="mention"))

    assert fact.kind is MessageKind.MENTION
    assert (fact.conversation, fact.parent_external_id) == ("999_1", "999_1")


def test_a_mention_without_words_is_shown_and_never_overwrites_words() -> None:
    value = {"item": "post", "verb": "add", "post_id": "999_1", "sender_id": 999, "sender_name": "Can"}
    fact = seen(feed(value, field="mention"))

    assert (fact.kind, fact.text) == (MessageKind.UNSUPPORTED, "")
    assert fact.observed_at < fact.sent_at


def test_a_review_with_words_speaks_to_us_and_stars_alone_do_not() -> None:
    review = {
        "item": "rating",
        "verb": "add",
        "open_graph_story_id": 42,
        "reviewer_id": 7788,
        "reviewer_name": "Ayşe",
        "rating": 3,
        "created_time": AT,
    }
    fact = seen(feed({**review, "review_text": "Parklar güzel"}, field="ratings"))

    assert (fact.kind, fact.external_id, fact.text) == (MessageKind.MENTION, "42", "Parklar güzel")
    assert one(feed(review, field="ratings")) == NotUnderstood("facebook", PAGE, "ratings:rating:add:no_text")


# --- whole bodies -----------------------------------------------------------------------------------


def test_every_entry_change_and_message_goes_to_the_account_it_names() -> None:
    other = "100200300402"
    event = {"sender": {"id": "9"}, "timestamp": AT * 1000, "message": {"mid": "m_1", "text": "bir"}}
    raw = body(
        {"id": PAGE, "time": AT, "changes": [{"field": "feed", "value": comment()}] * 2},
        {"id": other, "time": AT, "changes": [{"field": "feed", "value": comment(comment_id="556_1")}]},
        {"id": other, "time": AT, "messaging": [{**event, "recipient": {"id": other}}]},
        {"id": PAGE, "time": AT, "messaging": [{**event, "recipient": {"id": PAGE}}]},
    )

    accounts = [getattr(fact, "account", None) for fact in normalise(raw)]

    assert accounts == [PAGE, PAGE, other, other, PAGE]


def test_one_spoilt_part_costs_none_of_its_siblings() -> None:
    good = {"field": "feed", "value": comment()}
    spoilt: list[Any] = [
        {"field": "parking"},
        {"field": "feed"},
        {"field": "feed", "value": {"item": 7}},
        {"field": "feed", "value": comment(message=["not", "text"])},
        "a change that is none",
        None,
    ]
    raw = body({"id": PAGE, "time": AT, "changes": [*spoilt, good]}, {"id": PAGE, "time": AT}, "an entry")  # type: ignore[arg-type]

    facts = normalise(raw)

    assert [fact.text for fact in facts if isinstance(fact, MessageSeen)] == ["Çöpler üç gündür alınmadı"]
    assert sum(isinstance(fact, NotUnderstood) for fact in facts) == len(spoilt) + 2


def test_a_time_nobody_can_read_costs_no_words() -> None:
    fact = seen(feed(comment(created_time="yesterday")))

    assert fact.sent_at == MOMENT


def test_another_object_is_named_and_kept() -> None:
    raw = json.dumps({"object": "user", "entry": []}).encode()

    assert normalise(raw) == (NotUnderstood("facebook", None, "object:user"),)


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe", b"null", b"[]", b'{"object": "page"}', b"{", b"[" * 50_000]
)
def test_what_cannot_be_a_body_is_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadablePayload):
        normalise(raw)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    "item",
    "verb",
    "message",
    "from",
    "comment_id",
    "post_id",
    "created_time",
    "is_hidden",
    "link",
    "photos",
)


@given(
    value=st.dictionaries(st.sampled_from(KEYS), JSON | st.sampled_from(["comment", "add", "post"])),
    time=JSON,
)
def test_whatever_a_change_holds_is_facts(value: dict[str, Any], time: Any) -> None:
    raw = feed(value, time=time)

    assert normalise(raw) == normalise(raw)


# --- recorded bodies, where they are at hand --------------------------------------------------------


def test_every_text_in_the_recorded_bodies_is_found_to_the_letter(shared: Path) -> None:
    wanted, found, bodies = set(), set(), 0
    for path in sorted((shared / "payloads" / "facebook").glob("*.json")):
        raw = path.read_bytes()
        read = json.loads(raw)
        if not isinstance(read, dict) or read.get("object") != "page":
            continue
        bodies += 1
        wanted |= {(path.name, *text) for text in _texts(read)}
        found |= {
            (path.name, fact.external_id, fact.text)
            for fact in normalise(raw)
            if isinstance(fact, MessageSeen)
        }
    assert bodies > 80
    assert len(wanted) > 40
    assert wanted <= found


def _texts(read: dict[str, Any]) -> set[tuple[str, str]]:
    """Id and text of all that anybody says in a body, found without our shapes."""
    texts: set[tuple[str, str]] = set()
    for entry in read["entry"]:
        for change in entry.get("changes", []):
            value = change.get("value") or {}
            text = value.get("review_text") or value.get("message")
            if text and value.get("verb") in ("add", "edit", "edited"):
                id = (
                    value.get("open_graph_story_id") if value["item"] == "rating" else value.get("comment_id")
                )
                texts.add((str(id or value["post_id"]), text.replace("\x00", "")))
        for event in (*entry.get("messaging", []), *entry.get("standby", [])):
            message = event.get("message", {})
            if message.get("text"):
                texts.add((message["mid"], message["text"].replace("\x00", "")))
    return texts
