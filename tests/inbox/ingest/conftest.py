"""Mishaps of the database, for tests of what arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from inbox.db import transaction


@pytest.fixture
def failing_updates(city: SimpleNamespace) -> Iterator[Callable[[int], None]]:
    """The database refuses the next so many updates of a message, as where another writer was first."""
    made = [
        "CREATE SEQUENCE refused_updates",
        "CREATE FUNCTION refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('refused_updates') <= TG_ARGV[0]::int THEN"
        " RAISE EXCEPTION 'somebody was first' USING ERRCODE = 'unique_violation'; END IF;"
        " RETURN NEW; END $$",
    ]

    def refuse(times: int) -> None:
        with transaction() as session:
            for statement in (
                *made,
                "CREATE TRIGGER refused BEFORE UPDATE OF text, deleted_at ON message"
                f" FOR EACH ROW EXECUTE FUNCTION refuse_update('{times}')",
            ):
                session.execute(text(statement))

    yield refuse
    with transaction() as session:
        session.execute(text("DROP TRIGGER IF EXISTS refused ON message"))
        session.execute(
            text("DROP FUNCTION IF EXISTS refuse_update; DROP SEQUENCE IF EXISTS refused_updates")
        )
