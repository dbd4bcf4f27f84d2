"""How many bodies each hook refused in each hour, and why.

A new table only: safe with the code already running, which does not know it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_hook_refusal"
down_revision = "20261124_heartbeat"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table of counts; an hour that is missing had none."""
    op.create_table(
        "hook_refusal",
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hook", "why", "hour", name=op.f("pk_hook_refusal")),
    )


def downgrade() -> None:
    """Drop it with what it holds."""
    op.drop_table("hook_refusal")
