"""The ledger against hand-made histories, counted a second time by what GitHub said, without any of our classes."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from msgspec import structs
from sqlalchemy import event

from chatops.answers.flaky import FlakyTest, Where, ledger
from chatops.answers.run_history import night_history, run_history
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.events.runs import JobCompleted, JobReported, RunReported
from chatops.names import RunId
from tests.commands.nights import CALLER, night
from tests.pulls import RULES, opened, ran
from tests.scene import NOW, REPO, Scene, TickingClock, scene

FAILED, PASSED = "failure:Run tests", "success"
ENDS = (PASSED, PASSED, FAILED, "cancelled", "skipped", "failure:Set up job")


@contextmanager
def known(folder: Path, events: Sequence[Event]) -> Iterator[tuple[Scene, Knowledge]]:
    with scene(folder, events, clock=TickingClock()) as world, world.knowledge() as knowledge:
        yield world, knowledge


def flaky(
    folder: Path, *events: Event, weeks: int = 4, where: Where = Where.ANYWHERE
) -> dict[str, FlakyTest]:
    with known(folder, [RULES, *events]) as (_, knowledge):
        found = ledger(knowledge, run_history(knowledge), weeks=weeks, where=where)
    return {test.name: test for test in found.tests}


def tried(*said: str, run: int = 0, number: int = 1) -> list[Event]:
    """Return the attempts of one run of a pull request, in each of which the test ran."""
    return [
        one
        for attempt, ended in enumerate(said, start=1)
        for one in ran(number, {"test (a)": ended, "other": PASSED}, attempt=attempt, run=run)
    ]


@pytest.mark.parametrize(
    ("said", "times", "again", "helped"),
    [
        ([FAILED, PASSED], 1, 1, 1),
        ([FAILED, FAILED, PASSED], 1, 1, 1),
        ([PASSED, FAILED], 1, 0, 0),
        ([FAILED, PASSED, FAILED], 1, 1, 0),
        (["timed_out", PASSED], 1, 1, 1),
        ([FAILED, FAILED], 0, 0, 0),
        ([PASSED, PASSED], 0, 0, 0),
        (["cancelled", PASSED], 0, 0, 0),
        (["failure:Set up job", PASSED], 0, 0, 0),
        ([FAILED, "cancelled"], 0, 0, 0),
        ([FAILED, "skipped"], 0, 0, 0),
        (["something_new", PASSED], 0, 0, 0),
    ],
)
def test_only_a_pass_and_a_failure_of_the_test_itself_on_one_commit_prove_it(
    tmp_path: Path, said: list[str], times: int, again: int, helped: int
) -> None:
    found = flaky(tmp_path, opened(1), *tried(*said))
    test = found.get("test (a)")

    assert (len(test.flakes) if test else 0) == times
    if test:
        assert (test.again, test.helped) == (again, helped)
    assert "other" not in found


def test_two_runs_of_a_workflow_on_one_head_are_compared(tmp_path: Path) -> None:
    (test,) = flaky(tmp_path, opened(1), *tried(FAILED), *tried(PASSED, run=1)).values()

    assert (len(test.flakes), test.again, test.helped, test.runs) == (1, 1, 1, 2)


def test_two_heads_are_not(tmp_path: Path) -> None:
    assert not flaky(tmp_path, opened(1), opened(2), *tried(FAILED), *tried(PASSED, number=2))


def test_two_nights_on_one_commit_are_not(tmp_path: Path) -> None:
    assert not flaky(tmp_path, *night(2, nozzle="failure"), *night(1, nozzle="success"))


def test_a_carried_over_job_proves_nothing(tmp_path: Path) -> None:
    events = [opened(1), *tried(FAILED)]
    for one in ran(1, {"test (a)": PASSED}, attempt=2):
        if isinstance(one, JobCompleted) and one.created_at is not None:
            one = structs.replace(one, started_at=one.created_at - timedelta(hours=1))  # noqa: PLW2901  # the same job
        events.append(one)

    assert not flaky(tmp_path, *events)


def test_a_test_of_the_nights_is_one_test_in_whatever_workflow_it_runs(tmp_path: Path) -> None:
    name = f"{CALLER}nozzle"
    events = [
        *night(1, nozzle=["failure", "success"]),
        opened(1),
        *ran(1, {name: FAILED}),
        *ran(1, {name: PASSED}, attempt=2),
    ]
    test = flaky(tmp_path, *events)[name]
    nights = flaky(tmp_path, where=Where.NIGHTS)[name]
    pulls = flaky(tmp_path, where=Where.PULLS)[name]

    assert (test.workflow, test.in_nights, test.in_pulls, test.runs) == ("Nightly", 1, 1, 2)
    assert (nights.in_nights, nights.in_pulls, nights.runs) == (1, 0, 1)
    assert (pulls.in_nights, pulls.in_pulls, pulls.runs) == (0, 1, 1)


@pytest.mark.parametrize(
    ("days", "weeks", "is_there"), [(2, 1, True), (8, 1, False), (8, 4, True), (80, 13, True)]
)
def test_the_window_is_whole_weeks(
    tmp_path: Path, *, days: int, weeks: int, is_there: bool
) -> None:
    found = flaky(tmp_path, *night(days, nozzle=["failure", "success"]), weeks=weeks)

    assert bool(found) is is_there


def test_those_first_that_cost_most(tmp_path: Path) -> None:
    found = flaky(
        tmp_path,
        *night(3, nozzle=["failure", "success"], tank="success"),
        *night(2, nozzle="success", tank=["failure", "failure", "success"]),
    )

    assert [(test.name, test.seconds) for test in found.values()] == [
        (f"{CALLER}tank", 7_200),
        (f"{CALLER}nozzle", 3_600),
    ]


def test_the_ledger_equals_an_independent_count(tmp_path: Path) -> None:
    random = Random(7)
    events: list[Event] = []
    said: dict[tuple[str, str], list[tuple[int, int, str]]] = defaultdict(list)
    for number in range(1, 16):
        events.append(opened(number))
        for run in range(random.choice((1, 1, 2))):
            for attempt in range(1, random.choice((2, 2, 3, 4))):
                jobs = {f"job {place}": random.choice(ENDS) for place in range(6)}
                events += ran(number, jobs, run=run, attempt=attempt)
                for name, ended in jobs.items():
                    said[name, str(number)].append((run, attempt, ended))
    times: dict[str, int] = defaultdict(int)
    helped: dict[str, str] = {}
    tally: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (name, _), tries in said.items():
        verdicts = [ended for _, _, ended in sorted(tries) if ended in {PASSED, FAILED}]
        times[name] += len(set(verdicts)) == 2
        if FAILED in verdicts and verdicts.index(FAILED) + 1 < len(verdicts):
            tally[name][0] += 1
            tally[name][1] += verdicts[-1] == PASSED
    for name, (again, good) in tally.items():
        helped[name] = f"{good} of {again}"

    found = flaky(tmp_path, *events)

    assert {name: len(test.flakes) for name, test in found.items()} == {
        name: number for name, number in times.items() if number
    }
    assert {name: f"{test.helped} of {test.again}" for name, test in found.items()} == {
        name: helped.get(name, "0 of 0") for name in found
    }


def test_a_history_made_from_the_one_before_is_the_same(tmp_path: Path) -> None:
    with known(tmp_path, [RULES, opened(1), *tried(FAILED), *night(1, nozzle="failure")]) as (
        _,
        first,
    ):
        before = run_history(first)
    with scene(tmp_path, [], clock=TickingClock()) as world:
        world.add(tried(FAILED, PASSED)[2:])
        world.add([opened(2), *tried(FAILED, PASSED, number=2)])
        world.add(night(1, nozzle=["failure", "success"]))
        with world.knowledge() as knowledge:
            fresh, later = run_history(knowledge), run_history(knowledge, before)
            assert ledger(knowledge, fresh) == ledger(knowledge, later)

    assert (later.runs, later.groups, later.seen) == (fresh.runs, fresh.groups, fresh.seen)
    assert (later.weeks, later.nightly) == (fresh.weeks, fresh.nightly)


def test_without_news_no_job_is_read(tmp_path: Path) -> None:
    said: list[str] = []
    with known(tmp_path, [opened(1), *tried(FAILED, PASSED)]) as (world, knowledge):
        before = run_history(knowledge)

        def note(_db: object, _cursor: object, statement: str, *_: object) -> None:
            said.append(statement)

        event.listen(world.log.database.reading, "before_cursor_execute", note)
        run_history(knowledge, before)
        event.remove(world.log.database.reading, "before_cursor_execute", note)

    assert said
    assert not any("FROM jobs" in one for one in said)


def test_the_nights_alone_are_the_same_nights(tmp_path: Path) -> None:
    events = [
        *night(3, nozzle=["failure", "success"], tank="success"),
        *night(1, nozzle=["failure", "failure"], tank=["failure", "success"]),
        opened(1),
        *tried(FAILED, PASSED),
    ]
    with known(tmp_path, [RULES, *events]) as (_, knowledge):
        alone = ledger(knowledge, night_history(knowledge), where=Where.NIGHTS)
        among = ledger(knowledge, run_history(knowledge), where=Where.NIGHTS)

    assert alone.tests == among.tests
    assert (alone.nights, alone.again, alone.helped) == (among.nights, among.again, among.helped)
    assert alone.nights == 2


def in_a_file(run_id: int, *results: str) -> list[Event]:
    """Return what an imported file tells of a night: how a test ended in each attempt."""
    of, name = RunId(run_id), f"{CALLER}nozzle"
    return [
        event
        for attempt, result in enumerate(results, start=1)
        for event in (
            RunReported(repo=REPO, run_id=of, attempt=attempt, workflow="Nightly", number=run_id),
            JobReported(repo=REPO, run_id=of, attempt=attempt, name=name, result=result),
        )
    ]


@pytest.mark.parametrize(
    ("where", "weeks", "number"),
    [
        (Where.ANYWHERE, 4, 2),
        (Where.NIGHTS, 4, 2),
        (Where.NIGHTS, 1, 0),
        (Where.NIGHTS, 13, 3),
        (Where.PULLS, 4, 0),
    ],
)
def test_nights_that_only_a_file_tells_of_are_named_as_not_counted(
    tmp_path: Path, where: Where, weeks: int, number: int
) -> None:
    # Later runs have greater ids: what comes before a night that is too old is too old itself.
    events = [
        *in_a_file(969, "Fail", "Pass"), *night(30, nozzle="success"),
        *in_a_file(975, "Pass"), *in_a_file(980, "Fail", "Pass"), *night(10, nozzle="success"),
        *in_a_file(999, "Fail"), *night(1, nozzle="success"),
    ]  # fmt: skip
    with known(tmp_path, [RULES, *events]) as (_, knowledge):
        found = ledger(knowledge, run_history(knowledge), weeks=weeks, where=where)

    assert found.in_files == number
    assert found.not_counted[:2].strip() == (str(number) if number else "")


def test_nothing_known_says_so(tmp_path: Path) -> None:
    with known(tmp_path, []) as (_, knowledge):
        found = ledger(knowledge, run_history(knowledge))

    assert found.verdict == (
        "No test failed and passed on the same commit in 0 nights and 0 heads of pull requests."
    )
    assert NOW.date() >= found.since
