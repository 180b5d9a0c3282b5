from pathlib import Path

from chatops.events.checks import CheckReported
from chatops.names import PullNumber, Repo, RunId
from chatops.projections.reported_checks import ReportedCheck, reported_checks, reported_pulls
from tests.scene import REPO, scene


def told(number: int, name: str, attempt: int, result: str, repo: Repo = REPO) -> CheckReported:
    return CheckReported(
        repo=repo, number=PullNumber(number), name=name, attempt=attempt, result=result,
        run_id=RunId(number * 10), job_id=attempt,
    )  # fmt: skip


def test_each_result_is_there_the_newest_pull_request_and_the_oldest_attempt_first(
    tmp_path: Path,
) -> None:
    facts = [
        told(1, "lint", 1, "Pass"), told(2, "lint", 2, "Pass"), told(2, "lint", 1, "Fail"),
        told(2, "build", 1, "Skip"), told(9, "lint", 1, "Pass", Repo("acme/else")),
    ]  # fmt: skip
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        found = reported_checks(knowledge.db, [REPO])
        pulls = reported_pulls(knowledge.db, [REPO])
        nowhere = reported_checks(knowledge.db, []), reported_pulls(knowledge.db, [])

    assert [(one.number, one.name, one.attempt, one.result) for one in found] == [
        (2, "build", 1, "Skip"), (2, "lint", 1, "Fail"), (2, "lint", 2, "Pass"), (1, "lint", 1, "Pass"),
    ]  # fmt: skip
    assert found[0] == ReportedCheck(
        repo=REPO, number=PullNumber(2), name="build", attempt=1, result="Skip", run_id=RunId(20), job_id=1
    )  # fmt: skip
    assert pulls == 2
    assert nowhere == ([], 0)
