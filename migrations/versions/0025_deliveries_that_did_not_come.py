"""Which deliveries have not come, and when GitHub's list of them was looked at.

Runs before the new code. What was missed before is not known; the first look goes back as far as GitHub's list does.

Revision: 0025
Follows:  0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "gaps",
        sa.Column("guid", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guid"),
    )
    op.create_table(
        "gaps_asked",
        sa.Column("guid", sa.String(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guid"),
    )
    op.create_table(
        "gaps_mended",
        sa.Column("guid", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guid"),
    )
    op.create_table(
        "audits",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("listed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def downgrade() -> None:
    """Take the change back."""
    for table in ("audits", "gaps_mended", "gaps_asked", "gaps"):
        op.drop_table(table)
    op.execute("DELETE FROM checkpoints WHERE name = 'gaps'")
