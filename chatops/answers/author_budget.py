"""May the author of a pull request have its tests run once more on this commit?"""

from chatops.engine.command import Knowledge
from chatops.errors import Refused
from chatops.projections.commands import commands_about_commit
from chatops.projections.pulls import Pull

SHA_SHOWN = 9


def within_budget(knowledge: Knowledge, known: Pull) -> None:
    """Refuse an author who has had what an author may have."""
    before = commands_about_commit(knowledge.db, known.repo, known.sha)
    if before < knowledge.community.trust.retests_per_sha:
        return
    times = "once" if before == 1 else f"{before} times"
    raise Refused(
        f"The tests of `{known.sha[:SHA_SHOWN]}` have been run again {times}, and an author may ask for no more. "
        f"Push a commit, or ask somebody with write access to {known.repo} to say `/retest`.",
        reason="used_up",
    )
