"""What a Facebook page answers otherwise than Instagram, against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from inbox.values import Found, MaybeSent, MessageKind, NotThere, Sent

GraphStage = Any  # of conftest.py, which tests do not import
pytestmark = pytest.mark.parametrize("graph_stage", ["facebook"], indirect=True)


def test_an_answer_to_a_reply_stands_under_the_same_comment(graph_stage: GraphStage) -> None:
    top = graph_stage.say("Çöpler alınmadı")
    reply = graph_stage.say("Bizde de", author="Can Demir", parent=top)

    outcome = graph_stage.send(graph_stage.answer_to(reply))

    (ours,) = graph_stage.ours()
    assert outcome == Sent(ours["external_id"])
    assert (ours["answers"], ours["parent"]) == (reply, top)


def test_a_visitors_post_is_answered_under_it_and_its_author_in_private(graph_stage: GraphStage) -> None:
    post = graph_stage.say("Parkta ışık yok", kind="mention")
    answer = graph_stage.answer_to(post, to_kind=MessageKind.MENTION, conversation=post)

    outcome = graph_stage.send(answer)

    (ours,) = graph_stage.ours()
    assert outcome == Sent(ours["external_id"])
    assert ours["parent"] == post
    assert graph_stage.look(answer) == Found(ours["external_id"])


@pytest.mark.parametrize("fault", ["html_error", "server_error"])
def test_a_bad_minute_proves_nothing_about_a_send(graph_stage: GraphStage, fault: str) -> None:
    answer = graph_stage.answer_to(graph_stage.say("Çöpler alınmadı"))
    graph_stage.fault(fault)

    assert isinstance(graph_stage.send(answer), MaybeSent)
    assert graph_stage.look(answer) == NotThere()
