"""How did the tests do on the pull requests of a dashboard's file?

The question of `pull_results`, where only a file tells. A file says in which order a check ended how, and not when, nor
on which commit: so they belong to no week, and each pull request counts as one run of a test.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from chatops.answers.night_cells import Execution, State
from chatops.answers.pull_results import Failure, PullTest
from chatops.answers.required_rule import required_rule
from chatops.engine.command import Knowledge
from chatops.names import JobId, PullNumber, Repo, Sha
from chatops.projections.reported_checks import ReportedCheck, reported_checks

PASS, FAIL, SKIP = "Pass", "Fail", "Skip"


class Reported(Struct, frozen=True, kw_only=True):
    """The tests of files, those first that blocked most pull requests, and how many results of each kind files told."""

    tests: tuple[PullTest, ...]
    pulls: int
    results: Mapping[str, int]


def reported_results(knowledge: Knowledge) -> Reported:
    """Return what files told of a community's pull requests."""
    repos = knowledge.community.repositories
    rules = {repo: required_rule(knowledge.db, repo) for repo in repos}
    checks = reported_checks(knowledge.db, repos)
    tests: dict[tuple[Repo, str], PullTest] = {}
    for (repo, number, name), of_pull in groupby(
        checks, lambda one: (one.repo, one.number, one.name)
    ):
        test = tests.get((repo, name))
        if test is None:
            rule = rules.get(repo)
            test = tests[repo, name] = PullTest(
                repo=repo, workflow="", name=name, is_required=rule is not None and rule.has(name)
            )
        _count(test, number, list(of_pull))
    return Reported(
        tests=tuple(
            sorted(
                tests.values(),
                key=lambda test: (-test.blocked, -len(test.pulls), -test.fails, test.full),
            )
        ),
        pulls=len({(one.repo, one.number) for one in checks}),
        results=Counter(one.result for one in checks),
    )


def _count(test: PullTest, number: PullNumber, tries: Sequence[ReportedCheck]) -> None:
    """Count how a test ended on a pull request, after all attempts of it."""
    last = tries[-1]
    if FAIL in {one.result for one in tries[:-1]}:
        test.again += 1
        test.helped += last.result == PASS
    if last.result == PASS:
        test.passes += 1
    elif last.result == FAIL:
        test.failures.append(
            Failure(
                repo=last.repo, numbers=(number,), sha=Sha(""), run_id=last.run_id,
                last=_execution(last), tries=len(tries),
            )
        )  # fmt: skip


def _execution(check: ReportedCheck) -> Execution:
    return Execution(
        run_id=check.run_id, attempt=check.attempt, job_id=JobId(check.job_id), state=State.FAILED,
        conclusion="failure", failed_step="", started_s=None, completed_s=None,
    )  # fmt: skip
