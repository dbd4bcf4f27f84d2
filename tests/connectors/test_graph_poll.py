"""Catching up on Facebook and Instagram, against the sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.contract import Polled
from connectors.http import AccessExpired, RateLimited
from inbox.values import MessageKind

GraphStage = Any  # of conftest.py, which tests do not import


def test_a_poll_finds_posts_comments_and_replies_in_their_places(graph_stage: GraphStage) -> None:
    comment = graph_stage.say("Çöpler alınmadı")
    reply = graph_stage.say("Bizde de", author="Can Demir", parent=comment)
    graph_stage.send(graph_stage.answer_to(comment))

    (page,) = graph_stage.poll_all(graph_stage.head)

    post, found = graph_stage.latest_post(), graph_stage.seen_in(page)
    assert (found[post].kind, found[post].from_us) == (MessageKind.POST, True)
    assert found[post].permalink
    assert (found[comment].text, found[comment].parent_external_id) == ("Çöpler alınmadı", post)
    assert found[reply].parent_external_id == comment
    assert found[reply].conversation == post
    assert found[graph_stage.ours()[0]["external_id"]].from_us


def test_a_page_has_another_digest_only_when_it_changed(
    graph_stage: GraphStage,
) -> None:
    (first,) = graph_stage.poll_all(graph_stage.head)
    (second,) = graph_stage.poll_all(graph_stage.head, first.cursor)
    graph_stage.say("Çöpler alınmadı")
    (third,) = graph_stage.poll_all(graph_stage.head, second.cursor)

    assert first.digest == second.digest
    assert third.digest != second.digest


def test_all_that_came_since_the_last_poll_is_read_however_much_it_is(graph_stage: GraphStage) -> None:
    (first,) = graph_stage.poll_all(graph_stage.head)
    comments = [graph_stage.say(f"Şikâyet {number}", author=f"Vatandaş {number}") for number in range(120)]

    pages = graph_stage.poll_all(graph_stage.head, first.cursor)

    assert set(comments) <= set(graph_stage.seen_in(*pages))
    assert len(pages) == 3


def test_a_first_poll_does_not_import_the_past(graph_stage: GraphStage) -> None:
    for number in range(60):
        graph_stage.say(f"Şikâyet {number}")

    assert len(graph_stage.poll_all(graph_stage.head)) == 1


def test_a_new_comment_under_an_old_post_is_found_by_the_survey(graph_stage: GraphStage) -> None:
    old = str(graph_stage.threads()["posts"][-1]["external_id"])
    for number in range(12):
        graph_stage.say(f"Duyuru {number}", by_us=True)
    graph_stage.control("clock", shift_seconds=3600)
    head, survey = graph_stage.poll_all(graph_stage.head)[-1], graph_stage.poll_all("survey")[-1]
    comment = graph_stage.say("Bu yol hâlâ bozuk", parent=old)

    in_head = graph_stage.seen_in(*graph_stage.poll_all(graph_stage.head, head.cursor))
    surveyed = graph_stage.poll_all("survey", survey.cursor)

    assert comment not in in_head
    found = graph_stage.seen_in(*surveyed)
    assert (found[comment].text, found[comment].conversation) == ("Bu yol hâlâ bozuk", old)
    assert found.keys() == {comment}


def test_a_survey_in_which_nothing_is_new_reads_no_comments(graph_stage: GraphStage) -> None:
    graph_stage.say("Çöpler alınmadı")
    first = graph_stage.poll_all("survey")

    second = graph_stage.poll_all("survey", first[-1].cursor)

    assert [len(first), len(second)] == [1, 1]
    assert first[0].digest == second[0].digest


def test_a_post_that_vanished_meanwhile_does_not_stop_the_polls(graph_stage: GraphStage) -> None:
    cursor = (
        '{"since": "2026-01-01T00:00:00Z", "started": "2026-01-01T00:00:00Z", "open": [{"post": "404404"}]}'
    )
    comment = graph_stage.say("Çöpler alınmadı")

    pages = graph_stage.poll_all(graph_stage.head, cursor)

    assert comment in graph_stage.seen_in(*pages)


@pytest.mark.parametrize(("begun_anew", "is_read"), [(0, True), (3, False)])
def test_a_post_whose_cursor_is_forgotten_is_read_from_its_top_but_not_for_ever(
    graph_stage: GraphStage, begun_anew: int, is_read: bool
) -> None:
    comment = graph_stage.say("Çöpler alınmadı")
    opened = {"post": graph_stage.latest_post(), "after": "bm93aGVyZQ", "pages": 1, "again": begun_anew}
    cursor = {"since": "2026-01-01T00:00:00Z", "started": "2026-01-01T00:00:00Z", "open": [opened]}

    pages = graph_stage.poll_all("survey", json.dumps(cursor))

    assert (comment in graph_stage.seen_in(*pages)) is is_read


def test_a_cursor_nobody_can_read_begins_anew(graph_stage: GraphStage) -> None:
    comment = graph_stage.say("Çöpler alınmadı")

    for cursor in ("of an older version", '{"after": "bm93aGVyZQ"}'):
        assert comment in graph_stage.seen_in(*graph_stage.poll_all(graph_stage.head, cursor))


def test_the_body_of_a_poll_is_kept_to_the_letter(graph_stage: GraphStage) -> None:
    graph_stage.say("Çöp 🗑️ «alınmadı»")

    (page,) = graph_stage.poll_all(graph_stage.head)

    polled = Polled.from_bytes(page.body)
    assert polled is not None
    assert (polled.platform, polled.account, polled.edge) == (
        graph_stage.platform,
        graph_stage.account,
        graph_stage.head,
    )
    assert "\\ud83d\\uddd1" in polled.body
    assert "sandbox-token" not in polled.body


def test_a_poll_that_fails_says_why(graph_stage: GraphStage) -> None:
    graph_stage.fault("rate_limit")
    with pytest.raises(RateLimited):
        graph_stage.connector.poll(graph_stage.access(), graph_stage.head, None)
    with pytest.raises(AccessExpired):
        graph_stage.connector.poll(graph_stage.access(token="dead"), graph_stage.head, None)
