"""Which of several states of one second a pull request was in last.

Runs before the new code. The pull requests are read from the log again; the old rows keep serving.

Revision: 0012
Follows:  0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("pulls") as pulls:
        pulls.add_column(sa.Column("rank", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("DELETE FROM checkpoints WHERE name = 'pulls'")


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("pulls") as pulls:
        pulls.drop_column("rank")
