"""Which jobs can be chosen in a form: those of the newest nights, or those that failed on a pull request."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from chatops.answers.job_words import Named
from chatops.answers.nights import night_board
from chatops.answers.owner_groups import is_failing
from chatops.answers.reruns import repeatable_runs
from chatops.engine.command import Knowledge
from chatops.names import PullNumber, Repo
from chatops.projections.pulls import pull

NIGHTS = 7
FAILING = "Failing now"


def nightly_jobs(knowledge: Knowledge) -> Mapping[str, Sequence[str]]:
    """Return the jobs of the newest nights by workflow, before them those that fail now."""
    community = knowledge.community
    if not community.nightly:
        return {}
    board = night_board(
        knowledge.db, community.repositories, community.nightly, nights=NIGHTS, now=knowledge.now
    )
    found: dict[str, list[str]] = defaultdict(list)
    failing = [test for test in board.tests if is_failing(test)]
    if failing:
        found[FAILING] = [_full(test.workflow, test.name) for test in failing]
    for test in sorted(board.tests, key=lambda test: test.name.lower()):
        if not is_failing(test):
            found[test.workflow].append(_full(test.workflow, test.name))
    return found


def failed_jobs(
    knowledge: Knowledge, repo: Repo, number: PullNumber
) -> Mapping[str, Sequence[str]]:
    """Return the jobs that failed on the head of a pull request and can run again, by workflow."""
    known = pull(knowledge.db, repo, number)
    if known is None or repo not in knowledge.community.repositories:
        return {}
    gate = knowledge.community.gate.workflow if knowledge.community.gate else ""
    return {
        run.workflow: [_full(run.workflow, job.name) for job in run.failed]
        for run in repeatable_runs(knowledge.db, repo, known.sha, knowledge.now)
        if run.failed and run.workflow != gate and run.hindrance is None
    }


def _full(workflow: str, name: str) -> str:
    return Named(name=name, workflow=workflow).full
