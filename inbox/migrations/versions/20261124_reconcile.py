"""Where a platform shows something else than we hold.

A new table only: safe with the code already running, which does not know it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261124_reconcile"
down_revision = "20261124_alarm"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table, and the index that keeps an open difference alone."""
    op.create_table(
        "reconcile_difference",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "missing",
                "text_differs",
                "ours_unknown",
                "reply_gone",
                "reply_there",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("reply_id", sa.BigInteger(), nullable=True),
        sa.Column("permalink", sa.Text(), nullable=True),
        sa.Column("their_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("our_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_reconcile_difference_channel_id_channel")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_reconcile_difference_message_id_message")
        ),
        sa.ForeignKeyConstraint(
            ["reply_id"], ["reply.id"], name=op.f("fk_reconcile_difference_reply_id_reply")
        ),
        sa.ForeignKeyConstraint(
            ["resolved_by_id"], ["user.id"], name=op.f("fk_reconcile_difference_resolved_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconcile_difference")),
    )
    op.create_index(
        "uq_reconcile_difference_open",
        "reconcile_difference",
        ["channel_id", "kind", "external_id"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )


def downgrade() -> None:
    """Drop it with what it holds."""
    op.drop_index(
        "uq_reconcile_difference_open",
        table_name="reconcile_difference",
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.drop_table("reconcile_difference")
