"""What machines are told without a token."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, text

from inbox import db
from inbox.clock import now
from inbox.models import Channel, RawEvent
from tests.support.front import knocking
from tests.support.waiting import somebody_waits_for_a_lock, until
from web.serving import machines


def test_healthz_is_well_while_the_database_answers_and_the_broker_does_not(app: Flask) -> None:
    assert app.test_client().get("/healthz").status_code == 200


def test_healthz_says_within_seconds_that_the_database_does_not_answer(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    monkeypatch.setattr(machines, "engine", lambda: away)
    assert app.test_client().get("/healthz").status_code == 503


def test_healthz_does_not_hang_with_a_database_that_hangs(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = text("SELECT pg_advisory_xact_lock(7)")

    def hang() -> None:
        with db.engine().connect() as connection:
            connection.execute(lock)

    monkeypatch.setattr(machines, "_ask_database", hang)
    monkeypatch.setattr(machines, "HEALTH_PATIENCE_SECONDS", 0.3)
    with db.transaction() as session:
        session.execute(lock)
        for _ in range(3):  # each comes back, although the database does not
            assert app.test_client().get("/healthz").status_code == 503
    until(lambda: not somebody_waits_for_a_lock())


def test_metrics_count_what_waits_and_never_name_anybody(database: None) -> None:
    with db.transaction() as session:
        session.add(RawEvent(source="hook:meta", body=b"{}", digest=b"1", received_at=now()))
        session.add(Channel(key="x-belediye", platform="x", external_id="15", name="Belediye"))
    with knocking() as client:
        client.post("/hooks/x", data=b"{}")
        answer = client.get("/metrics")
    assert answer.status_code == 200
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert told["cozum_hooks_stored_total", "meta"] == 1
    assert told["cozum_hooks_rejected_total", "x"] == 1
    assert told["cozum_raw_events", "PENDING"] == 1
    assert told["cozum_oldest_seconds", "ingest"] >= 0
    assert told["cozum_oldest_seconds", "send"] == 0
    assert told["cozum_channel_healthy", "x-belediye", "x"] == 0
    assert not re.search("Belediye", answer.text)
