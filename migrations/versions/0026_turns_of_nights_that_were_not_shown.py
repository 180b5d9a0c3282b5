"""The turns of nights that resting channels were not shown.

Runs before the new code. Those of before are read from the log.

Revision: 0026
Follows:  0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "withheld_turns",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("night", sa.String(), nullable=False),
        sa.Column("is_red", sa.Boolean(), nullable=False),
        sa.Column("jobs", sa.Text(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("withheld_turns_newest", "withheld_turns", ["community", "at"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("withheld_turns")
    op.execute("DELETE FROM checkpoints WHERE name = 'withheld_turns'")
