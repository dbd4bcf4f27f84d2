"""Bulk SQL: rows as a table to join with, bulk insert, and ids reserved before the insert.

Rows travel as arrays, so the statement text is the same for one row and for a thousand: SQLAlchemy compiles
and PostgreSQL plans it once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import TableValuedAlias, bindparam, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert
from sqlalchemy.orm import Session

from inbox.models import Table

Row = Mapping[str, Any]


def as_table(model: type[Table], rows: Sequence[Row]) -> TableValuedAlias:
    """`rows` as a table to select from or join with. All rows have the same keys; `model` gives the types."""
    types = {name: model.__table__.c[name].type for name in rows[0]}
    arrays = [bindparam(name, [row[name] for row in rows], ARRAY(kind)) for name, kind in types.items()]
    columns = [column(name, kind) for name, kind in types.items()]
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


def insert_many(model: type[Table], rows: Sequence[Row]) -> Insert:
    """The statement that inserts `rows` (at least one). The caller adds what to do on a conflict."""
    table = as_table(model, rows)
    return insert(model).from_select(list(rows[0]), select(table))


def next_ids(session: Session, model: type[Table], count: int) -> list[int]:
    """Reserve `count` ids from the table's sequence. Unused ids leave a gap, as a rollback does."""
    sequence = func.pg_get_serial_sequence(literal(f'"{model.__tablename__}"'), "id")
    return list(session.scalars(select(func.nextval(sequence)).select_from(func.generate_series(1, count))))
