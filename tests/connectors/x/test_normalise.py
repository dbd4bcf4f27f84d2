"""X's bodies as facts: polled pages, activity events, old hooks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Polled
from connectors.x.normalise import normalise
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
    UnreadablePayload,
)

OURS = "1500000001"
ASKED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
AYSE = Author(keys=(AuthorKey("x", "4001"),), name="Ayşe Yılmaz", handle="ayse_y")


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-24T{clock}+00:00")


def text_of(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def polled(name: str) -> tuple[Fact, ...]:
    told = json.loads(text_of(name))
    return page(told["body"], edge=told["edge"])


def page(body: Any, *, edge: str = "mentions") -> tuple[Fact, ...]:
    return normalise(Polled("x", OURS, edge, ASKED, json.dumps(body)).to_bytes())


def hook(name: str) -> tuple[Fact, ...]:
    return normalise(text_of(name).encode())


def seen(facts: tuple[Fact, ...]) -> dict[str, MessageSeen]:
    return {fact.external_id: fact for fact in facts if isinstance(fact, MessageSeen)}


# --- polled pages -------------------------------------------------------------------------------------


def test_an_edited_post_is_the_first_one_with_new_words() -> None:
    complaint = seen(polled("polled-mentions.json"))["1990000000000000003"]

    assert complaint == MessageSeen(
        platform="x",
        account=OURS,
        external_id="1990000000000000003",
        kind=MessageKind.COMMENT,
        text="@esenyurtbelediye ışıklar hâlâ yanmıyor & kimse gelmedi",
        sent_at=at("08:04:00"),
        observed_at=ASKED,
        author=AYSE,
        conversation="1990000000000000001",
        parent_external_id="1990000000000000001",
        edited_at=at("08:04:00"),
        permalink="https://x.com/ayse_y/status/1990000000000000004",
        attachments=(
            AttachmentSeen("image", media_id="3_51", url="https://pbs.twimg.com/media/51.jpg"),
            AttachmentSeen(
                "video", media_id="7_52", url="https://video.twimg.com/52-large.mp4", mime="video/mp4"
            ),
            AttachmentSeen("other", media_id="3_99"),
        ),
        language="tr",
    )


def test_the_parent_is_known_by_the_first_of_its_own_edits() -> None:
    facts = seen(polled("polled-mentions.json"))

    assert facts["1990000000000000003"].parent_external_id in facts


def test_a_long_post_is_told_whole() -> None:
    long = seen(polled("polled-mentions.json"))["1990000000000000005"]

    assert long.text == "@esenyurtbelediye çok uzun bir dert, sonuna kadar: 3 < 5"
    assert long.kind is MessageKind.MENTION
    assert long.language is None


def test_the_post_that_was_answered_comes_along_ours_as_ours_and_a_strangers_as_context() -> None:
    facts = seen(polled("polled-mentions.json"))

    ours, strangers = facts["1990000000000000001"], facts["1989000000000000001"]
    assert (ours.kind, ours.from_us, ours.author) == (MessageKind.POST, True, None)
    assert ours.text == "Park ışıkları yenilendi (2. düzeltme)"
    assert (strangers.kind, strangers.from_us) == (MessageKind.POST, False)
    assert strangers.author == Author((AuthorKey("x", "4005"),), name="Başka Biri", handle="baska")


def test_what_is_answered_comes_before_the_answer() -> None:
    ids = list(seen(polled("polled-mentions.json")))

    assert ids.index("1990000000000000001") < ids.index("1990000000000000003")


def test_an_author_of_whom_only_the_id_is_told_is_known_by_it() -> None:
    assert seen(polled("polled-mentions.json"))["1990000000000000007"].author == Author(
        keys=(AuthorKey("x", "4004"),)
    )


def test_a_parent_that_an_expansion_does_not_find_is_not_declared_deleted() -> None:
    facts = polled("polled-mentions.json")

    assert seen(facts)["1990000000000000008"].parent_external_id == "1980000000000000009"
    assert not [fact for fact in facts if isinstance(fact, MessageGone)]


def test_a_repost_and_what_is_spoilt_are_counted_and_open_no_work() -> None:
    told = [fact.what for fact in polled("polled-mentions.json") if isinstance(fact, NotUnderstood)]

    assert told == ["repost", "post", "post"]


def test_a_post_asked_for_by_its_id_and_not_found_is_gone() -> None:
    gone = [fact for fact in polled("polled-ids.json") if isinstance(fact, MessageGone)]

    assert gone == [MessageGone("x", OURS, "1990000000000000003", Gone.DELETED, ASKED)]


def test_our_own_posts_and_answers_are_ours() -> None:
    facts = seen(polled("polled-timeline.json"))

    assert {id: (fact.kind, fact.from_us, fact.author) for id, fact in facts.items()} == {
        "1990000000000000021": (MessageKind.COMMENT, True, None),
        "1990000000000000020": (MessageKind.POST, True, None),
    }


def test_one_post_alone_is_told_as_a_list_of_one() -> None:
    post = {"id": "1990000000000000070", "text": "Su yok", "created_at": "2026-11-24T08:00:00.000Z"}

    assert page({"data": post}) == page({"data": [post]})


def test_a_post_without_its_time_is_dated_by_its_id() -> None:
    (fact,) = seen(page({"data": [{"id": "2080761390344937796", "text": "Su yok"}]})).values()

    assert abs(fact.sent_at - datetime(2026, 7, 24, 21, 5, 48, tzinfo=UTC)) < timedelta(seconds=1)


def test_a_post_that_nothing_dates_costs_none_of_its_siblings() -> None:
    undated = {"id": "7", "text": "Ne zaman?"}
    dated = {"id": "1990000000000000070", "text": "Su yok", "created_at": "2026-11-24T08:00:00.000Z"}

    facts = page({"data": [undated, dated]})

    assert facts[0] == NotUnderstood("x", OURS, "post")
    assert list(seen(facts)) == ["1990000000000000070"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_several_edits_in_one_page_the_last_is_told_in_whatever_order(order: tuple[int, int]) -> None:
    history = ["1990000000000000080", "1990000000000000081"]
    edits = [
        {"id": id, "text": id[-1], "created_at": "2026-11-24T08:00:00Z", "edit_history_tweet_ids": history}
        for id in history
    ]

    (fact,) = page({"data": [edits[place] for place in order]})

    assert isinstance(fact, MessageSeen)
    assert (fact.external_id, fact.text) == (history[0], "1")


def test_an_edit_that_is_told_alone_says_by_its_first_id_when_the_post_was_written() -> None:
    first, edit = "1992880865297825793", "1992882379944886272"  # 08:59:58.880 and six minutes later
    told = {"id": edit, "text": "Su yok", "edit_history_tweet_ids": [first, edit]}

    (soon,) = page({"data": [{**told, "created_at": "2025-11-24T09:06:00Z"}]})
    (absurd,) = page({"data": [{**told, "created_at": "2025-11-27T09:06:00Z"}]})

    assert isinstance(soon, MessageSeen)
    assert soon.sent_at == datetime.fromisoformat("2025-11-24T08:59:58.880+00:00")
    assert soon.edited_at == datetime.fromisoformat("2025-11-24T09:06:00+00:00")
    assert isinstance(absurd, MessageSeen)
    assert absurd.sent_at == absurd.edited_at


def test_a_page_with_nothing_in_it_says_nothing() -> None:
    assert page({"meta": {"result_count": 0}}) == ()


def test_a_polled_conversation_is_private() -> None:
    facts = polled("polled-conversation.json")

    said, answered = seen(facts).values()
    assert (said.kind, said.text, said.author) == (
        MessageKind.CHAT,
        "Merhaba, adresim <burası>",
        AYSE,
    )
    assert (answered.from_us, answered.author, answered.recipient) == (True, None, AYSE)
    assert facts[-1] == NotUnderstood("x", OURS, "conversation:ParticipantsJoin")


# --- activity events ----------------------------------------------------------------------------------


def test_an_activity_event_is_for_the_account_it_names() -> None:
    (mention,) = hook("hook-mention.json")

    assert mention == MessageSeen(
        platform="x",
        account=OURS,
        external_id="1990000000000000041",
        kind=MessageKind.MENTION,
        text="@esenyurtbelediye Tabela <devrilmiş>",
        sent_at=at("08:10:00"),
        observed_at=at("08:10:00"),
        author=AYSE,
        conversation="1990000000000000041",
        permalink="https://x.com/ayse_y/status/1990000000000000041",
        language="tr",
    )


def test_our_own_answer_comes_back_as_ours_with_what_it_answers() -> None:
    facts = seen(hook("hook-own-post.json"))

    assert facts["1990000000000000042"].from_us
    assert facts["1990000000000000042"].parent_external_id == "1990000000000000041"
    assert facts["1990000000000000041"].kind is MessageKind.POST


def test_a_post_taken_down_is_gone() -> None:
    (gone,) = hook("hook-delete.json")

    assert isinstance(gone, MessageGone)
    assert (gone.external_id, gone.how) == ("1990000000000000042", Gone.DELETED)


def test_a_direct_message_is_private_and_names_its_writer() -> None:
    (said,) = hook("hook-direct.json")

    assert isinstance(said, MessageSeen)
    assert (said.kind, said.conversation, said.author) == (MessageKind.CHAT, None, AYSE)
    assert said.sent_at == datetime.fromtimestamp(1_795_500_000.372, UTC)


@pytest.mark.parametrize("kind", ["follow.follow", "chat.received", "post.repost.create", "<b>", 7, None])
def test_an_event_we_have_no_use_for_is_counted_by_its_kind(kind: Any) -> None:
    event = {"data": {"filter": {"user_id": OURS}, "event_type": kind, "payload": {"id": "1"}}}

    (fact,) = normalise(json.dumps(event).encode())

    shown = kind if isinstance(kind, str) and kind != "<b>" else "?"
    assert fact == NotUnderstood("x", OURS, f"event:{shown}")


# --- account activity ---------------------------------------------------------------------------------


def test_an_old_hook_is_told_whole_and_unescaped_once() -> None:
    facts = seen(hook("hook-account-activity.json"))

    complaint = facts["1990000000000000061"]
    assert complaint.text == "@esenyurtbelediye Kırık taş & çukur: A > B. &lt; yazan bendim."
    assert (complaint.kind, complaint.author) == (MessageKind.COMMENT, AYSE)
    assert complaint.parent_external_id == "1990000000000000020"
    assert complaint.attachments == (AttachmentSeen("image", url="https://pbs.twimg.com/media/61.jpg"),)
    assert complaint.sent_at == at("08:40:00")
    assert facts["1990000000000000062"].kind is MessageKind.POST
    assert facts["1990000000000000065"].recipient == AYSE


def test_an_old_hook_tells_what_is_gone_and_counts_the_rest() -> None:
    facts = hook("hook-account-activity.json")

    gone = datetime.fromtimestamp(1_795_510_000, UTC)
    assert MessageGone("x", OURS, "1990000000000000062", Gone.DELETED, gone) in facts
    told = [fact.what for fact in facts if isinstance(fact, NotUnderstood)]
    assert told == ["repost", "tweet", "direct_message", "key:favorite_events"]


def test_an_old_hook_about_the_app_itself_is_nobodys() -> None:
    assert normalise(b'{"user_event": {"revoke": {}}}') == (NotUnderstood("x", None, "user_event"),)


# --- whole bodies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"object": "page"}', b'{"data": NaN}', b"[" * 100_000])
def test_a_body_that_cannot_be_xs_is_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadablePayload):
        normalise(raw)


def test_a_polled_answer_of_another_platform_is_unreadable() -> None:
    with pytest.raises(UnreadablePayload):
        normalise(Polled("facebook", OURS, "mentions", ASKED, "{}").to_bytes())


def test_posts_that_name_no_account_of_ours_are_counted() -> None:
    assert normalise(b'{"data": [{"id": "1"}]}') == (NotUnderstood("x", None, "posts_of_no_account"),)
