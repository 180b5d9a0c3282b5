"""From which run on a dashboard's file knew which tests are required, and what was merged when.

Runs before the new code. The lists are read from the log again for the new column, and the old rows keep serving; what
was merged is read from the first event on.

Revision: 0022
Follows:  0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("required_versions") as versions:
        versions.add_column(
            sa.Column("first_run", sa.BigInteger(), nullable=False, server_default="0")
        )
    op.execute("DELETE FROM checkpoints WHERE name = 'required'")
    op.create_table(
        "merges",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("merged_at", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "number"),
    )
    op.create_index("merges_into", "merges", ["repo", "base", "merged_at"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("merges")
    op.execute("DELETE FROM checkpoints WHERE name = 'merges'")
    with op.batch_alter_table("required_versions") as versions:
        versions.drop_column("first_run")
