"""The open pull requests at hand, and news of runs in their order.

Runs before the new code. Both indexes are made at once; while they are, nothing is written.

Revision: 0014
Follows:  0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("pulls_by_state", "pulls", ["repo", "state", "number"])
    op.create_index("run_news_newest", "run_news", ["heard_at"])


def downgrade() -> None:
    """Drop the indexes."""
    op.drop_index("run_news_newest", table_name="run_news")
    op.drop_index("pulls_by_state", table_name="pulls")
