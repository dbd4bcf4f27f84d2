"""Answering, looking and probing on Facebook and Instagram, against the sandbox."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import pytest

from inbox.values import (
    AccessLost,
    AuthorKey,
    CannotTell,
    Found,
    MaybeSent,
    NotSent,
    NotThere,
    ProbeFailed,
    ProbeOk,
    Refused,
    Sent,
)

GraphStage = Any  # of conftest.py, which tests do not import

ANSWER = "Ekibimiz yarın saat 10.00'da Zafer Mahallesi'nde."


# --- sending ----------------------------------------------------------------------------------------


def test_an_answer_stands_publicly_under_the_comment(graph_stage: GraphStage) -> None:
    comment = graph_stage.say("Çöpler alınmadı")

    outcome = graph_stage.send(graph_stage.answer_to(comment))

    (ours,) = graph_stage.ours()
    assert outcome == Sent(ours["external_id"])
    assert (ours["text"], ours["parent"]) == (ANSWER, comment)


def test_a_comment_is_answered_in_private_once(graph_stage: GraphStage) -> None:
    comment = graph_stage.say("Çöpler alınmadı")
    private = graph_stage.answer_to(comment, in_private=True)

    first = graph_stage.send(private)
    second = graph_stage.send(private)

    assert isinstance(first, Sent)
    assert isinstance(second, Refused)
    assert second.reason.startswith("already_replied")
    assert [(one["kind"], one["external_id"]) for one in graph_stage.ours()] == [("dm", first.external_id)]
    assert isinstance(graph_stage.look(private), CannotTell)
    assert not graph_stage.connector.can_prove_absence(private)


def test_a_chat_is_answered_under_the_key_this_account_knows(graph_stage: GraphStage) -> None:
    outcome = graph_stage.send(graph_stage.chat_answer())

    (ours,) = graph_stage.ours()
    assert outcome == Sent(ours["external_id"])
    assert (ours["kind"], ours["text"]) == ("dm", ANSWER)


def test_a_chat_of_another_account_is_refused_without_a_call(graph_stage: GraphStage) -> None:
    stranger = replace(graph_stage.chat_answer(), recipient=(AuthorKey(f"{graph_stage.platform}:1", "7"),))

    outcome = graph_stage.send(stranger)

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("no_recipient")


def test_a_chat_whose_window_closed_is_refused_with_that_reason(graph_stage: GraphStage) -> None:
    answer = graph_stage.chat_answer()
    graph_stage.control("clock", shift_seconds=25 * 3600)

    outcome = graph_stage.send(answer)

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("window_closed")


@pytest.mark.parametrize("in_private", [False, True])
def test_the_longest_text_goes_out_and_a_longer_one_is_refused_by_us(
    graph_stage: GraphStage, in_private: bool
) -> None:
    connector = graph_stage.connector
    most = connector.traits.longest(private=in_private)
    comment = graph_stage.say("Çöpler alınmadı")

    longest = graph_stage.send(graph_stage.answer_to(comment, "a" * most, in_private=in_private))
    longer = graph_stage.connector.send(
        graph_stage.access(), graph_stage.answer_to(comment, "a" * (most + 1), in_private=in_private)
    )

    assert isinstance(longest, Sent)
    assert isinstance(longer, Refused)
    assert longer.reason.startswith("too_long")


def test_a_comment_that_is_gone_cannot_be_answered(graph_stage: GraphStage) -> None:
    comment = graph_stage.say("Çöpler alınmadı")
    answer = graph_stage.answer_to(comment)
    graph_stage.control("delete", external_id=comment)

    outcome = graph_stage.send(answer)

    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith("gone")


# --- when it goes wrong -----------------------------------------------------------------------------


def test_a_refusal_is_final(graph_stage: GraphStage) -> None:
    comment = graph_stage.say("Çöpler alınmadı")
    graph_stage.fault("refuse")

    outcome = graph_stage.send(graph_stage.answer_to(comment))

    assert isinstance(outcome, Refused)
    assert graph_stage.ours() == []


def test_a_rate_limit_pauses_the_channel_for_as_long_as_it_says(graph_stage: GraphStage) -> None:
    comment = graph_stage.say("Çöpler alınmadı")
    graph_stage.fault("rate_limit")

    outcome = graph_stage.send(graph_stage.answer_to(comment))

    assert isinstance(outcome, NotSent)
    assert (outcome.retry_after, outcome.pauses_channel) == (60, True)
    assert graph_stage.ours() == []


@pytest.mark.parametrize("fault", ["expired_token", "revoked_scope"])
def test_a_dead_token_is_lost_access_and_nothing_is_out(graph_stage: GraphStage, fault: str) -> None:
    comment = graph_stage.say("Çöpler alınmadı")
    graph_stage.fault(fault)

    outcome = graph_stage.send(graph_stage.answer_to(comment))

    assert isinstance(outcome, AccessLost)
    assert graph_stage.ours() == []


def test_an_answer_that_hung_up_after_posting_is_maybe_sent_and_then_found(graph_stage: GraphStage) -> None:
    answer = graph_stage.answer_to(graph_stage.say("Çöpler alınmadı"))
    graph_stage.fault("accept_then_hang_up")

    outcome = graph_stage.send(answer)
    looked = graph_stage.look(answer)

    assert isinstance(outcome, MaybeSent)
    assert looked == Found(graph_stage.ours()[0]["external_id"])


def test_an_answer_that_hung_is_maybe_sent_and_then_proved_absent(graph_stage: GraphStage) -> None:
    answer = graph_stage.answer_to(graph_stage.say("Çöpler alınmadı"))
    graph_stage.fault("hang")

    outcome = graph_stage.send(answer)
    looked = graph_stage.look(answer)

    assert isinstance(outcome, MaybeSent)
    assert looked == NotThere()
    assert graph_stage.connector.can_prove_absence(answer)
    assert graph_stage.ours() == []


def test_where_nobody_listens_nothing_was_sent(graph_stage: GraphStage) -> None:
    comment = graph_stage.say("Çöpler alınmadı")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = replace(graph_stage.access(), base_url=f"http://127.0.0.1:{closed.getsockname()[1]}/graph")

        outcome = graph_stage.connector.send(nobody, graph_stage.answer_to(comment))

    assert isinstance(outcome, NotSent)
    assert not outcome.pauses_channel


def test_a_look_that_fails_tells_nothing(graph_stage: GraphStage) -> None:
    answer = graph_stage.answer_to(graph_stage.say("Çöpler alınmadı"))
    graph_stage.fault("server_error")

    assert isinstance(graph_stage.look(answer), CannotTell)


def test_the_same_words_to_two_citizens_of_one_thread_are_told_apart(graph_stage: GraphStage) -> None:
    top = graph_stage.say("Çöpler alınmadı")
    reply = graph_stage.say("Bizde de", author="Can Demir", parent=top)
    first = graph_stage.send(graph_stage.answer_to(top))
    assert isinstance(first, Sent)
    second = graph_stage.answer_to(reply, others=(first.external_id,))

    before = graph_stage.look(second)
    sent = graph_stage.send(second)
    assert isinstance(sent, Sent)

    assert before == NotThere()
    assert graph_stage.look(second) == Found(sent.external_id)


# --- probing ----------------------------------------------------------------------------------------


def test_a_probe_tells_a_live_token_from_a_dead_one_and_from_a_bad_minute(graph_stage: GraphStage) -> None:
    alive = graph_stage.connector.probe(graph_stage.access())
    wrong = graph_stage.connector.probe(graph_stage.access(token="somebody-elses"))
    empty = graph_stage.connector.probe(graph_stage.access(token=""))
    graph_stage.fault("server_error")
    minute = graph_stage.connector.probe(graph_stage.access())

    assert isinstance(alive, ProbeOk)
    assert alive.details["name"] == "Esenyurt Belediyesi"
    assert isinstance(wrong, ProbeFailed)
    assert wrong.access_lost
    assert isinstance(empty, ProbeFailed)
    assert empty.access_lost
    assert isinstance(minute, ProbeFailed)
    assert not minute.access_lost


def test_the_token_of_another_account_is_no_access(graph_stage: GraphStage) -> None:
    outcome = graph_stage.connector.probe(
        graph_stage.access(token=f"sandbox-token-{graph_stage.platform}-baskan")
    )

    assert isinstance(outcome, ProbeFailed)
    assert outcome.access_lost
