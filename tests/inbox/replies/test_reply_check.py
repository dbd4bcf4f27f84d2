"""What a person is shown to settle a reply that may be public."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from inbox import clock, queries
from inbox.channels import comparison_runs
from inbox.db import transaction
from inbox.models import Reply
from inbox.replies import reply_check
from inbox.values import MessageSeen, Sent
from tests.support.steps import end

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]


def case(reply: Reply) -> reply_check.Case:
    with transaction() as session:
        return reply_check.case(session, session.get_one(Reply, reply.id))


def test_what_may_be_public_waits_for_a_person_until_it_is_settled(uncertain: Reply) -> None:
    with transaction() as session:
        assert [one.id for one in reply_check.waiting(session)] == [uncertain.id]
    end(uncertain, Sent("found-1"))
    with transaction() as session:
        assert reply_check.waiting(session) == []


def test_everything_under_the_same_post_stands_around_a_public_reply_oldest_first(
    uncertain: Reply, seen: Seen, arrive: Arrive
) -> None:
    first = seen("ben de soracaktım", who="bekir")
    arrive(replace(first, sent_at=first.sent_at - timedelta(hours=1)))
    arrive(seen("başka konu", who="cemile", conversation="post-2", parent_external_id="post-2"))

    found = case(uncertain)

    assert not found.is_private
    told = [(one.message.text, one.is_answered) for one in found.entries if one.message]
    assert told == [("ben de soracaktım", False), ("kaçta?", True)]
    assert found.read_at is None, "the platform was never read whole"


def test_the_case_tells_when_the_platform_was_last_read_whole(uncertain: Reply) -> None:
    with transaction() as session:
        channel = queries.channel(session, "x-belediye")
        comparison_runs.schedule(session, channel)
        comparison_runs.finish(session, channel.id, differences=0)
    assert case(uncertain).read_at is not None


def test_looking_again_is_due_at_once_and_reads_the_whole_where_that_can_be(uncertain: Reply) -> None:
    for key, can_be_read in (("wa", False), ("x-belediye", True)):
        with transaction() as session:
            reply = session.get_one(Reply, uncertain.id)
            reply_check.check_again(session, reply, queries.channel(session, key))
        with transaction() as session:
            assert bool(comparison_runs.runs(session)) == can_be_read
    with transaction() as session:
        due = session.scalars(select(Reply.next_look_at)).one()
        assert due is not None
        assert due <= clock.now()
