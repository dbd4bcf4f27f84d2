"""Many rows in one statement mean what as many statements of one row would."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.bulk import as_table, insert_many, next_ids
from inbox.models import HookRefusal, Neighbourhood, RawEvent

HOUR = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_rows_are_inserted_with_the_types_of_their_columns(session: Session) -> None:
    rows = [{"hook": hook, "why": "size", "hour": HOUR, "count": 7} for hook in ("meta", "x\u00fc'; --")]
    session.execute(insert_many(HookRefusal, rows))
    kept = session.scalars(select(HookRefusal).order_by(HookRefusal.hook)).all()
    assert [(row.hook, row.hour, row.count) for row in kept] == [("meta", HOUR, 7), ("xü'; --", HOUR, 7)]


def test_the_statement_is_the_same_for_one_row_and_for_a_thousand() -> None:
    row = {"hook": "meta", "why": "size", "hour": HOUR, "count": 1}
    assert str(insert_many(HookRefusal, [row])) == str(insert_many(HookRefusal, [row] * 1000))


def test_rows_that_are_not_stored_can_be_looked_up_by(session: Session) -> None:
    session.execute(
        insert_many(
            HookRefusal, [{"hook": "meta", "why": why, "hour": HOUR, "count": 1} for why in ("a", "b")]
        )
    )
    asked = as_table(HookRefusal, [{"hook": "meta", "why": "b"}, {"hook": "x", "why": "b"}])
    found = select(HookRefusal.why).join(
        asked, (HookRefusal.hook == asked.c.hook) & (HookRefusal.why == asked.c.why)
    )
    assert session.scalars(found).all() == ["b"]


def test_ids_taken_in_advance_are_nobody_elses(session: Session) -> None:
    ids = next_ids(session, Neighbourhood, 5)
    assert len(set(ids)) == 5
    row = Neighbourhood(key="zafer", name_tr="Zafer", name_en="-", name_ar="-")
    session.add(row)
    session.flush()
    assert row.id not in ids
    assert next_ids(session, RawEvent, 0) == []
