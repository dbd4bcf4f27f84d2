"""Bodies that arrive together share a transaction, are committed when told so, and fall for nobody's sake."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psycopg
import pytest
from sqlalchemy import text

from inbox import db
from inbox.ingest.hook_store import Arrivals
from inbox.settings import settings
from tests.support.away import database_away

Told = bool | BaseException


def arrive(*rounds: Sequence[bytes]) -> list[Told]:
    """What those of each round are told: of one, the first is being stored while all others come."""

    async def all_of_them() -> list[Told]:
        arrivals = Arrivals()
        told: list[Told] = []
        for bodies in rounds:
            waits = (arrivals.store("hook:meta", body) for body in bodies)
            told += await asyncio.gather(*waits, return_exceptions=True)
        await arrivals.close()
        return told

    return asyncio.run(all_of_them())


def stored() -> dict[bytes, str]:
    """Every body with the transaction that stored it."""
    with db.engine().begin() as connection:
        rows = connection.execute(text("SELECT body, xmin::text FROM raw_event")).all()
    assert len({row[0] for row in rows}) == len(rows)
    return {bytes(row[0]): row[1] for row in rows}


def test_those_who_come_while_one_is_stored_are_stored_together(database: None) -> None:
    first, others = [b"first"], [b"body %d" % number for number in range(20)]

    async def come() -> int:
        arrivals = Arrivals()
        storing = asyncio.create_task(arrivals.store("hook:meta", first[0]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        told = await asyncio.gather(storing, *(arrivals.store("hook:meta", body) for body in others))
        await arrivals.close()
        return sum(told)

    assert asyncio.run(come()) == 2  # who reads them is woken once for each transaction

    found = stored()
    assert set(found) == {*first, *others}
    assert len({found[body] for body in others}) == 1
    assert len(set(found.values())) == 2


def test_a_body_that_comes_twice_at_one_moment_is_kept_once(database: None) -> None:
    told = arrive([b"first", b"second", b"twice", b"twice", b"first"])
    assert told.count(True) == 1
    assert set(stored()) == {b"first", b"second", b"twice"}


def test_who_reads_bodies_is_not_woken_for_those_that_were_here(database: None) -> None:
    assert arrive([b"one", b"two"], [b"two"], [b"one", b"two"]) == [True, False, False, False, False]


def test_a_body_that_cannot_be_kept_takes_none_of_those_beside_it_along(database: None) -> None:
    with db.engine().begin() as connection:
        connection.execute(
            text("ALTER TABLE raw_event ADD CONSTRAINT no_poison CHECK (body <> 'poison'::bytea)")
        )
    try:
        *others, behind, poison = arrive([b"first"], [b"beside", b"before", b"behind", b"poison"])
    finally:
        with db.engine().begin() as connection:
            connection.execute(text("ALTER TABLE raw_event DROP CONSTRAINT no_poison"))
    assert isinstance(poison, psycopg.errors.CheckViolation)
    assert [*others, behind] == [True] * 4
    assert set(stored()) == {b"first", b"beside", b"before", b"behind"}


def test_whoever_hangs_up_while_waiting_takes_nobody_along(database: None) -> None:
    async def hang_up() -> Told:
        arrivals = Arrivals()
        waiting = [
            asyncio.create_task(arrivals.store("hook:meta", body)) for body in (b"one", b"gone", b"other")
        ]
        await asyncio.sleep(0)
        waiting[1].cancel()
        told = await asyncio.gather(*waiting, return_exceptions=True)
        await arrivals.close()
        return told[1]

    assert isinstance(asyncio.run(hang_up()), asyncio.CancelledError)
    assert set(stored()) == {b"one", b"gone", b"other"}


def test_large_bodies_do_not_all_go_into_one_statement(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.ingest.hook_store.MOST_BYTES_TOGETHER", 25)
    bodies = [b"body of 10" + b"%d" % number for number in range(6)]
    assert arrive(bodies).count(True) == 3
    found = stored()
    assert set(found) == set(bodies)
    assert len(set(found.values())) == 3  # in twos


@pytest.mark.parametrize("count", [1, 3])
def test_bodies_are_stored_although_the_connection_died(database: None, count: int) -> None:
    bodies = [b"body %d" % number for number in range(count)]

    async def survive() -> list[bool]:
        arrivals = Arrivals()
        await arrivals.store("hook:meta", b"before")
        assert arrivals._connection is not None
        async with await psycopg.AsyncConnection.connect(settings().database_url, autocommit=True) as other:
            await other.execute(
                "SELECT pg_terminate_backend(%s, 5000)", [arrivals._connection.info.backend_pid]
            )
        told = await asyncio.gather(*(arrivals.store("hook:meta", body) for body in bodies))
        await arrivals.close()
        return told

    assert sum(asyncio.run(survive())) == 1
    assert set(stored()) == {b"before", *bodies}


def test_those_who_wait_too_long_for_the_database_are_told_so_together(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(db._CONNECT, "options", "-c statement_timeout=200ms")

    async def wait() -> list[Told]:
        arrivals = Arrivals()
        waits = (arrivals.store("hook:meta", body) for body in (b"one", b"two", b"three"))
        told = await asyncio.gather(*waits, return_exceptions=True)
        await arrivals.close()
        return told

    with psycopg.connect(settings().database_url) as other:
        other.execute("LOCK TABLE raw_event IN EXCLUSIVE MODE")
        told = asyncio.run(wait())

    assert [type(one) for one in told] == [psycopg.errors.QueryCanceled] * 3
    assert len({id(one) for one in told}) == 1
    assert arrive([b"one", b"two"]) == [True, False]


def test_a_database_that_is_away_is_told_to_each_and_found_again(database: None) -> None:
    async def come_back() -> tuple[list[Told], bool]:
        arrivals = Arrivals()
        with database_away():
            waits = (arrivals.store("hook:meta", body) for body in (b"one", b"two"))
            told = await asyncio.gather(*waits, return_exceptions=True)
        found = await arrivals.store("hook:meta", b"one")
        await arrivals.close()
        return told, found

    told, found = asyncio.run(come_back())
    assert [type(one) for one in told] == [psycopg.OperationalError] * 2
    assert found
    assert set(stored()) == {b"one"}
