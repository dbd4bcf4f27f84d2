"""Bodies that arrive together share a transaction, are committed when told so, and fall for nobody's sake."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from inbox import db
from inbox.arrivals import Arrivals
from tests.support.waiting import until


@contextmanager
def arriving(bodies: list[bytes]) -> Iterator[list[Future[bool]]]:
    """The first body is being stored while all others come; they are let go at the end of the block."""
    arrivals = Arrivals()
    with ThreadPoolExecutor(len(bodies)) as pool:
        with db.engine().begin() as connection:
            connection.execute(text("LOCK TABLE raw_event IN SHARE MODE"))
            said = [pool.submit(arrivals.store, "hook:meta", bodies[0])]
            until(lambda: arrivals._is_storing and not arrivals._waiting)
            said += [pool.submit(arrivals.store, "hook:meta", body) for body in bodies[1:]]
            until(lambda: len(arrivals._waiting) == len(bodies) - 1)
        yield said


def stored() -> dict[bytes, str]:
    """Every body with the transaction that stored it."""
    with db.engine().begin() as connection:
        rows = connection.execute(text("SELECT body, xmin::text FROM raw_event")).all()
    assert len({row[0] for row in rows}) == len(rows)
    return {bytes(row[0]): row[1] for row in rows}


def test_those_who_come_while_one_is_stored_are_stored_together(database: None) -> None:
    bodies = [b"body %d" % number for number in range(20)]
    with arriving(bodies) as said:
        assert all(one.result() for one in said)

    found = stored()
    assert set(found) == set(bodies)
    assert len({found[body] for body in bodies[1:]}) == 1
    assert found[bodies[0]] != found[bodies[1]]


def test_a_body_that_comes_twice_at_one_moment_is_kept_once(database: None) -> None:
    with arriving([b"first", b"twice", b"twice", b"first"]) as said:
        for one in said:
            one.result()
    assert set(stored()) == {b"first", b"twice"}


def test_a_body_that_cannot_be_kept_takes_none_of_those_beside_it_along(database: None) -> None:
    with db.engine().begin() as connection:
        connection.execute(
            text("ALTER TABLE raw_event ADD CONSTRAINT no_poison CHECK (body <> 'poison'::bytea)")
        )
    try:
        with arriving([b"before", b"beside", b"poison", b"behind"]) as said:
            before, beside, poison, behind = said
            assert before.result()
            assert beside.result()
            assert behind.result()
            with pytest.raises(SQLAlchemyError):
                poison.result()
    finally:
        with db.engine().begin() as connection:
            connection.execute(text("ALTER TABLE raw_event DROP CONSTRAINT no_poison"))
    assert set(stored()) == {b"before", b"beside", b"behind"}


def test_large_bodies_do_not_all_go_into_one_statement(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.arrivals.MOST_BYTES_TOGETHER", 25)
    bodies = [b"body of 10" + b"%d" % number for number in range(6)]
    with arriving(bodies) as said:
        assert all(one.result() for one in said)
    found = stored()
    assert set(found) == set(bodies)
    assert len(set(found.values())) == 4  # the first alone, the others in twos and one
