"""The broker holds wake-ups and nothing else: whoever empties it delays at most until the next minute."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import redis
from sqlalchemy import func, select

from celery_config import app
from inbox import ingest
from inbox.db import transaction
from inbox.models import Message, RawEvent
from inbox.settings import Settings
from inbox.states import RawEventState
from stack import programs
from tests.support.running_demo import eventually
from tests.support.town import Town, found_town, town
from worker import tasks

__all__ = ["found_town", "town"]

EVENTS = 500
SWEEP_SECONDS = Settings.model_fields["sweep_seconds"].default


def body(number: int) -> bytes:
    """A WhatsApp message of a citizen of its own."""
    return (
        '{"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages",'
        ' "value": {"metadata": {"phone_number_id": "105500000000001"}, "messages": [{"type": "text",'
        f' "from": "9053200{number:05}", "id": "wamid.{number}", "timestamp": "1790000000",'
        f' "text": {{"body": "Sokak lambası yanmıyor, numara {number}"}}}}]}}}}]}}]}}'
    ).encode()


def waiting() -> int:
    """How many bodies nobody has applied."""
    with transaction() as session:
        pending = select(func.count()).where(RawEvent.state == RawEventState.PENDING)
        return session.scalar(pending) or 0


@contextmanager
def real_worker(broker_url: str, log: Path) -> Iterator[None]:
    """A worker process as `cozum up` starts it, that takes what comes; ended with the block."""
    command = programs.worker({**os.environ, "BROKER_URL": broker_url})
    with log.open("wb") as output:
        process = subprocess.Popen(command.argv, env=command.env, stdout=output, stderr=subprocess.STDOUT)
    try:
        eventually(lambda: "ready." in log.read_text(), within=60, what="the worker ready")
        yield
    finally:
        process.terminate()
        process.wait(40)


def test_a_flushed_broker_delays_five_hundred_events_no_longer_than_a_sweep(
    town: Town, broker_url: str, tmp_path: Path
) -> None:
    """Their wake-ups are gone. The next sweep, at most a minute later, applies them all in one go: no event
    waits for a second one.
    """
    assert SWEEP_SECONDS <= 60
    with transaction() as session:
        for number in range(EVENTS):
            ingest.store_raw_event(session, "hook:meta", body(number))
    with (
        closing(redis.Redis.from_url(broker_url.replace("redis+socket://", "unix://"))) as broker,
        app.connection_for_write(url=broker_url) as connection,
    ):
        tasks.ingest.apply_async(connection=connection)
        assert broker.llen("ingest") == 1
        broker.flushall()
        with real_worker(broker_url, tmp_path / "worker.log"):
            assert waiting() == EVENTS, "no wake-up was left"

            tasks.sweep.apply_async(connection=connection)  # the one of this minute

            eventually(lambda: not waiting(), within=SWEEP_SECONDS, what="all of them applied")
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == EVENTS
