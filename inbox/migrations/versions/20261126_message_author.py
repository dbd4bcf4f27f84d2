"""Messages by their author: two workers may make one citizen, and taking one back asks who speaks as it.

An index only: safe with the code already running. Building it locks the messages against writing for as long
as it takes.
"""

from __future__ import annotations

from alembic import op

revision = "20261126_message_author"
down_revision = "20261126_sent_answers"
branch_labels = None
depends_on = None

NAME = "ix_message_author_id"


def upgrade() -> None:
    """The index."""
    op.create_index(NAME, "message", ["author_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index(NAME, table_name="message")
