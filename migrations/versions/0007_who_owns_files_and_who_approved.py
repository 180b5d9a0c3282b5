"""Who owns which files, who approved a change, and where it is to go.

Runs before the new code.

Revision: 0007
Follows:  0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "owners_versions",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        "owners_versions_of_repo", "owners_versions", ["repo", "branch", "seen_at"], unique=False
    )
    op.create_table(
        "approval_words",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("stands_for", sa.String(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "number", "grade", "login"),
    )
    op.create_table(
        "approvals_ended",
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("command", "grade"),
    )
    op.create_table(
        "picks_promised",
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("branches", sa.String(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("command"),
    )
    op.create_index("picks_promised_of_pull", "picks_promised", ["repo", "number"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("picks_promised")
    op.drop_table("approvals_ended")
    op.drop_table("approval_words")
    op.drop_table("owners_versions")
