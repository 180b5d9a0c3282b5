"""Pull requests that name an issue, and approvals that say that none is needed.

Runs before the new code. Of a pull request that was heard of before, it is known after its next change, or once
somebody approves it.

Revision: 0017
Follows:  0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("pulls") as pulls:
        pulls.add_column(
            sa.Column("names_issue", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("approval_words") as words:
        words.add_column(
            sa.Column("no_issue", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("approval_words") as words:
        words.drop_column("no_issue")
    with op.batch_alter_table("pulls") as pulls:
        pulls.drop_column("names_issue")
