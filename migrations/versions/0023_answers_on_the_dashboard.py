"""Answers on the dashboard, which are told by events now.

Runs before the new code. What was answered so far stays until the read model is made again; the last version wrote it
into `kept_replies`, which goes.

Revision: 0023
Follows:  0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Make the change."""
    answers = op.create_table(
        "answers",
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("command"),
    )
    kept = sa.table("kept_replies", sa.column("command"), sa.column("reply"))
    rows = sa.select(kept.c.command, sa.literal(0), kept.c.reply)
    op.execute(answers.insert().from_select(["command", "number", "answer"], rows))
    op.drop_table("kept_replies")


def downgrade() -> None:
    """Take the change back."""
    op.create_table(
        "kept_replies",
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("reply", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("command"),
    )
    op.execute("INSERT INTO kept_replies (command, reply) SELECT command, answer FROM answers")
    op.drop_table("answers")
