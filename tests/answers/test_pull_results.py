from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from chatops.answers.pull_results import PullTest, pull_results, pull_tests
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.names import PullNumber
from tests.pulls import RULES, head, opened, ran
from tests.scene import NOW, Scene, TickingClock, scene

WEEK, MONTH = timedelta(days=7), timedelta(days=30)


@contextmanager
def known(folder: Path, events: Sequence[Event]) -> Iterator[tuple[Scene, Knowledge]]:
    with scene(folder, events, clock=TickingClock()) as world, world.knowledge() as knowledge:
        yield world, knowledge


def counted(folder: Path, *events: Event, window: timedelta = WEEK) -> dict[str, PullTest]:
    with known(folder, [RULES, *events]) as (_, knowledge):
        found = pull_tests(knowledge, pull_results(knowledge), window)
    return {test.full: test for test in found}


@pytest.mark.parametrize(
    ("attempts", "fails", "passes", "helped", "unclear"),
    [
        (["success"], 0, 1, "0 of 0", 0),
        (["failure:Run tests"], 1, 0, "0 of 0", 0),
        (["failure:Run tests", "success"], 0, 1, "1 of 1", 0),
        (["failure:Run tests", "failure:Run tests"], 1, 0, "0 of 1", 0),
        (["success", "success"], 0, 1, "0 of 0", 0),
        (["success", "failure:Run tests"], 1, 0, "0 of 0", 0),
        (["cancelled"], 0, 0, "0 of 0", 1),
        (["cancelled", "success"], 0, 1, "0 of 0", 0),
        (["failure:Set up job"], 0, 0, "0 of 0", 1),
        (["timed_out"], 1, 0, "0 of 0", 0),
        (["something_new"], 0, 0, "0 of 0", 1),
    ],
)
def test_only_passes_and_failures_of_the_test_itself_count(
    tmp_path: Path, attempts: list[str], fails: int, passes: int, helped: str, unclear: int
) -> None:
    runs = [
        one
        for number, said in enumerate(attempts, start=1)
        for one in ran(1, {"test (a)": said, "other": "success"}, attempt=number)
    ]
    test = counted(tmp_path, opened(1), *runs)["CI / test (a)"]

    assert (test.fails, test.passes, test.unclear) == (fails, passes, unclear)
    assert f"{test.helped} of {test.again}" == helped


@pytest.mark.parametrize("said", ["skipped", "running"])
def test_what_has_no_result_is_no_test_of_these_days(tmp_path: Path, said: str) -> None:
    assert counted(tmp_path, opened(1), *ran(1, {"test (a)": said})) == {}


def test_those_first_that_block_most_pull_requests(tmp_path: Path) -> None:
    failing = {"build": "failure:x", "lint": "failure:x"}
    events = [
        *(one for n in (1, 2, 3) for one in (opened(n), *ran(n, {"lint": "failure:x"}))),
        *(one for n in (4, 5) for one in (opened(n), *ran(n, failing))),
        opened(6), *ran(6, {"test (a)": "failure:x"}),
    ]  # fmt: skip
    found = counted(tmp_path, *events)

    assert [(name, test.blocked, len(test.pulls)) for name, test in found.items()] == [
        ("CI / build", 2, 2),
        ("CI / test (a)", 1, 1),
        ("CI / lint", 0, 5),
    ]
    assert found["CI / build"].pulls == (PullNumber(5), PullNumber(4))


def test_a_pull_request_counts_once_however_often_it_failed(tmp_path: Path) -> None:
    again = opened(1, sha=head(90), fingerprint="older", updated_at=NOW - timedelta(days=2))
    events = [
        again, opened(1), *ran(1, {"build": "failure:x"}),
        *ran(1, {"build": "failure:x"}, run=1),
    ]  # fmt: skip
    test = counted(tmp_path, *events)["CI / build"]

    assert (test.fails, test.blocked) == (2, 1)


@pytest.mark.parametrize(
    ("ago", "window", "is_there"),
    [
        (timedelta(days=6), WEEK, True),
        (timedelta(days=8), WEEK, False),
        (timedelta(days=8), MONTH, True),
        (timedelta(days=31), MONTH, False),
    ],
)
def test_the_window_is_by_when_a_run_was_created(
    tmp_path: Path, *, ago: timedelta, window: timedelta, is_there: bool
) -> None:
    found = counted(tmp_path, opened(1), *ran(1, {"a": "success"}, ago=ago), window=window)

    assert bool(found) is is_there


@pytest.mark.parametrize("more", [{"trigger": "schedule"}, {"workflow": "Gatekeeper"}])
def test_nights_and_the_gate_are_no_results_of_pull_requests(
    tmp_path: Path, more: dict[str, str]
) -> None:
    assert counted(tmp_path, opened(1), *ran(1, {"a": "failure"}, **more)) == {}  # type: ignore[arg-type]  # texts


def test_runs_of_no_pull_request_are_left_out(tmp_path: Path) -> None:
    assert counted(tmp_path, *ran(1, {"a": "failure"})) == {}


def test_results_made_from_those_before_are_the_same(tmp_path: Path) -> None:
    with known(tmp_path, [RULES, opened(1), *ran(1, {"build": "failure:x"})]) as (world, first):
        before = pull_results(first)
    with scene(tmp_path, [], clock=TickingClock()) as world:
        world.add(ran(1, {"build": "success"}, attempt=2))
        world.add([opened(2), *ran(2, {"build": "failure:x"})])
        with world.knowledge() as knowledge:
            fresh, later = pull_results(knowledge), pull_results(knowledge, before)
            tests = pull_tests(knowledge, later, WEEK)

    assert later.days == fresh.days
    assert [(test.full, test.fails, test.helped) for test in tests] == [("CI / build", 1, 1)]


def test_without_news_no_job_is_read(tmp_path: Path) -> None:
    said: list[str] = []
    with known(tmp_path, [opened(1), *ran(1, {"build": "failure:x"})]) as (world, knowledge):
        before = pull_results(knowledge)

        def note(_db: object, _cursor: object, statement: str, *_: object) -> None:
            said.append(statement)

        event.listen(world.log.database.reading, "before_cursor_execute", note)
        pull_results(knowledge, before)
        event.remove(world.log.database.reading, "before_cursor_execute", note)

    assert not any("FROM jobs" in one for one in said)
