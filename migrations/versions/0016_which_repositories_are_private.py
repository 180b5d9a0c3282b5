"""Which repositories are private.

Runs before the new code. The read model starts from the first event, and so knows what was heard of old.

Revision: 0016
Follows:  0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "repositories",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("repo"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("repositories")
