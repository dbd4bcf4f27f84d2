"""When each channel is probed, whether it is subscribed, and how long its token lives.

New columns that may be empty: safe with the code already running, which does not know them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261124_heartbeat"
down_revision = "20261124_budget"
branch_labels = None
depends_on = None

MOMENTS = ("next_probe_at", "probed_at", "token_issued_at", "token_expires_at", "next_renewal_at")


def upgrade() -> None:
    """The columns, and the index by which a channel's habit is read."""
    for name in MOMENTS:
        op.add_column("channel", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("channel", sa.Column("is_subscribed", sa.Boolean(), nullable=True))
    op.create_index(
        "ix_message_channel_id_received_at",
        "message",
        ["channel_id", "received_at"],
        postgresql_where=sa.text("state IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop them with what they hold."""
    op.drop_index("ix_message_channel_id_received_at", table_name="message")
    op.drop_column("channel", "is_subscribed")
    for name in reversed(MOMENTS):
        op.drop_column("channel", name)
