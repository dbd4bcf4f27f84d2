"""Who polls a channel, and what becomes of it when that worker dies."""

from __future__ import annotations

from datetime import timedelta

from inbox.clock import now
from tests.worker.conftest import Town, ahead
from worker import calling, polling


def test_a_poll_whose_worker_died_is_taken_up_by_another_within_a_minute(town: Town) -> None:
    town.only("x-belediye")
    external_id = town.say("x-belediye")
    assert polling._claim() is not None
    ahead(polling.LEASE.total_seconds() - 5)
    assert polling.run() == 0

    ahead(60)

    assert polling.run() == 1
    assert town.heard() == {external_id}


def test_a_poll_of_many_pages_keeps_its_channel_to_itself(town: Town) -> None:
    town.only("x-belediye")
    claimed = polling._claim()
    assert claimed is not None
    ahead(polling.LEASE.total_seconds() - 5)

    polling._poll_edge(calling.open_session(town.channel("x-belediye")), "mentions")

    until = town.channel("x-belediye").polling_until
    assert until is not None
    assert until - now() > polling.LEASE - timedelta(seconds=5)
