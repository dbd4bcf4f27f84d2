"""How the comparing of each channel stands, in a table of its own.

So far it stood as JSON in a cursor of the edge "reconcile". What those cursors hold is carried over, and they
are deleted. The code already running does not know the table: until it is replaced it takes no channel for
due, and a run of it that ends meanwhile is forgotten; the next night compares the channel again. A cursor
that it makes anew is read by nobody.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "20261201_reconcile_run"
down_revision = "20261126_message_author"
branch_labels = None
depends_on = None

EDGE = "reconcile"
TIMES = {"due_at": "due", "leased_until": "leased_until", "ended_at": "ended"}

cursors = sa.table(
    "channel_cursor",
    sa.column("channel_id", sa.BigInteger()),
    sa.column("edge", sa.Text()),
    sa.column("cursor", sa.Text()),
    sa.column("updated_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    """Make the table, carry over what the cursors hold, delete them. There is one a channel at most."""
    runs = op.create_table(
        "reconcile_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_reconcile_run_channel_id_channel")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconcile_run")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_reconcile_run_channel_id")),
    )
    connection = op.get_bind()
    found = connection.execute(
        sa.delete(cursors).where(cursors.c.edge == EDGE).returning(cursors.c.channel_id, cursors.c.cursor)
    ).all()
    rows = [{"channel_id": channel_id, **_run(cursor)} for channel_id, cursor in sorted(found)]
    if rows:
        connection.execute(sa.insert(runs), rows)


def downgrade() -> None:
    """Put it back into cursors, and drop the table."""
    connection = op.get_bind()
    runs = sa.table(
        "reconcile_run", *map(sa.column, ("channel_id", *TIMES, "tries", "differences", "failure"))
    )
    connection.execute(sa.delete(cursors).where(cursors.c.edge == EDGE))
    rows = [
        {
            "channel_id": run["channel_id"],
            "edge": EDGE,
            "cursor": json.dumps(
                {
                    **{name: run[column].isoformat() for column, name in TIMES.items() if run[column]},
                    **{name: run[name] for name in ("tries", "differences", "failure") if run[name]},
                }
            ),
        }
        for run in connection.execute(sa.select(runs)).mappings()
    ]
    if rows:
        statement = sa.insert(cursors).values(updated_at=sa.func.clock_timestamp())
        connection.execute(statement, rows)
    op.drop_table("reconcile_run")


def _run(cursor: str | None) -> dict[str, Any]:
    """The columns of the run a cursor tells of; what another version wrote counts as never asked for."""
    try:
        told = json.loads(cursor or "{}")
        return {
            **{
                column: datetime.fromisoformat(told[name]) if told.get(name) else None
                for column, name in TIMES.items()
            },
            "tries": int(told.get("tries", 0)),
            "differences": int(told.get("differences", 0)),
            "failure": told.get("failure"),
        }
    except (AttributeError, TypeError, ValueError):
        return {**dict.fromkeys(TIMES), "tries": 0, "differences": 0, "failure": None}
