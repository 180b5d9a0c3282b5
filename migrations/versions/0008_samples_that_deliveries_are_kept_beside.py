"""Samples: deliveries that later ones of the same event are compressed beside.

Runs before the new code. Deliveries that are there stay as they are, and are read as before.

Revision: 0008
Follows:  0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table, and the column that points to it."""
    op.create_table(
        "samples",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("samples_event", "samples", ["event", "taken_at"], unique=False)
    op.add_column(
        "deliveries", sa.Column("sample", sa.Integer(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    """Drop them; deliveries that were kept beside a sample can be read no longer, and go."""
    op.execute("DELETE FROM deliveries WHERE sample <> 0")
    op.drop_column("deliveries", "sample")
    op.drop_index("samples_event", table_name="samples")
    op.drop_table("samples")
