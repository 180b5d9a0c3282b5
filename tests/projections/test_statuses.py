from pathlib import Path

from chatops.events import Event
from chatops.events.checks import CheckSeen, StatusSet
from chatops.names import Sha
from chatops.projections.statuses import Status, statuses_of
from tests.scene import HEAD, REPO, scene


def status(number: int, context: str = "dco", state: str = "failure") -> StatusSet:
    return StatusSet(
        repo=REPO, status_id=number, context=context, sha=HEAD, state=state, description="Why"
    )  # fmt: skip


def check(number: int, state: str = "", *, name: str = "dco", app: str = "dco-app") -> CheckSeen:
    return CheckSeen(
        repo=REPO, check_id=number, name=name, app=app, sha=HEAD, conclusion=state,
        status="completed" if state else "in_progress",
    )  # fmt: skip


def seen(folder: Path, *facts: Event) -> list[Status]:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        assert statuses_of(knowledge.db, REPO, Sha("a" * 40)) == []
        return statuses_of(knowledge.db, REPO, HEAD)


def test_the_newest_status_of_each_context_counts(tmp_path: Path) -> None:
    found = seen(tmp_path, status(3, state="success"), status(2), status(4, "license"))

    assert [(one.context, one.state) for one in found] == [
        ("dco", "success"),
        ("license", "failure"),
    ]


def test_a_check_of_another_app_goes_its_way(tmp_path: Path) -> None:
    assert [one.state for one in seen(tmp_path, check(1, "failure"), check(1))] == ["failure"]


def test_a_status_and_a_check_of_one_name_are_two(tmp_path: Path) -> None:
    found = seen(tmp_path, check(1, "failure"), status(2))

    assert [one.is_check for one in found] == [False, True]


def test_what_github_actions_runs_is_known_as_jobs(tmp_path: Path) -> None:
    assert seen(tmp_path, check(1, "failure", app="github-actions")) == []
