"""The jobs of a name, and which runner each job needs.

Runs before the new code. The jobs are read from the log again for their new columns; the old ones keep serving.

Revision: 0013
Follows:  0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("labels", sa.String(), nullable=True))
        jobs.add_column(sa.Column("name_sum", sa.BigInteger(), nullable=True))
        jobs.create_index("jobs_of_name", ["name_sum", "run_id"])
    op.execute("DELETE FROM checkpoints WHERE name = 'jobs'")


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_index("jobs_of_name")
        jobs.drop_column("name_sum")
        jobs.drop_column("labels")
