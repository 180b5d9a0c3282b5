"""What was taken back, what is muted, and whose request waits for a word.

Runs before the new code.

Revision: 0002
Follows:  0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the change."""
    op.create_index("commands_of_person", "commands", ["said_by", "received_at"], unique=False)
    op.create_table(
        "undone",
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("taken_back_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("command"),
    )
    op.create_table(
        "waiting",
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("command"),
    )
    op.create_index("waiting_since", "waiting", ["heard_at"], unique=False)
    op.create_table(
        "mutes",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("community", "job"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("mutes")
    op.drop_table("waiting")
    op.drop_table("undone")
    op.drop_index("commands_of_person", table_name="commands")
