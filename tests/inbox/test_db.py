"""Connections that died in the pool are noticed before they are used; tests leave an empty database."""

from __future__ import annotations

import psycopg
from sqlalchemy import select, text

from inbox import db
from inbox.models import Table
from inbox.settings import settings
from tests.support.waiting import until


def hang_up(pid: int) -> None:
    """End a connection from the other side, as a restart of the database does."""
    with psycopg.connect(settings().database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
        gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        until(lambda: other.execute(gone, [pid]).fetchone() == (0,))


def test_a_connection_that_died_in_the_pool_is_noticed_before_it_is_used(database: None) -> None:
    db.dispose()
    with db.engine().connect() as left:
        pid = left.scalar(text("SELECT pg_backend_pid()"))
    hang_up(pid)

    with db.transaction() as session:
        assert session.scalar(select(1)) == 1


def test_every_table_is_emptied_between_tests() -> None:
    assert {"message", "reply", "history_entry"} <= {table.name for table in Table.metadata.sorted_tables}
