"""Who wants to be told of what, what they were told, and which nights are settled.

Runs before the new code.

Revision: 0011
Follows:  0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "subscriptions",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("subscriber", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("community", "subscriber", "what", "name"),
    )
    op.create_index("subscriptions_to_topic", "subscriptions", ["what", "name"], unique=False)
    op.create_table(
        "nights_settled",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "attempt"),
    )
    op.create_table(
        "notices_of_jobs",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("subscriber", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fails", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("community", "subscriber", "repo", "job"),
    )
    op.create_table(
        "notices_of_pulls",
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("subscriber", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("notice"),
    )
    op.create_index(
        "notices_of_one_pull", "notices_of_pulls", ["repo", "number", "sha"], unique=False
    )
    op.create_table(
        "notices_withheld",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("subscriber", sa.String(), nullable=False),
        sa.Column("withheld_at", sa.BigInteger(), nullable=False),
        sa.Column("jobs", sa.String(), nullable=False),
        sa.Column("jobs_count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        "notices_withheld_newest",
        "notices_withheld",
        ["community", "subscriber", "withheld_at"],
        unique=False,
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("notices_withheld")
    op.drop_table("notices_of_pulls")
    op.drop_table("notices_of_jobs")
    op.drop_table("nights_settled")
    op.drop_table("subscriptions")
