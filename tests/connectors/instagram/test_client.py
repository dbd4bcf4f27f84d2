"""What an Instagram account answers otherwise than a page, against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from inbox.values import CannotTell, MaybeSent, MessageKind, NotSent, Sent

GraphStage = Any  # of conftest.py, which tests do not import
pytestmark = pytest.mark.parametrize("graph_stage", ["instagram"], indirect=True)

ANSWER = "Ekibimiz yarın saat 10.00'da Zafer Mahallesi'nde."


def test_an_answer_to_a_reply_goes_to_the_top_comment_and_names_the_citizen(graph_stage: GraphStage) -> None:
    top = graph_stage.say("Çöpler alınmadı")
    reply = graph_stage.say("Bizde de", author="Can Demir", parent=top)
    handle = graph_stage.seen_in(*graph_stage.poll_all("media"))[reply].author
    assert handle is not None

    outcome = graph_stage.send(graph_stage.answer_to(reply))

    (ours,) = graph_stage.ours()
    assert outcome == Sent(ours["external_id"])
    assert ours["parent"] == top
    assert ours["text"] == f"@{handle.handle} {ANSWER}"


def test_the_name_is_not_put_twice(graph_stage: GraphStage) -> None:
    top = graph_stage.say("Çöpler alınmadı")
    reply = graph_stage.say("Bizde de", author="Can Demir", parent=top)
    author = graph_stage.seen_in(*graph_stage.poll_all("media"))[reply].author
    assert author is not None

    graph_stage.send(graph_stage.answer_to(reply, f"@{author.handle} bakıyoruz."))

    assert [one["text"] for one in graph_stage.ours()] == [f"@{author.handle} bakıyoruz."]


def test_a_mention_is_answered_where_it_stands(graph_stage: GraphStage) -> None:
    post = graph_stage.say("@esenyurtbelediye parkta ışık yok", kind="mention")
    answer = graph_stage.answer_to(post, to_kind=MessageKind.UNSUPPORTED, conversation=post)

    outcome = graph_stage.send(answer)

    assert isinstance(outcome, Sent)
    assert [one["parent"] for one in graph_stage.ours()] == [post]
    in_comment = graph_stage.say("@esenyurtbelediye bizde de", author="Can Demir", parent=post)
    graph_stage.send(graph_stage.answer_to(in_comment, to_kind=MessageKind.UNSUPPORTED, conversation=post))
    assert [one["answers"] for one in graph_stage.ours()] == [post, in_comment]
    assert isinstance(graph_stage.look(answer), CannotTell)
    assert not graph_stage.connector.can_prove_absence(answer)


@pytest.mark.parametrize("fault", ["html_error", "server_error"])
def test_a_bad_minute_before_the_send_itself_leaves_it_not_sent(graph_stage: GraphStage, fault: str) -> None:
    answer = graph_stage.answer_to(graph_stage.say("Çöpler alınmadı"))
    graph_stage.fault(fault)

    assert isinstance(graph_stage.send(answer), NotSent)
    assert graph_stage.ours() == []


@pytest.mark.parametrize("fault", ["html_error", "server_error"])
def test_a_bad_minute_proves_nothing_about_a_send(graph_stage: GraphStage, fault: str) -> None:
    answer = graph_stage.chat_answer()
    graph_stage.fault(fault)

    assert isinstance(graph_stage.send(answer), MaybeSent)
