"""From which run on a dashboard's file knew which tests are required.

Runs before the new code. The lists are read from the log again for the new column; the old rows keep serving.

Revision: 0022
Follows:  0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("required_versions") as versions:
        versions.add_column(
            sa.Column("first_run", sa.BigInteger(), nullable=False, server_default="0")
        )
    op.execute("DELETE FROM checkpoints WHERE name = 'required'")


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("required_versions") as versions:
        versions.drop_column("first_run")
