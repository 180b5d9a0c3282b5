"""The digests that channels get.

Runs before the new code. No channel has got one yet.

Revision: 0020
Follows:  0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "digests",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("made_from", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("failing", sa.String(), nullable=False),
        sa.Column("waited", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("digests_newest", "digests", ["community", "channel", "made_at"])
    op.create_index("digests_made_from", "digests", ["made_from"])
    op.create_table(
        "digest_outcomes",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("refusal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("digest_outcomes")
    op.drop_table("digests")
