"""Tests that go on under another name.

Runs before the new code. Nobody has said of any test yet that it does.

Revision: 0019
Follows:  0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "renames",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("old", sa.String(), nullable=False),
        sa.Column("new", sa.String(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "old"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("renames")
