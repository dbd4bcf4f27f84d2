"""A Facebook page: answering, looking, probing, catching up, against the sandbox."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest
from pydantic import SecretStr

from connectors.contract import Polled
from connectors.facebook import CONNECTOR
from connectors.http import AccessExpired, RateLimited
from inbox.values import (
    Access,
    AccessLost,
    AuthorKey,
    CannotTell,
    Found,
    MaybeSent,
    MessageKind,
    MessageSeen,
    NotSent,
    NotThere,
    Outgoing,
    Page,
    ProbeFailed,
    ProbeOk,
    Refused,
    ReplyKind,
    Sent,
)

ACCOUNT = "100200300401"
TEXT = "Ekibimiz yarın saat 10.00'da Zafer Mahallesi'nde."


class Stage(Protocol):
    url: str

    def access(self, token: str = ...) -> Access: ...
    def control(self, call: str, **body: Any) -> dict[str, Any]: ...
    def say(self, text: str, author: str = ..., **more: Any) -> str: ...
    def fault(self, fault: str, times: int = ...) -> None: ...
    def threads(self) -> dict[str, Any]: ...
    def ours(self) -> list[dict[str, Any]]: ...


def post_of(stage: Stage) -> str:
    return str(stage.threads()["posts"][0]["external_id"])


def answer_to(stage: Stage, comment: str, text: str = TEXT, **more: Any) -> Outgoing:
    fields: dict[str, Any] = {
        "reference": "reply-1",
        "kind": ReplyKind.ANSWER,
        "text": text,
        "to_external_id": comment,
        "to_kind": MessageKind.COMMENT,
        "conversation": post_of(stage),
        "first_tried_at": datetime.now(UTC),
    }
    return Outgoing(**{**fields, **more})


def seen_in(*pages: Page) -> dict[str, MessageSeen]:
    facts = [fact for page in pages for fact in CONNECTOR.normalise(page.body)]
    return {fact.external_id: fact for fact in facts if isinstance(fact, MessageSeen)}


def poll_all(stage: Stage, edge: str, cursor: str | None = None) -> list[Page]:
    """Pages until the connector says that nothing is left for now."""
    pages = [CONNECTOR.poll(stage.access(), edge, cursor)]
    while pages[-1].more:
        assert len(pages) < 60
        pages.append(CONNECTOR.poll(stage.access(), edge, pages[-1].cursor))
    return pages


# --- sending ----------------------------------------------------------------------------------------


def test_an_answer_stands_publicly_under_the_comment(stage: Stage) -> None:
    comment = stage.say("Çöpler alınmadı")

    outcome = CONNECTOR.send(stage.access(), answer_to(stage, comment))

    (ours,) = stage.ours()
    assert outcome == Sent(ours["external_id"])
    assert (ours["text"], ours["parent"]) == (TEXT, comment)


def test_an_answer_to_a_reply_stands_under_the_same_comment(stage: Stage) -> None:
    top = stage.say("Çöpler alınmadı")
    reply = stage.say("Bizde de", author="Can Demir", parent=top)

    outcome = CONNECTOR.send(stage.access(), answer_to(stage, reply))

    (ours,) = stage.ours()
    assert outcome == Sent(ours["external_id"])
    assert (ours["answers"], ours["parent"]) == (reply, top)


def test_a_visitors_post_is_answered_under_it_and_its_author_in_private(stage: Stage) -> None:
    post = stage.say("Parkta ışık yok", kind="mention")
    answer = answer_to(stage, post, to_kind=MessageKind.MENTION, conversation=post)

    outcome = CONNECTOR.send(stage.access(), answer)

    (ours,) = stage.ours()
    assert outcome == Sent(ours["external_id"])
    assert ours["parent"] == post
    assert CONNECTOR.look(stage.access(), answer) == Found(ours["external_id"])


def test_a_comment_is_answered_in_private_once(stage: Stage) -> None:
    comment = stage.say("Çöpler alınmadı")
    private = answer_to(stage, comment, in_private=True)

    first = CONNECTOR.send(stage.access(), private)
    second = CONNECTOR.send(stage.access(), private)

    assert isinstance(first, Sent)
    assert isinstance(second, Refused)
    assert second.reason.startswith("already_replied")
    assert [(one["kind"], one["external_id"]) for one in stage.ours()] == [("dm", first.external_id)]
    assert isinstance(CONNECTOR.look(stage.access(), private), CannotTell)
    assert not CONNECTOR.can_prove_absence(private)


def chat_answer(stage: Stage, text: str = TEXT) -> Outgoing:
    message = stage.say("Merhaba, bir sorum var", kind="dm")
    peer = stage.threads()["chats"][0]["peer_id"]
    keys = (AuthorKey("facebook:1", "7"), AuthorKey(f"facebook:{ACCOUNT}", peer))
    return answer_to(stage, message, text, to_kind=MessageKind.CHAT, conversation=None, recipient=keys)


def test_a_chat_is_answered_under_the_key_this_account_knows(stage: Stage) -> None:
    outcome = CONNECTOR.send(stage.access(), chat_answer(stage))

    (ours,) = stage.ours()
    assert outcome == Sent(ours["external_id"])
    assert (ours["kind"], ours["text"]) == ("dm", TEXT)


def test_a_chat_of_another_account_is_refused_without_a_call(stage: Stage) -> None:
    stranger = replace(chat_answer(stage), recipient=(AuthorKey("facebook:1", "7"),))

    outcome = CONNECTOR.send(stage.access(), stranger)

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("no_recipient")


def test_a_chat_whose_window_closed_is_refused_with_that_reason(stage: Stage) -> None:
    answer = chat_answer(stage)
    stage.control("clock", shift_seconds=25 * 3600)

    outcome = CONNECTOR.send(stage.access(), answer)

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("window_closed")


@pytest.mark.parametrize(
    ("in_private", "most"), [(False, CONNECTOR.max_length), (True, CONNECTOR.max_private_length)]
)
def test_the_longest_text_goes_out_and_a_longer_one_is_refused_by_us(
    stage: Stage, in_private: bool, most: int
) -> None:
    comment = stage.say("Çöpler alınmadı")

    longest = CONNECTOR.send(stage.access(), answer_to(stage, comment, "a" * most, in_private=in_private))
    longer = CONNECTOR.send(
        stage.access(), answer_to(stage, comment, "a" * (most + 1), in_private=in_private)
    )

    assert isinstance(longest, Sent)
    assert isinstance(longer, Refused)
    assert longer.reason.startswith("too_long")


def test_a_comment_that_is_gone_cannot_be_answered(stage: Stage) -> None:
    comment = stage.say("Çöpler alınmadı")
    answer = answer_to(stage, comment)
    stage.control("delete", external_id=comment)

    outcome = CONNECTOR.send(stage.access(), answer)

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("gone")


# --- when it goes wrong -----------------------------------------------------------------------------


def test_a_refusal_is_final(stage: Stage) -> None:
    comment = stage.say("Çöpler alınmadı")
    stage.fault("refuse")

    outcome = CONNECTOR.send(stage.access(), answer_to(stage, comment))

    assert isinstance(outcome, Refused)
    assert stage.ours() == []


def test_a_rate_limit_pauses_the_channel_for_as_long_as_it_says(stage: Stage) -> None:
    comment = stage.say("Çöpler alınmadı")
    stage.fault("rate_limit")

    outcome = CONNECTOR.send(stage.access(), answer_to(stage, comment))

    assert isinstance(outcome, NotSent)
    assert (outcome.retry_after, outcome.pauses_channel) == (60, True)
    assert stage.ours() == []


@pytest.mark.parametrize("fault", ["expired_token", "revoked_scope"])
def test_a_dead_token_is_lost_access_and_nothing_is_out(stage: Stage, fault: str) -> None:
    comment = stage.say("Çöpler alınmadı")
    stage.fault(fault)

    outcome = CONNECTOR.send(stage.access(), answer_to(stage, comment))

    assert isinstance(outcome, AccessLost)
    assert stage.ours() == []


def test_an_answer_that_hung_up_after_posting_is_maybe_sent_and_then_found(stage: Stage) -> None:
    answer = answer_to(stage, stage.say("Çöpler alınmadı"))
    stage.fault("accept_then_hang_up")

    outcome = CONNECTOR.send(stage.access(), answer)
    looked = CONNECTOR.look(stage.access(), answer)

    assert isinstance(outcome, MaybeSent)
    assert looked == Found(stage.ours()[0]["external_id"])


def test_an_answer_that_hung_is_maybe_sent_and_then_proved_absent(stage: Stage) -> None:
    answer = answer_to(stage, stage.say("Çöpler alınmadı"))
    stage.fault("hang")

    outcome = CONNECTOR.send(stage.access(), answer)
    looked = CONNECTOR.look(stage.access(), answer)

    assert isinstance(outcome, MaybeSent)
    assert looked == NotThere()
    assert CONNECTOR.can_prove_absence(answer)
    assert stage.ours() == []


@pytest.mark.parametrize("fault", ["html_error", "server_error"])
def test_a_bad_minute_proves_nothing_about_a_send(stage: Stage, fault: str) -> None:
    answer = answer_to(stage, stage.say("Çöpler alınmadı"))
    stage.fault(fault)

    assert isinstance(CONNECTOR.send(stage.access(), answer), MaybeSent)
    assert CONNECTOR.look(stage.access(), answer) == NotThere()


def test_where_nobody_listens_nothing_was_sent(stage: Stage) -> None:
    comment = stage.say("Çöpler alınmadı")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = replace(stage.access(), base_url=f"http://127.0.0.1:{closed.getsockname()[1]}/graph")

        outcome = CONNECTOR.send(nobody, answer_to(stage, comment))

    assert isinstance(outcome, NotSent)
    assert not outcome.pauses_channel


def test_a_look_that_fails_tells_nothing(stage: Stage) -> None:
    answer = answer_to(stage, stage.say("Çöpler alınmadı"))
    stage.fault("server_error")

    assert isinstance(CONNECTOR.look(stage.access(), answer), CannotTell)


def test_the_same_words_to_two_citizens_of_one_thread_are_told_apart(stage: Stage) -> None:
    top = stage.say("Çöpler alınmadı")
    reply = stage.say("Bizde de", author="Can Demir", parent=top)
    first = CONNECTOR.send(stage.access(), answer_to(stage, top))
    assert isinstance(first, Sent)
    second = answer_to(stage, reply, others=(first.external_id,))

    before = CONNECTOR.look(stage.access(), second)
    sent = CONNECTOR.send(stage.access(), second)
    assert isinstance(sent, Sent)

    assert before == NotThere()
    assert CONNECTOR.look(stage.access(), second) == Found(sent.external_id)


# --- probing ----------------------------------------------------------------------------------------


def test_a_probe_tells_a_live_token_from_a_dead_one_and_from_a_bad_minute(stage: Stage) -> None:
    alive = CONNECTOR.probe(stage.access())
    wrong = CONNECTOR.probe(stage.access(token="somebody-elses"))
    empty = CONNECTOR.probe(replace(stage.access(), credentials={"access_token": SecretStr("")}))
    stage.fault("server_error")
    minute = CONNECTOR.probe(stage.access())

    assert isinstance(alive, ProbeOk)
    assert alive.details["name"] == "Esenyurt Belediyesi"
    assert isinstance(wrong, ProbeFailed)
    assert wrong.access_lost
    assert isinstance(empty, ProbeFailed)
    assert empty.access_lost
    assert isinstance(minute, ProbeFailed)
    assert not minute.access_lost


def test_the_token_of_another_account_is_no_access(stage: Stage) -> None:
    outcome = CONNECTOR.probe(stage.access(token="sandbox-token-facebook-baskan"))

    assert isinstance(outcome, ProbeFailed)
    assert outcome.access_lost


# --- catching up ------------------------------------------------------------------------------------


def test_a_poll_finds_posts_comments_and_replies_in_their_places(stage: Stage) -> None:
    comment = stage.say("Çöpler alınmadı")
    reply = stage.say("Bizde de", author="Can Demir", parent=comment)
    CONNECTOR.send(stage.access(), answer_to(stage, comment))

    (page,) = poll_all(stage, "feed")

    post, found = post_of(stage), seen_in(page)
    assert (found[post].kind, found[post].from_us) == (MessageKind.POST, True)
    assert found[post].permalink
    assert (found[comment].text, found[comment].parent_external_id) == ("Çöpler alınmadı", post)
    assert found[reply].parent_external_id == comment
    assert found[reply].conversation == post
    assert found[stage.ours()[0]["external_id"]].from_us


def test_a_page_that_did_not_change_has_the_same_digest_and_one_that_did_another(stage: Stage) -> None:
    (first,) = poll_all(stage, "feed")
    (second,) = poll_all(stage, "feed", first.cursor)
    stage.say("Çöpler alınmadı")
    (third,) = poll_all(stage, "feed", second.cursor)

    assert first.digest == second.digest
    assert third.digest != second.digest


def test_all_that_came_since_the_last_poll_is_read_however_much_it_is(stage: Stage) -> None:
    (first,) = poll_all(stage, "feed")
    comments = [stage.say(f"Şikâyet {number}", author=f"Vatandaş {number}") for number in range(120)]

    pages = poll_all(stage, "feed", first.cursor)

    assert set(comments) <= set(seen_in(*pages))
    assert len(pages) == 3


def test_a_first_poll_does_not_import_the_past(stage: Stage) -> None:
    for number in range(60):
        stage.say(f"Şikâyet {number}")

    assert len(poll_all(stage, "feed")) == 1


def test_a_new_comment_under_an_old_post_is_found_by_the_survey(stage: Stage) -> None:
    old = str(stage.threads()["posts"][-1]["external_id"])
    for number in range(12):
        stage.say(f"Duyuru {number}", by_us=True)
    stage.control("clock", shift_seconds=3600)
    head, survey = poll_all(stage, "feed")[-1], poll_all(stage, "survey")[-1]
    comment = stage.say("Bu yol hâlâ bozuk", parent=old)

    in_head = seen_in(*poll_all(stage, "feed", head.cursor))
    surveyed = poll_all(stage, "survey", survey.cursor)

    assert comment not in in_head
    found = seen_in(*surveyed)
    assert (found[comment].text, found[comment].conversation) == ("Bu yol hâlâ bozuk", old)
    assert found.keys() == {comment}


def test_a_survey_in_which_nothing_is_new_reads_no_comments(stage: Stage) -> None:
    stage.say("Çöpler alınmadı")
    first = poll_all(stage, "survey")

    second = poll_all(stage, "survey", first[-1].cursor)

    assert [len(first), len(second)] == [1, 1]
    assert first[0].digest == second[0].digest


def test_a_post_that_vanished_meanwhile_does_not_stop_the_polls(stage: Stage) -> None:
    cursor = (
        '{"since": "2026-01-01T00:00:00Z", "started": "2026-01-01T00:00:00Z", "open": [{"post": "404404"}]}'
    )
    comment = stage.say("Çöpler alınmadı")

    pages = poll_all(stage, "feed", cursor)

    assert comment in seen_in(*pages)


def test_a_cursor_nobody_can_read_begins_anew(stage: Stage) -> None:
    comment = stage.say("Çöpler alınmadı")

    for cursor in ("of an older version", '{"after": "bm93aGVyZQ"}'):
        assert comment in seen_in(*poll_all(stage, "feed", cursor))


def test_the_body_of_a_poll_is_kept_to_the_letter(stage: Stage) -> None:
    stage.say("Çöp 🗑️ «alınmadı»")

    (page,) = poll_all(stage, "feed")

    polled = Polled.from_bytes(page.body)
    assert polled is not None
    assert (polled.platform, polled.account, polled.edge) == ("facebook", ACCOUNT, "feed")
    assert "\\ud83d\\uddd1" in polled.body
    assert "sandbox-token" not in polled.body


def test_a_poll_that_fails_says_why(stage: Stage) -> None:
    stage.fault("rate_limit")
    with pytest.raises(RateLimited):
        CONNECTOR.poll(stage.access(), "feed", None)
    with pytest.raises(AccessExpired):
        CONNECTOR.poll(stage.access(token="dead"), "feed", None)
