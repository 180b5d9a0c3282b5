"""How checks ended on pull requests, as dashboards' files told it.

Runs before the new code, which reads what was imported from the first event on.

Revision: 0024
Follows:  0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "reported_checks",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "number", "attempt", "name"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("reported_checks")
    op.execute("DELETE FROM checkpoints WHERE name = 'reported_checks'")
