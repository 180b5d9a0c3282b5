"""Who somebody in Slack is on GitHub.

Runs before the new code.

Revision: 0003
Follows:  0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "identities",
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("team", "member"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("identities")
