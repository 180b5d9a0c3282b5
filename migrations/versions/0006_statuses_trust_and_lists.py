"""Commit statuses, whose tests were let in, which commit was the head when, lists with numbers, dropped reruns.

Runs before the new code.

Revision: 0006
Follows:  0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "dropped_reruns",
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("command", "run_id"),
    )
    op.create_table(
        "head_times",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "number", "sha"),
    )
    op.create_table(
        "statuses",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("context", sa.String(), nullable=False),
        sa.Column("is_check", sa.Boolean(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "sha", "context", "is_check"),
    )
    op.create_table(
        "tables_shown",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shown_at", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("rows", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "number"),
    )
    op.create_table(
        "trust",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "number", "sha"),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("trust")
    op.drop_table("tables_shown")
    op.drop_table("statuses")
    op.drop_table("head_times")
    op.drop_table("dropped_reruns")
