"""Comparing a page of a platform with what we hold; whole runs are in tests/worker/test_reconcile.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from inbox import clock, queries
from inbox.db import transaction
from inbox.ingest import comparison
from inbox.ingest.comparison import Comparison
from inbox.models import ReconcileDifference
from inbox.states import DifferenceKind
from inbox.values import MessageKind, MessageSeen

Seen = Callable[..., MessageSeen]
Arrive = Callable[..., int]
HOUR = timedelta(hours=1)


@pytest.fixture
def run(city: SimpleNamespace) -> Comparison:
    """A run over an X account, of the last days until two minutes ago."""
    with transaction() as session:
        channel = queries.channel(session, "x-belediye")
        moment = clock.now()
        return Comparison(
            channel.id, moment - comparison.WINDOW, moment - comparison.SETTLING, whole_account=True
        )


def page(run: Comparison, *told: MessageSeen) -> bool:
    with transaction() as session:
        return run.compare_page(session, told)


def differences() -> list[tuple[DifferenceKind, str]]:
    with transaction() as session:
        rows = session.scalars(select(ReconcileDifference).where(ReconcileDifference.resolved_at.is_(None)))
        return [(row.kind, row.external_id) for row in rows]


def at(moment: datetime) -> dict[str, datetime]:
    return {"sent_at": moment, "observed_at": moment}


def test_a_page_that_says_what_we_hold_is_no_news(run: Comparison, seen: Seen, arrive: Arrive) -> None:
    said = seen("yol bozuk", **at(clock.now() - HOUR))
    arrive(said)
    assert not page(run, said)
    assert differences() == []


def test_a_message_we_do_not_hold_is_news_and_a_difference(run: Comparison, seen: Seen) -> None:
    said = seen("yol bozuk", **at(clock.now() - HOUR))
    assert page(run, said)
    assert differences() == [(DifferenceKind.MISSING, said.external_id)]


def test_what_was_said_a_moment_ago_is_news_but_no_difference(run: Comparison, seen: Seen) -> None:
    assert page(run, seen("yol bozuk", **at(clock.now())))
    assert differences() == []


@pytest.mark.parametrize("what", ["before the window", "a post", "by an account of ours"])
def test_what_is_no_citizens_word_of_these_days_is_not_compared(
    run: Comparison, seen: Seen, what: str
) -> None:
    said = seen("eski", **at(clock.now() - HOUR))
    if what == "before the window":
        said = replace(said, sent_at=run.since - HOUR, observed_at=run.since - HOUR)
    elif what == "a post":
        said = replace(said, kind=MessageKind.POST)
    else:
        author = said.author
        assert author is not None
        said = replace(said, author=replace(author, keys=(replace(author.keys[0], value="2"),)))
    assert not page(run, said)
    assert differences() == []


def test_a_difference_that_is_found_no_more_is_resolved_by_the_next_run(
    run: Comparison, seen: Seen, arrive: Arrive
) -> None:
    said = seen("yol bozuk", **at(clock.now() - HOUR))
    page(run, said)
    with transaction() as session:
        assert run.finish(session) == 1
    arrive(said)
    again = Comparison(run.channel_id, run.since, run.until, whole_account=True)
    page(again, said)
    with transaction() as session:
        assert again.finish(session) == 0
    assert differences() == []


def test_nothing_is_called_vanished_where_no_citizens_word_was_shown(
    run: Comparison, seen: Seen, arrive: Arrive
) -> None:
    here, gone = (seen(words, who=words, **at(clock.now() - HOUR)) for words in ("burada", "silinmis"))
    arrive(here, gone)

    def vanished() -> list[str]:
        with transaction() as session:
            return run.unseen_messages(session, [MessageKind.COMMENT])

    assert vanished() == []
    page(run, here)
    assert vanished() == [gone.external_id]


def test_a_channel_is_compared_from_when_it_was_ours(
    city: SimpleNamespace, seen: Seen, arrive: Arrive
) -> None:
    def since() -> timedelta:
        with transaction() as session:
            since, until = comparison.comparable_window(session, queries.channel(session, "x-belediye"))
            assert clock.now() - until >= comparison.SETTLING
            return clock.now() - since

    assert since() >= comparison.WINDOW
    arrive(seen("ilk söz"))
    assert since() < comparison.SETTLING + timedelta(minutes=1)
