"""When a group was called last, and where.

Runs before the new code.

Revision: 0005
Follows:  0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "pings",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("group_name", sa.String(), nullable=False),
        sa.Column("called_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place", "group_name"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("pings")
