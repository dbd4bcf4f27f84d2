"""Sent answers by their time: whom to ask for a rating is looked up after every send.

An index only: safe with the code already running. Building it locks the replies for the moment it takes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_sent_answers"
down_revision = "20261126_parked_tries"
branch_labels = None
depends_on = None

NAME = "ix_reply_sent_answers"


def upgrade() -> None:
    """The index."""
    op.create_index(
        NAME,
        "reply",
        ["sent_at"],
        postgresql_where=sa.text("kind = 'answer' AND state = 'SENT' AND request_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index(NAME, table_name="reply")
