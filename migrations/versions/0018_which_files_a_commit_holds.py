"""Which files a commit holds, by the hash of its tree.

Runs before the new code.

Revision: 0018
Follows:  0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "commit_trees",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("tree", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "sha"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("commit_trees")
