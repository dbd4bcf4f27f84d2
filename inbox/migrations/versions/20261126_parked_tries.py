"""How often a parked fact was tried, so that one which fails is set aside alone.

A column with a default only: safe with the code already running, which does not know it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_parked_tries"
down_revision = "20261126_hook_refusal"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was tried so far."""
    op.add_column("parked_fact", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("parked_fact", "tries", server_default=None)


def downgrade() -> None:
    """Forget how often."""
    op.drop_column("parked_fact", "tries")
