"""Private messages of pages and accounts as facts; Facebook stands for both."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
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
    Receipt,
    ReplyReceipt,
)

PAGE = "100200300401"
AT = 1_767_225_600
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def body(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"object": "page", "entry": list(entries)}).encode()


def messaging(event: dict[str, Any], *, inside: str = "messaging", page: str | int = PAGE) -> bytes:
    whole = {"sender": {"id": "7788"}, "recipient": {"id": page}, "timestamp": AT * 1000 + 250, **event}
    return body({"id": page, "time": AT * 1000 + 900, inside: [whole]})


def one(raw: bytes) -> Fact:
    facts = normalise(raw)
    assert len(facts) == 1
    return facts[0]


def seen(raw: bytes) -> MessageSeen:
    fact = one(raw)
    assert isinstance(fact, MessageSeen)
    return fact


@pytest.mark.parametrize("inside", ["messaging", "standby"])
def test_a_private_message_is_read_wherever_it_comes(inside: str) -> None:
    fact = seen(
        messaging({"message": {"mid": "m_1", "text": "Merhaba", "reply_to": {"mid": "m_0"}}}, inside=inside)
    )

    assert (fact.kind, fact.external_id, fact.text) == (MessageKind.CHAT, "m_1", "Merhaba")
    assert (fact.conversation, fact.parent_external_id) == (None, "m_0")
    assert fact.author is not None
    assert fact.author.keys == (AuthorKey(f"facebook:{PAGE}", "7788"),)
    assert fact.sent_at == MOMENT + timedelta(milliseconds=250)


def test_an_echo_is_ours_in_the_citizens_chat_and_carries_our_reference_back() -> None:
    message = {"mid": "m_1", "text": "Merhaba", "is_echo": True, "app_id": 17, "metadata": "reply-9"}
    right = messaging({"sender": {"id": PAGE}, "recipient": {"id": "7788"}, "message": message})
    turned = messaging({"message": message})

    for raw in (right, turned):
        fact = seen(raw)
        assert (fact.account, fact.from_us, fact.author) == (PAGE, True, None)
        assert fact.our_reference == "reply-9"
        assert fact.recipient is not None
        assert fact.recipient.keys == (AuthorKey(f"facebook:{PAGE}", "7788"),)


def test_what_was_chosen_comes_back_as_a_button() -> None:
    quick = seen(
        messaging({"message": {"mid": "m_1", "text": "5 yıldız", "quick_reply": {"payload": "rate:5"}}})
    )
    pressed = seen(messaging({"postback": {"mid": "m_2", "title": "Başla", "payload": "start"}}))
    nameless = seen(messaging({"postback": {"payload": "start"}}))

    assert (quick.text, quick.button) == ("5 yıldız", "rate:5")
    assert (pressed.external_id, pressed.text, pressed.button) == ("m_2", "Başla", "start")
    assert nameless.external_id == f"postback:{PAGE}:7788:{AT * 1000 + 250}"


@pytest.mark.parametrize(
    ("attached", "expected"),
    [
        ({"type": "image", "payload": {"url": "https://c"}}, AttachmentSeen("image", url="https://c")),
        ({"type": "file", "payload": {"url": "https://c"}}, AttachmentSeen("document", url="https://c")),
        (
            {"type": "image", "payload": {"url": "https://c", "sticker_id": 369}},
            AttachmentSeen("sticker", url="https://c", media_id="369"),
        ),
        (
            {"type": "location", "payload": {"coordinates": {"lat": 41.03, "long": 28.67}}},
            AttachmentSeen("location", latitude=41.03, longitude=28.67),
        ),
        (
            {"type": "fallback", "title": "Haber", "url": "https://c", "payload": None},
            AttachmentSeen("link", url="https://c", name="Haber"),
        ),
        ({"type": "novelty"}, AttachmentSeen("other")),
        ("spoilt", AttachmentSeen("other")),
    ],
)
def test_what_is_attached_to_a_message_is_named_in_our_words(attached: Any, expected: AttachmentSeen) -> None:
    fact = seen(messaging({"message": {"mid": "m_1", "attachments": [attached]}}))

    assert fact.kind is MessageKind.CHAT
    assert fact.attachments == (expected,)


def test_a_message_meta_does_not_show_is_unsupported() -> None:
    hidden = seen(messaging({"message": {"mid": "m_1", "attachments": [{"type": "ephemeral"}]}}))
    empty = seen(messaging({"message": {"mid": "m_1", "is_unsupported": True}}))

    assert hidden.kind is empty.kind is MessageKind.UNSUPPORTED


def test_edits_and_unsent_messages_change_what_was_said() -> None:
    edited = seen(messaging({"message_edit": {"mid": "m_1", "text": "Düzeltildi", "num_edit": 1}}))
    unsent = one(messaging({"message": {"mid": "m_1", "is_deleted": True}}))

    assert (edited.external_id, edited.text) == ("m_1", "Düzeltildi")
    assert edited.edited_at is not None
    assert unsent == MessageGone("facebook", PAGE, "m_1", Gone.DELETED, MOMENT + timedelta(milliseconds=900))


def test_receipts_name_each_message_and_watermarks_none() -> None:
    delivered = normalise(messaging({"delivery": {"mids": ["m_1", "m_2"], "watermark": AT * 1000}}))
    read = one(messaging({"read": {"watermark": AT * 1000}}))

    at = MOMENT + timedelta(milliseconds=250)
    assert delivered == tuple(
        ReplyReceipt("facebook", PAGE, mid, Receipt.DELIVERED, at) for mid in ("m_1", "m_2")
    )
    assert read == NotUnderstood("facebook", PAGE, "messaging:read")


@pytest.mark.parametrize(
    "kind", ["reaction", "referral", "optin", "pass_thread_control", "policy-enforcement"]
)
def test_other_private_events_are_named_and_kept(kind: str) -> None:
    assert one(messaging({kind: {"mid": "m_1"}})) == NotUnderstood("facebook", PAGE, f"messaging:{kind}")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(event=st.dictionaries(st.sampled_from(["message", "sender", "timestamp", "read", "postback"]), JSON))
def test_whatever_a_private_event_holds_is_facts(event: dict[str, Any]) -> None:
    raw = body({"id": PAGE, "time": AT, "messaging": [event]})

    assert normalise(raw) == normalise(raw)


def test_nobody_is_their_own_citizen_and_an_empty_id_names_no_message() -> None:
    to_itself = seen(messaging({"sender": {"id": PAGE}, "message": {"mid": "m_1", "text": "Not"}}))
    nameless = one(messaging({"message": {"mid": "", "text": "Merhaba"}}))

    assert to_itself.author is None
    assert nameless == NotUnderstood("facebook", PAGE, "messaging:message:unreadable")
