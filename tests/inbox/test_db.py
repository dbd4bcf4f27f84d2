"""Connections that died in the pool: noticed where they lay idle, and survived by the body of a hook."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from inbox import db
from inbox.arrivals import Arrivals
from inbox.models import RawEvent
from tests.support.waiting import until


def kill_the_pool() -> None:
    """Leave a connection in the pool whose other end is gone, as a restart of the database does."""
    db.engine().dispose()
    with db.engine().connect() as held:
        with db.engine().connect() as left:
            pid = left.scalar(text("SELECT pg_backend_pid()"))
        held.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        until(
            lambda: (
                not held.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"), {"pid": pid})
            )
        )
        held.invalidate()  # the dead one alone is left in the pool


def test_a_connection_that_died_while_it_lay_idle_is_noticed_before_it_is_used(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "IDLE_SECONDS", 0.0)
    kill_the_pool()
    with db.transaction() as session:
        assert session.scalar(select(1)) == 1


def test_a_connection_that_was_in_use_a_moment_ago_is_not_asked(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pings = []
    with db.transaction() as session:
        session.scalar(select(1))
    real = db.engine().dialect.do_ping
    monkeypatch.setattr(
        db.engine().dialect, "do_ping", lambda connection: pings.append(1) or real(connection)
    )
    with db.transaction() as session:
        assert session.scalar(select(1)) == 1
    assert pings == []


def test_a_body_is_stored_although_the_connection_died_a_moment_ago(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "IDLE_SECONDS", 3600.0)
    kill_the_pool()
    assert Arrivals().store("hook:meta", b"body")
    with db.transaction() as session:
        assert session.scalars(select(RawEvent.body)).all() == [b"body"]


def test_a_statement_by_itself_is_committed_when_it_returns(database: None) -> None:
    made = db.at_once(text("INSERT INTO hook_count (hook, rejected) VALUES (:hook, 1)"), {"hook": "meta"})
    assert made == 1
    with db.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM hook_count")) == 1
