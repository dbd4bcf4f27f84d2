"""Many rows in one statement: as a table to look them up by, to insert, and ids for them in advance.

The statement is the same for one row and for a thousand, so it is built and planned once.
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
    """`rows`, each with the same names, as a table whose columns have the types they have in `model`."""
    types = {name: model.__table__.c[name].type for name in rows[0]}
    arrays = [bindparam(name, [row[name] for row in rows], ARRAY(kind)) for name, kind in types.items()]
    columns = [column(name, kind) for name, kind in types.items()]
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


def insert_many(model: type[Table], rows: Sequence[Row]) -> Insert:
    """The statement that inserts `rows`, at least one; what a conflict does is the caller's to add."""
    table = as_table(model, rows)
    return insert(model).from_select(list(rows[0]), select(table))


def next_ids(session: Session, model: type[Table], count: int) -> list[int]:
    """So many keys for rows still to be inserted. Those that never are leave a gap, as any rollback does."""
    sequence = func.pg_get_serial_sequence(literal(f'"{model.__tablename__}"'), "id")
    return list(session.scalars(select(func.nextval(sequence)).select_from(func.generate_series(1, count))))
