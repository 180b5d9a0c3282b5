"""Commands told apart, what pull requests change, and what others than Actions check.

Runs before the new code. The commands are read from the log again for their new columns; the old ones keep serving.

Revision: 0004
Follows:  0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "checks",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("conclusion", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "sha", "kind", "name"),
    )
    op.create_table(
        "pull_files",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("files", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "number", "sha", "base"),
    )
    with op.batch_alter_table("commands") as commands:
        commands.add_column(sa.Column("id", sa.String(), nullable=True))
        commands.add_column(sa.Column("words", sa.String(), nullable=True))
        commands.add_column(sa.Column("failed", sa.SmallInteger(), nullable=True))
        commands.drop_index("commands_of_person")
        commands.create_index("commands_by_id", ["id"])
        commands.create_index("commands_newest", ["community", "received_at"])
        commands.create_index("commands_of_person", ["community", "said_by", "received_at"])
        commands.create_index("commands_of_pull", ["repo", "number", "received_at"])
    op.execute("DELETE FROM checkpoints WHERE name = 'commands'")


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("commands") as commands:
        commands.drop_index("commands_of_pull")
        commands.drop_index("commands_of_person")
        commands.drop_index("commands_newest")
        commands.drop_index("commands_by_id")
        commands.drop_column("failed")
        commands.drop_column("words")
        commands.drop_column("id")
        commands.create_index("commands_of_person", ["said_by", "received_at"])
    op.drop_table("pull_files")
    op.drop_table("checks")
    op.execute("DELETE FROM checkpoints WHERE name IN ('pull_files', 'checks')")
