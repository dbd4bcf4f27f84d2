"""When a channel is compared with its platform is kept on a row, and outlives every worker."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from sqlalchemy import select

from inbox import clock, queries
from inbox.channels import comparison_runs
from inbox.channels.comparison_runs import Run
from inbox.db import transaction
from inbox.models import ChannelCursor


def test_a_channel_that_was_asked_for_is_due_and_its_tries_begin_anew(city: SimpleNamespace) -> None:
    with transaction() as session:
        channel = queries.channel(session, "x-belediye")
        comparison_runs.write(session, channel.id, Run(tries=3, differences=2, failure="429"))
    with transaction() as session:
        comparison_runs.ask(session, queries.channel(session, "x-belediye"))

    with transaction() as session:
        runs = comparison_runs.runs(session)
    assert set(runs) == {"x-belediye"}, "nobody asked for the others"
    run = runs["x-belediye"]
    assert run.due is not None
    assert clock.now() - run.due < timedelta(minutes=1)
    assert (run.tries, run.differences, run.failure) == (0, 2, "429")


def test_what_another_version_wrote_counts_as_no_run(city: SimpleNamespace) -> None:
    with transaction() as session:
        channel = queries.channel(session, "x-belediye")
        comparison_runs.ask(session, channel)
        session.flush()
        session.scalars(select(ChannelCursor)).one().cursor = '{"due": "soon", "tries": "many"}'

    with transaction() as session:
        assert comparison_runs.runs(session) == {"x-belediye": Run()}
