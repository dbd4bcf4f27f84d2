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
    """The first two bodies are being stored while all others come."""
    arrivals = Arrivals()
    with ThreadPoolExecutor(len(bodies)) as pool:
        with db.engine().begin() as connection:
            connection.execute(text("LOCK TABLE raw_event IN SHARE MODE"))
            said = []
            for body in bodies:
                said.append(pool.submit(arrivals.store, "hook:meta", body))
                until(lambda: arrivals._storing + len(arrivals._waiting) == len(said))
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
        assert sum(one.result() for one in said) == 3  # who reads them is woken once for each transaction

    found = stored()
    assert set(found) == set(bodies)
    assert len({found[body] for body in bodies[2:]}) == 1
    assert len(set(found.values())) == 3


def test_a_body_that_comes_twice_at_one_moment_is_kept_once(database: None) -> None:
    with arriving([b"first", b"second", b"twice", b"twice", b"first"]) as said:
        for one in said:
            one.result()
    assert set(stored()) == {b"first", b"second", b"twice"}


def test_a_body_that_cannot_be_kept_takes_none_of_those_beside_it_along(database: None) -> None:
    with db.engine().begin() as connection:
        connection.execute(
            text("ALTER TABLE raw_event ADD CONSTRAINT no_poison CHECK (body <> 'poison'::bytea)")
        )
    try:
        with arriving([b"first", b"second", b"beside", b"poison", b"behind"]) as said:
            first, second, beside, poison, behind = said
            for one in (first, second, beside, behind):
                one.result()
            with pytest.raises(SQLAlchemyError):
                poison.result()
    finally:
        with db.engine().begin() as connection:
            connection.execute(text("ALTER TABLE raw_event DROP CONSTRAINT no_poison"))
    assert set(stored()) == {b"first", b"second", b"beside", b"behind"}


def test_large_bodies_do_not_all_go_into_one_statement(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.arrivals.MOST_BYTES_TOGETHER", 25)
    bodies = [b"body of 10" + b"%d" % number for number in range(6)]
    with arriving(bodies) as said:
        assert sum(one.result() for one in said) == 4
    found = stored()
    assert set(found) == set(bodies)
    assert len(set(found.values())) == 4  # the first two alone, the others in twos
