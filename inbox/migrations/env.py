"""How Alembic runs here: one connection, short locks, one migration at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.pool import NullPool

from inbox.models import Table
from inbox.models.history import Xid8

_ONE_AT_A_TIME = 7_202_611  # any fixed number: the advisory lock of this program's migrations

ischema_names["xid8"] = Xid8  # else reflecting the history warns of an unknown type


def include(_object: object, name: str | None, type_: str, _reflected: bool, _compare_to: object) -> bool:
    """What autogenerate looks at: everything but Alembic's own table."""
    return not (type_ == "table" and name == "alembic_version")


engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
with engine.connect() as connection:
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.execute(text("SET statement_timeout = '30s'"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ONE_AT_A_TIME})
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        include_object=include,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
