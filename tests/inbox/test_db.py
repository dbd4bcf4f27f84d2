"""Connections that died in the pool: noticed before they are used, and survived by the body of a hook."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from sqlalchemy import Engine, select, text

from inbox import db
from inbox.arrivals import Arrivals
from inbox.models import RawEvent
from inbox.settings import settings
from tests.support.waiting import until


def kill_the_pool(engine: Callable[[], Engine]) -> None:
    """Leave a connection in the pool whose other end is gone, as a restart of the database does."""
    db.forget()
    with engine().connect() as left:
        pid = left.scalar(text("SELECT pg_backend_pid()"))
    with psycopg.connect(settings().database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
        gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        until(lambda: other.execute(gone, [pid]).fetchone() == (0,))


def test_a_connection_that_died_in_the_pool_is_noticed_before_it_is_used(database: None) -> None:
    kill_the_pool(db.engine)

    with db.transaction() as session:
        assert session.scalar(select(1)) == 1


def test_a_body_is_stored_although_the_connection_died(database: None) -> None:
    kill_the_pool(db._unasked_engine)

    assert Arrivals().store("hook:meta", b"body")

    with db.transaction() as session:
        assert session.scalars(select(RawEvent.body)).all() == [b"body"]


def test_a_statement_by_itself_is_committed_when_it_returns(database: None) -> None:
    made = db.at_once(text("INSERT INTO hook_count (hook, rejected) VALUES (:hook, 1)"), {"hook": "meta"})
    assert made == 1
    with db.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM hook_count")) == 1
