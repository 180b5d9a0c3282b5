"""Alerts, what channels are told of them, the messages of the nights, and the canary.

Runs before the new code. Nothing is alerted of yet.

Revision: 0021
Follows:  0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "alert_messages",
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("news", sa.Text(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("message"),
    )
    op.create_table(
        "alert_messages_of_alerts",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community", "channel", "alert"),
    )
    with op.batch_alter_table("alert_messages_of_alerts", schema=None) as batch_op:
        batch_op.create_index("alert_messages_of_one_alert", ["community", "alert"], unique=False)

    op.create_table(
        "alert_messages_withheld",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("news", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("withheld_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("alert_messages_withheld", schema=None) as batch_op:
        batch_op.create_index(
            "alert_messages_withheld_newest", ["community", "withheld_at"], unique=False
        )
        batch_op.create_index("alert_messages_withheld_until", ["community", "until"], unique=False)

    op.create_table(
        "alert_changes",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.Column("look", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("community", "alert"),
    )
    op.create_table(
        "alert_ends",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.Column("look", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("over", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("community", "alert"),
    )
    op.create_table(
        "alert_words",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("community", "alert", "word"),
    )
    op.create_table(
        "alerts",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.Column("look", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("community", "alert"),
    )
    op.create_table(
        "canaries",
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("what"),
    )
    op.create_table(
        "night_messages",
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("message"),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(
            "jobs_that_wait",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("weight = 1"),
            postgresql_where=sa.text("weight = 1"),
        )


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(
            "jobs_that_wait",
            sqlite_where=sa.text("weight = 1"),
            postgresql_where=sa.text("weight = 1"),
        )

    op.drop_table("night_messages")
    op.drop_table("canaries")
    op.drop_table("alerts")
    op.drop_table("alert_words")
    op.drop_table("alert_ends")
    op.drop_table("alert_changes")
    with op.batch_alter_table("alert_messages_withheld", schema=None) as batch_op:
        batch_op.drop_index("alert_messages_withheld_until")
        batch_op.drop_index("alert_messages_withheld_newest")

    op.drop_table("alert_messages_withheld")
    with op.batch_alter_table("alert_messages_of_alerts", schema=None) as batch_op:
        batch_op.drop_index("alert_messages_of_one_alert")

    op.drop_table("alert_messages_of_alerts")
    op.drop_table("alert_messages")
