"""Words on pull requests that a push does not put an end to.

Runs before the new code. What was said before ends as it did.

Revision: 0015
Follows:  0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("approval_words") as words:
        words.add_column(
            sa.Column("keeps", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("approval_words") as words:
        words.drop_column("keeps")
