"""How many calls a channel may still make, by kind of call.

A new table only: safe with the code already running, which does not know it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261124_budget"
down_revision = "20261124_reconcile"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table of buckets; a bucket that is missing is a full one."""
    op.create_table(
        "rate_budget",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("read", "send", name="kind", native_enum=False, create_constraint=True, length=None),
            nullable=False,
        ),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("left", sa.Float(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Float(), nullable=True),
        sa.Column("pace", sa.Float(), nullable=True),
        sa.Column("resets_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_rate_budget_channel_id_channel")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_budget")),
        sa.UniqueConstraint("channel_id", "kind", name=op.f("uq_rate_budget_channel_id_kind")),
    )


def downgrade() -> None:
    """Drop it with what it holds."""
    op.drop_table("rate_budget")
