"""The log, what is to be done, and the first read models.

Runs before the new code.

Revision: 0001
Follows:  nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "checkpoints",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "deliveries",
        sa.Column("guid", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("appended", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("guid"),
    )
    op.create_index("deliveries_received_at", "deliveries", ["received_at"], unique=False)
    op.create_table(
        "events",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=True),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.Column("causation_id", sa.String(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("events_key", "events", ["key"], unique=True)
    op.create_index(
        "events_story",
        "events",
        ["correlation_id", "position"],
        unique=False,
        sqlite_where=sa.text("correlation_id LIKE 'command/%'"),
        postgresql_where=sa.text("correlation_id LIKE 'command/%'"),
    )
    op.create_table(
        "fetched",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "attempt"),
    )
    op.create_table(
        "replies",
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("command"),
    )
    op.create_table(
        "work",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("parked", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("name", "subject"),
    )
    op.create_index("work_due", "work", ["parked", "next_at"], unique=False)
    op.create_table(
        "commands",
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=True),
        sa.Column("surface", sa.String(), nullable=True),
        sa.Column("verb", sa.String(), nullable=True),
        sa.Column("said_by", sa.String(), nullable=True),
        sa.Column("repo", sa.String(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("command"),
    )
    op.create_table(
        "reruns",
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("command", "run_id"),
    )
    op.create_index("reruns_of_commit", "reruns", ["repo", "sha"], unique=False)
    op.create_index("reruns_of_run", "reruns", ["run_id"], unique=False)
    op.create_table(
        "freshness",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "source"),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.Column("carried", sa.Boolean(), nullable=False),
        sa.Column("conclusion", sa.String(), nullable=False),
        sa.Column("failed_step", sa.String(), nullable=False),
        sa.Column("runner", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_index("jobs_of_run", "jobs", ["run_id"], unique=False)
    op.create_table(
        "pull_heads",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("repo", "sha", "number"),
    )
    op.create_table(
        "pulls",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("draft", sa.Boolean(), nullable=False),
        sa.Column("merged", sa.Boolean(), nullable=False),
        sa.Column("fork", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("repo", "number"),
    )
    op.create_table(
        "required_versions",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        "required_versions_of_repo", "required_versions", ["repo", "seen_at"], unique=False
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("workflow", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("conclusion", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "attempt"),
    )
    op.create_index("runs_of_commit", "runs", ["repo", "sha"], unique=False)
    op.create_index("runs_of_workflow", "runs", ["repo", "workflow", "run_id"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("runs")
    op.drop_table("required_versions")
    op.drop_table("pulls")
    op.drop_table("pull_heads")
    op.drop_table("jobs")
    op.drop_table("freshness")
    op.drop_table("reruns")
    op.drop_table("commands")
    op.drop_table("work")
    op.drop_table("replies")
    op.drop_table("fetched")
    op.drop_table("events")
    op.drop_table("deliveries")
    op.drop_table("checkpoints")
