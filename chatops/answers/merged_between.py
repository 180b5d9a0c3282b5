"""What was merged between the night in which a test passed last and the first in which it failed?

A night takes its branch as it is when it begins, so what was merged between the two beginnings is what is new in it, as
far as it was heard of. What was pushed without a pull request is in GitHub's comparison alone.
"""

from msgspec import Struct
from sqlalchemy import Connection

from chatops.projections.merges import Merge, merges_between
from chatops.projections.runs import Run


class MergedBetween(Struct, frozen=True, kw_only=True):
    """The newest of the pull requests, and how many there are in all."""

    merges: tuple[Merge, ...] = ()
    count: int = 0


NOTHING = MergedBetween()


def merged_between(db: Connection, good: Run | None, bad: Run | None, limit: int) -> MergedBetween:
    """Return what is new in a bad run; nothing where it is not known of which branch, and from when, both runs are."""
    if good is None or bad is None or not good.created_at or not bad.created_at:
        return NOTHING
    if not bad.branch or (good.repo, good.branch) != (bad.repo, bad.branch) or good.sha == bad.sha:
        return NOTHING
    merges, count = merges_between(db, bad.repo, bad.branch, good.created_at, bad.created_at, limit)
    return MergedBetween(merges=tuple(merges), count=count)
