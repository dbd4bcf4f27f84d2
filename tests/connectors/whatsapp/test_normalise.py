"""WhatsApp's hook bodies as facts, type by type."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.whatsapp.normalise import claims, normalise
from inbox.values import (
    AttachmentSeen,
    Author,
    AuthorKey,
    Fact,
    Gone,
    MessageGone,
    MessageKind,
    MessageSeen,
    NotUnderstood,
    Receipt,
    ReplyReceipt,
    UnreadablePayload,
)

LINE = "105500000000001"
AT = 1_795_500_000


def bodies(name: str) -> bytes:
    return Path(__file__).with_name(name).read_bytes()


def one_change(**value: Any) -> bytes:
    whole = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": LINE}, **value}
    entry = {"id": "2", "changes": [{"field": "messages", "value": whole}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def text_message(**more: Any) -> dict[str, Any]:
    message = {"from": "905321112233", "id": "w1", "timestamp": str(AT), "type": "text"}
    return {**message, "text": {"body": "Su yok"}, **more}


def only(facts: tuple[Fact, ...]) -> MessageSeen:
    (seen,) = facts
    assert isinstance(seen, MessageSeen)
    return seen


def seen_by_id(name: str) -> dict[str, MessageSeen]:
    return {fact.external_id: fact for fact in normalise(bodies(name)) if isinstance(fact, MessageSeen)}


# --- one message --------------------------------------------------------------------------------------


def test_a_text_is_told_to_the_letter_with_its_author_and_the_message_it_quotes() -> None:
    at = datetime.fromtimestamp(AT, UTC)

    assert normalise(bodies("hook-text.json")) == (
        MessageSeen(
            platform="whatsapp",
            account=LINE,
            external_id="wamid.text1",
            kind=MessageKind.CHAT,
            text="Mehterçeşme'de çöpler 3 gündür alınmadı 😡\nİlgilenir misiniz?",
            sent_at=at,
            observed_at=at,
            author=Author(
                keys=(AuthorKey("bsuid", "TR.40012345678"), AuthorKey("phone", "905321112233")),
                name="Ayşe Yılmaz",
                handle="ayseyilmaz",
                phone="905321112233",
            ),
            parent_external_id="wamid.ours1",
        ),
    )


@pytest.mark.parametrize(
    ("written", "told"),
    [("Yol\u0000bozuk", "Yolbozuk"), ("\ud83d Yol", "\ufffd Yol"), ("😀", "😀"), ("", "")],
    ids=["NUL", "lone surrogate", "pair", "empty"],
)
def test_a_text_is_made_storable_and_nothing_else(written: str, told: str) -> None:
    assert only(normalise(one_change(messages=[text_message(text={"body": written})]))).text == told


@pytest.mark.parametrize("timestamp", [str(AT), AT, str(AT * 1000)], ids=["text", "number", "milliseconds"])
def test_a_time_is_read_in_each_of_its_spellings(timestamp: Any) -> None:
    seen = only(normalise(one_change(messages=[text_message(timestamp=timestamp)])))

    assert seen.sent_at == seen.observed_at == datetime.fromtimestamp(AT, UTC)


# --- people -------------------------------------------------------------------------------------------


def test_a_citizen_without_a_number_is_known_by_the_business_scoped_id() -> None:
    message = text_message()
    del message["from"]
    body = one_change(messages=[message], contacts=[{"profile": {"name": "Ali"}, "user_id": "TR.77"}])

    assert only(normalise(body)).author == Author(keys=(AuthorKey("bsuid", "TR.77"),), name="Ali")


def test_a_citizen_without_a_contact_beside_is_known_by_the_number() -> None:
    seen = only(normalise(one_change(messages=[text_message()])))

    assert seen.author == Author(keys=(AuthorKey("phone", "905321112233"),), phone="905321112233")


def test_a_message_of_nobody_has_no_author() -> None:
    message = text_message()
    del message["from"]

    assert only(normalise(one_change(messages=[message]))).author is None


def test_one_citizens_name_is_never_given_to_another_of_the_same_batch() -> None:
    contacts = [{"profile": {"name": "Ayşe"}, "wa_id": "905321112233", "user_id": "TR.1"}]
    messages = [text_message(), text_message(**{"id": "w2", "from": "905334445566"})]

    _, other = normalise(one_change(messages=messages, contacts=contacts))

    assert isinstance(other, MessageSeen)
    assert other.author == Author(keys=(AuthorKey("phone", "905334445566"),), phone="905334445566")


def test_the_only_contact_is_meant_where_a_country_writes_numbers_in_two_ways() -> None:
    contacts = [{"profile": {"name": "João"}, "wa_id": "5511987654321", "user_id": "BR.1"}]
    body = one_change(messages=[text_message(**{"from": "551187654321"})], contacts=contacts)

    author = only(normalise(body)).author

    assert author is not None
    assert author.name == "João"
    assert author.keys == (AuthorKey("bsuid", "BR.1"), AuthorKey("phone", "551187654321"))


# --- batches ------------------------------------------------------------------------------------------


def test_every_entry_change_and_message_is_told_for_its_own_line() -> None:
    facts = normalise(bodies("hook-batch.json"))

    told = [(type(fact).__name__, fact.account, getattr(fact, "external_id", "")) for fact in facts]
    assert told == [
        ("MessageSeen", "105500000000001", "wamid.b1"),
        ("MessageSeen", "105500000000001", "wamid.b2"),
        ("MessageSeen", "105500000000001", "wamid.b3"),
        ("ReplyReceipt", "105500000000001", "wamid.ours1"),
        ("MessageSeen", "105500000000002", "wamid.b4"),
        ("ReplyReceipt", "105500000000003", "wamid.ours2"),
        ("ReplyReceipt", "105500000000003", "wamid.ours2"),
        ("ReplyReceipt", "105500000000003", "wamid.ours3"),
        ("ReplyReceipt", "105500000000003", "wamid.ours4"),
        ("NotUnderstood", "105500000000003", ""),
    ]
    names = [fact.author.name for fact in facts if isinstance(fact, MessageSeen) and fact.author]
    assert names == ["Ayşe", "Mehmet", "Mehmet", "Zeynep"]


def test_a_receipt_carries_our_reference_and_why_it_failed() -> None:
    receipts = [fact for fact in normalise(bodies("hook-batch.json")) if isinstance(fact, ReplyReceipt)]

    assert receipts[0] == ReplyReceipt(
        platform="whatsapp",
        account=LINE,
        external_id="wamid.ours1",
        status=Receipt.DELIVERED,
        observed_at=datetime.fromtimestamp(AT + 4, UTC),
        our_reference="reply-1",
    )
    assert [receipt.status for receipt in receipts[1:]] == ["sent", "read", "read", "failed"]
    assert receipts[4].failure == "window_closed: 131047: More than 24 hours have passed"


def test_a_thousand_messages_in_one_body_are_a_thousand_facts() -> None:
    messages = [text_message(id=f"w{number}") for number in range(1000)]

    assert len(normalise(one_change(messages=messages))) == 1000


# --- every type ---------------------------------------------------------------------------------------


def test_what_a_citizen_sends_is_kept_with_its_file_place_or_card() -> None:
    seen = seen_by_id("hook-kinds.json")

    told = {id: (fact.text, fact.attachments) for id, fact in seen.items() if fact.attachments}
    assert told == {
        "k.image": (
            "Çukur burada",
            (
                AttachmentSeen(
                    "image",
                    media_id="9001",
                    url="https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=9001",
                    mime="image/jpeg",
                ),
            ),
        ),
        "k.video": ("", (AttachmentSeen("video", media_id="9002", mime="video/mp4"),)),
        "k.voice": ("", (AttachmentSeen("audio", media_id="9003", mime="audio/ogg; codecs=opus"),)),
        "k.document": (
            "Dilekçem",
            (AttachmentSeen("document", media_id="9004", mime="application/pdf", name="dilekçe.pdf"),),
        ),
        "k.sticker": ("", (AttachmentSeen("sticker", media_id="9005", mime="image/webp"),)),
        "k.location": (
            "",
            (
                AttachmentSeen(
                    "location",
                    name="Esenyurt Meydanı, Doğan Araslı Blv.",
                    latitude=41.0343,
                    longitude=28.68,
                ),
            ),
        ),
        "k.contacts": ("", (AttachmentSeen("contact", name="Muhtar Ali, +90 532 000 00 00"),)),
        "k.order": ("İki tane", (AttachmentSeen("other", name="order"),)),
        "k.referral": ("İlanı gördüm", (AttachmentSeen("link", url="https://fb.me/1", name="Bize yazın"),)),
    }


def test_a_chosen_row_or_button_is_told_by_its_id_and_its_title() -> None:
    seen = seen_by_id("hook-kinds.json")

    chosen = {id: (fact.button, fact.text) for id, fact in seen.items() if fact.button}
    assert chosen == {
        "k.list": ("rate-7-4", "⭐⭐⭐⭐"),
        "k.reply-button": ("yes", "Evet"),
        "k.button": ("no", "Hayır"),
    }
    assert seen["k.list"].parent_external_id == "wamid.ours9"


def test_what_cannot_be_read_is_kept_as_unsupported_and_never_dropped() -> None:
    seen = seen_by_id("hook-kinds.json")

    unread = [id for id, fact in seen.items() if fact.kind is MessageKind.UNSUPPORTED]
    assert unread == ["k.form", "k.interactive-lost", "k.unsupported", "k.unknown", "k.future"]


def test_a_gesture_or_a_notice_of_the_platform_is_no_message() -> None:
    told = [fact.what for fact in normalise(bodies("hook-kinds.json")) if isinstance(fact, NotUnderstood)]

    assert told == ["reaction", "reaction", "system:user_changed_number", "message:request_welcome"]


def test_a_message_of_a_group_stands_in_the_groups_conversation() -> None:
    assert seen_by_id("hook-kinds.json")["k.group"].conversation == "120363"


# --- changes ------------------------------------------------------------------------------------------


def test_an_edit_is_the_same_message_with_new_words() -> None:
    edited = seen_by_id("hook-changes.json")["c.first"]

    assert edited.text == "Düzelttim: 12. sokak"
    assert edited.edited_at == edited.observed_at == datetime.fromtimestamp(AT + 20, UTC)
    assert edited.parent_external_id == "wamid.ours1"


def test_a_message_taken_back_is_gone() -> None:
    gone = [fact for fact in normalise(bodies("hook-changes.json")) if isinstance(fact, MessageGone)]

    at = datetime.fromtimestamp(AT + 21, UTC)
    assert gone == [MessageGone("whatsapp", LINE, "c.first", Gone.DELETED, at)]


def test_words_of_ours_typed_in_the_app_are_ours_and_name_the_citizen() -> None:
    echoes = [
        fact
        for fact in normalise(bodies("hook-changes.json"))
        if isinstance(fact, MessageSeen) and fact.external_id == "c.echo"
    ]

    assert [fact.from_us for fact in echoes] == [True, True]
    assert [fact.author for fact in echoes] == [None, None]
    assert [fact.text for fact in echoes] == ["Ekip yola çıktı", "Ekip yarın gelecek"]
    assert echoes[0].recipient == Author(
        keys=(AuthorKey("bsuid", "TR.40012345678"), AuthorKey("phone", "905321112233")),
        phone="905321112233",
    )


def test_what_is_spoilt_or_of_no_use_costs_none_of_its_siblings() -> None:
    told = [
        (fact.account, fact.what)
        for fact in normalise(bodies("hook-changes.json"))
        if isinstance(fact, NotUnderstood)
    ]

    assert told == [
        (LINE, "message:text"),
        (LINE, "error:131000"),
        (LINE, "field:user_id_update"),
        (None, "field:account_update"),
        (None, "field:messages"),
        (None, "change"),
        (None, "change"),
        (None, "entry"),
        (None, "entry"),
    ]


def test_the_platforms_words_are_told_but_never_a_citizens() -> None:
    body = one_change(messages=[text_message(type="Ayşe Yılmaz, 0532 111 22 33", timestamp="never")])

    assert normalise(body) == (NotUnderstood("whatsapp", LINE, "message:?"),)


# --- whole bodies -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"object": "page", "entry": []}',
        b'{"object": "whatsapp_business_account"}',
        b'{"object": "whatsapp_business_account", "entry": {}}',
        b'{"object": "whatsapp_business_account", "entry": [NaN]}',
        b"[" * 100_000,
    ],
)
def test_a_body_that_cannot_be_what_it_claims_is_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadablePayload):
        normalise(raw)


def test_only_its_own_object_is_claimed() -> None:
    assert claims(bodies("hook-text.json"))
    assert not claims(b'{"object": "page", "entry": []}')
    assert not claims(b'[{"object": "whatsapp_business_account"}]')
    assert not claims(b"\xff\xfe")
