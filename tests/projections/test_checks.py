from pathlib import Path

from chatops.events.checks import CheckSeen, StatusSet
from chatops.names import Sha
from chatops.projections.checks import outside_checks, outside_names
from tests.scene import HEAD, REPO, scene


def check(number: int, status: str, conclusion: str = "", app: str = "sign-off") -> CheckSeen:
    return CheckSeen(
        repo=REPO, check_id=number, name="DCO", app=app, sha=HEAD, status=status,
        conclusion=conclusion, url="https://example.com/1",
    )  # fmt: skip


def status(number: int, state: str) -> StatusSet:
    return StatusSet(repo=REPO, status_id=number, context="docs", sha=HEAD, state=state)


def test_the_newest_check_counts_as_far_as_it_has_come(tmp_path: Path) -> None:
    facts = [check(2, "completed", "success"), check(2, "queued"), check(1, "completed", "failure")]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        (found,) = outside_checks(knowledge.db, REPO, HEAD)

    assert (found.name, found.conclusion, found.is_running) == ("DCO", "success", False)
    assert found.url == "https://example.com/1"


def test_a_status_that_is_pending_runs(tmp_path: Path) -> None:
    with scene(tmp_path, [status(1, "success"), status(2, "pending")]) as world:
        with world.knowledge() as knowledge:
            (before,) = outside_checks(knowledge.db, REPO, HEAD)
        world.add([status(3, "error")])
        with world.knowledge() as knowledge:
            (after,) = outside_checks(knowledge.db, REPO, HEAD)

    assert (before.is_running, before.conclusion) == (True, "")
    assert (after.is_running, after.conclusion) == (False, "error")


def test_what_github_actions_checks_is_a_job_and_not_kept_twice(tmp_path: Path) -> None:
    facts = [check(1, "completed", "failure", app="github-actions")]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        assert outside_checks(knowledge.db, REPO, HEAD) == []


def test_which_of_some_names_others_report_is_found_on_these_commits_alone(tmp_path: Path) -> None:
    with (
        scene(tmp_path, [check(1, "queued"), status(1, "success")]) as world,
        world.knowledge() as knowledge,
    ):
        here = outside_names(knowledge.db, [(REPO, HEAD)], ["DCO", "docs", "other"])
        elsewhere = outside_names(knowledge.db, [(REPO, Sha("f" * 40))], ["DCO"])

    assert (here, elsewhere) == ({"DCO", "docs"}, set())
