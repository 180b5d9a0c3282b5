from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import event

from chatops.answers.blocked_by import Blocker
from chatops.answers.elsewhere import elsewhere
from chatops.answers.open_queue import open_queue
from chatops.answers.pull_checks import pull_checks
from chatops.answers.pull_status import hindrances
from chatops.config import Approvals
from chatops.events.checks import StatusSet
from chatops.events.owners import FolderOwners, OwnersChanged
from chatops.names import PullNumber
from tests.pulls import FAILING, GREEN, RULES, head, opened, ran, touching, town
from tests.scene import COMMUNITY, NOW, REPO, Scene, TickingClock, scene

KINDS = {
    6: Blocker.MISSING,
    5: Blocker.DRAFT,
    4: Blocker.WAITING,
    3: Blocker.RUNNING,
    2: Blocker.NOTHING,
    1: Blocker.FAILED,
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path, town(), clock=TickingClock()) as made:
        yield made


@contextmanager
def statements(world: Scene) -> Iterator[list[str]]:
    found: list[str] = []

    def note(_db: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(world.log.database.reading, "before_cursor_execute", note)
    yield found
    event.remove(world.log.database.reading, "before_cursor_execute", note)


def test_each_open_pull_request_is_of_one_kind(world: Scene) -> None:
    with world.knowledge() as knowledge:
        queue = open_queue(knowledge)

    assert {row.pull.number: row.blocked.by for row in queue.rows} == KINDS


def test_the_queue_says_what_the_command_says(world: Scene) -> None:
    with world.knowledge() as knowledge:
        for row in open_queue(knowledge).rows:
            checks = pull_checks(knowledge, row.pull.repo, row.pull.number)

            assert list(row.blocked.what) == hindrances(checks)
            assert row.required == len(checks.required)
            assert row.failed == len(checks.failed)


def test_jobs_elsewhere_are_those_that_why_speaks_of(world: Scene) -> None:
    jobs = {"test (a)", "test (b)", "lint"}
    with world.knowledge() as knowledge:
        queue = open_queue(knowledge)
        told = elsewhere(knowledge.db, REPO, jobs, but=PullNumber(1))
        found = queue.elsewhere(REPO, jobs, but=PullNumber(1))

    assert {
        job: [(one.number, one.author, one.cell.state) for one in places]
        for job, places in found.items()
    } == {
        job: [(one.number, one.author, one.cell.state) for one in places]
        for job, places in told.items()
    }
    assert [one.cell for one in found["lint"] if one.cell.state == "failed"] == [
        one.cell for one in told["lint"] if one.cell.state == "failed"
    ]


def test_news_of_a_run_is_in_the_next_queue_and_nothing_else_is_read_again(world: Scene) -> None:
    with world.knowledge() as knowledge:
        before = open_queue(knowledge)
    world.add(ran(1, {"test (a)": "success"}, attempt=3))

    with world.knowledge() as knowledge, statements(world) as said:
        queue = open_queue(knowledge, before)

    assert [row.blocked.by for row in queue.rows if row.pull.number == 1] == [Blocker.NOTHING]
    assert [row for row in queue.rows if row.pull.number != 1] == [
        row for row in before.rows if row.pull.number != 1
    ]
    assert sum("FROM jobs" in one for one in said) == 1


def test_without_news_no_job_is_read(world: Scene) -> None:
    with world.knowledge() as knowledge:
        before = open_queue(knowledge)
        with statements(world) as said:
            queue = open_queue(knowledge, before)

    assert queue.rows == before.rows
    assert not any("FROM jobs" in one for one in said)


@pytest.mark.parametrize("number", [10, 400])
def test_the_number_of_questions_does_not_grow_with_that_of_pull_requests(
    tmp_path: Path, number: int
) -> None:
    events = [one for n in range(1, number + 1) for one in (opened(n), *ran(n, {"a": "success"}))]
    with scene(tmp_path, [RULES, *events]) as world, world.knowledge() as knowledge:
        before = open_queue(knowledge)
        with statements(world) as said:
            open_queue(knowledge, before)

    assert len(said) <= 8


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ([opened(1, labels=("do-not-merge", "ok-to-test"), fingerprint="g")], Blocker.FAILED),
        ([opened(2, labels=("do-not-merge", "ok-to-test"), fingerprint="g")], Blocker.WAITING),
        ([opened(2, draft=True, fingerprint="g")], Blocker.DRAFT),
        ([touching(6, "src/z.rs")], Blocker.MISSING),
        (
            [StatusSet(repo=REPO, sha=head(2), status_id=1, context="CI / build", state="failure")],
            Blocker.FAILED,
        ),
    ],
)
def test_whatever_changes_is_in_the_next_queue(
    world: Scene, change: list[object], kind: Blocker
) -> None:
    with world.knowledge() as knowledge:
        before = open_queue(knowledge)
    world.add(change)  # type: ignore[arg-type]  # events of several kinds
    with world.knowledge() as knowledge:
        fresh, queue = open_queue(knowledge), open_queue(knowledge, before)

    number = getattr(change[0], "number", 2)
    assert queue.rows == fresh.rows
    assert [row.blocked.by for row in queue.rows if row.pull.number == number] == [kind]


def test_a_new_list_of_required_checks_is_in_the_next_queue(world: Scene) -> None:
    with world.knowledge() as knowledge:
        before = open_queue(knowledge)
    world.add(
        [
            type(RULES)(
                repo=REPO, branch="main", origin="gate.yaml", fingerprint="2", names=("CI / lint",),
                seen_at=NOW + timedelta(hours=1),
            )
        ]
    )  # fmt: skip
    with world.knowledge() as knowledge:
        queue = open_queue(knowledge, before)

    assert {row.required for row in queue.rows} == {1}


def test_where_nobody_told_what_is_required_nothing_is_called_ready(tmp_path: Path) -> None:
    with scene(tmp_path, [opened(1), *ran(1, GREEN)]) as world, world.knowledge() as knowledge:
        (row,) = open_queue(knowledge).rows

    assert row.blocked.by is Blocker.UNKNOWN


def test_an_approval_that_is_missing_is_waited_for(world: Scene) -> None:
    community = structs.replace(
        COMMUNITY, approvals=Approvals(owners="owners", issue_required=True)
    )
    world.add(
        [
            OwnersChanged(
                repo=REPO, branch="main", origin="OWNERS", fingerprint="1",
                folders=(FolderOwners(folder="", approvers=("mona",)),),
            )
        ]
    )  # fmt: skip
    with world.knowledge(community) as knowledge:
        row = next(row for row in open_queue(knowledge).rows if row.pull.number == 2)

    assert row.blocked.by is Blocker.WAITING
    assert row.blocked.besides == (
        "an owner has yet to approve `/`",
        "it has to name an issue in its title or text",
    )


def test_how_many_pull_requests_a_check_holds_up_is_counted(tmp_path: Path) -> None:
    events = [one for n in (1, 2, 3) for one in (opened(n), *ran(n, FAILING))]
    with scene(tmp_path, [RULES, *events]) as world, world.knowledge() as knowledge:
        held = open_queue(knowledge).failing_on()

    assert held[REPO, "CI / test (a)"] == 3
    assert (REPO, "CI / lint") not in held
