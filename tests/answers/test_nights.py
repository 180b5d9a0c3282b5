import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median

import pytest
from sqlalchemy import Connection, event

from chatops.answers.nights import NightBoard, State, Test, Weather, board_later, night_board
from chatops.config import NightlyWorkflow
from chatops.events import Event
from chatops.events.gate import RequiredChecksChanged
from chatops.events.renames import JobRenamed
from chatops.events.runs import JobQueued, JobStarted
from chatops.names import CommandId, JobId, RunId
from tests.builders import (
    CANCELLED,
    CARRIED,
    FAIL,
    MORNING,
    PASS,
    REPO,
    RUNNING,
    SCHEDULE,
    SETUP,
    SKIPPED,
    TODAY,
    WAITING,
    WORKFLOW,
    NightOf,
    Ran,
    many_nights,
    night,
    nights_database,
    reported,
    required,
)

Test.__test__ = False  # type: ignore[attr-defined]  # a row of the board, which pytest takes for tests


def board_of(
    folder: Path,
    *facts: Iterable[Event],
    workflows: Sequence[NightlyWorkflow] = (SCHEDULE,),
    nights: int = 30,
) -> NightBoard:
    with nights_database(folder, [fact for some in facts for fact in some]) as db:
        return night_board(db, [REPO], workflows, nights=nights, now=MORNING)


def row(board: NightBoard, name: str) -> Test:
    [found] = [test for test in board.tests if test.name == name]
    return found


def states(board: NightBoard, name: str) -> list[State]:
    return [cell.state for cell in row(board, name).cells]


def test_without_a_night_the_board_says_so(tmp_path: Path) -> None:
    board = board_of(tmp_path)

    assert board.verdict == "No night has been recorded yet."
    assert (board.nights, board.tests, board.newest, board.heard_at) == ((), (), None, None)


def test_the_newest_night_comes_first(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(2, {"a": PASS}), night(0, {"a": FAIL}), night(1, {"a": PASS}))

    assert [one.label for one in board.nights] == ["22 Aug", "21 Aug", "20 Aug"]
    assert states(board, "a") == [State.FAILED, State.PASSED, State.PASSED]


def test_all_workflows_of_a_day_are_one_night(tmp_path: Path) -> None:
    other = NightOf(ago=0, attempts=[{"b": FAIL}], workflow="Nightly on s390x", hour=5)

    board = board_of(
        tmp_path,
        night(0, {"a": PASS}),
        other.facts(),
        workflows=(SCHEDULE, NightlyWorkflow(name="Nightly on s390x", file="other.yaml")),
    )

    assert [len(one.runs) for one in board.nights] == [2]
    assert {test.name: test.workflow for test in board.tests} == {
        "a": WORKFLOW,
        "b": "Nightly on s390x",
    }


def test_one_name_in_two_workflows_is_two_tests(tmp_path: Path) -> None:
    other = NightOf(ago=0, attempts=[{"skipper": FAIL}], workflow="Other", hour=5)

    board = board_of(
        tmp_path,
        night(0, {"skipper": PASS}),
        other.facts(),
        workflows=(SCHEDULE, NightlyWorkflow(name="Other", file="other.yaml")),
    )

    assert {test.workflow: test.cells[0].state for test in board.tests} == {
        WORKFLOW: State.PASSED,
        "Other": State.FAILED,
    }


def test_only_as_many_nights_are_shown_as_asked(tmp_path: Path) -> None:
    facts = [fact for ago in range(8) for fact in night(ago, {"a": PASS})]

    board = board_of(tmp_path, facts, nights=3)

    assert [one.label for one in board.nights] == ["22 Aug", "21 Aug", "20 Aug"]


def test_a_pass_after_a_failure_is_a_pass_on_rerun(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, {"a": FAIL, "b": PASS}, {"a": PASS, "b": CARRIED}))

    cell = row(board, "a").cells[0]
    assert (cell.state, cell.first, cell.reruns) == (State.RERUN, State.FAILED, 1)
    assert [execution.attempt for execution in cell.executions] == [1, 2]
    assert row(board, "a").fails == 0


def test_a_carried_over_entry_is_neither_an_execution_nor_a_rerun(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, {"a": FAIL, "b": PASS}, {"a": PASS, "b": CARRIED}))

    cell = row(board, "b").cells[0]
    assert (cell.state, len(cell.executions), row(board, "b").reruns) == (State.PASSED, 1, 0)


def test_a_carried_over_entry_counts_where_nothing_else_is_known(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, {"a": FAIL}, {"a": PASS, "b": CARRIED}))

    cell = row(board, "b").cells[0]
    assert (cell.state, cell.executions[0].attempt, cell.reruns) == (State.PASSED, 0, 0)


def test_running_everything_again_does_not_make_a_clean_pass_a_flake(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, {"a": PASS}, {"a": PASS}))

    assert (states(board, "a"), row(board, "a").reruns) == ([State.PASSED], 1)


def test_a_test_first_skipped_and_then_passed_never_failed(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, {"a": SKIPPED}, {"a": PASS}))

    assert (states(board, "a"), row(board, "a").reruns) == ([State.PASSED], 0)


def test_a_failure_stays_one_when_its_rerun_was_skipped(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, {"a": FAIL}, {"a": SKIPPED}))

    assert states(board, "a") == [State.FAILED]


@pytest.mark.parametrize(
    ("ran", "state"),
    [
        (Ran(conclusion="failure", step="Run tests"), State.FAILED),
        (Ran(conclusion="failure"), State.FAILED),
        (Ran(conclusion="timed_out", step="Run tests"), State.FAILED),
        (Ran(conclusion="timed_out", step="Set up job"), State.INFRA),
        (Ran(conclusion="failure", step="Set up job"), State.INFRA),
        (Ran(conclusion="failure", step="Run actions/checkout@v4"), State.INFRA),
        (Ran(conclusion="failure", step="Checkout code"), State.INFRA),
        (Ran(conclusion="failure", step="Install dependencies"), State.INFRA),
        (Ran(conclusion="failure", step="Initialize containers"), State.INFRA),
        (Ran(conclusion="failure", step="Pull the image"), State.INFRA),
        (Ran(conclusion="failure", step="Login to the registry"), State.INFRA),
        (Ran(conclusion="failure", step="Log in to Azure"), State.INFRA),
        (Ran(conclusion="failure", step="Installed files are right"), State.FAILED),
        (Ran(conclusion="cancelled", step="Set up job"), State.CANCELLED),
        (Ran(conclusion="skipped"), State.SKIPPED),
        (Ran(conclusion="neutral"), State.UNKNOWN),
        (Ran(conclusion="a word of tomorrow"), State.UNKNOWN),
    ],
)
def test_what_github_says_has_one_meaning(tmp_path: Path, ran: Ran, state: State) -> None:
    board = board_of(tmp_path, night(0, {"a": ran}))

    assert states(board, "a") == [state]


def test_only_passes_and_failures_count(tmp_path: Path) -> None:
    outcomes = [PASS, FAIL, SETUP, CANCELLED, SKIPPED, Ran(conclusion="neutral")]
    facts = [fact for ago, ran in enumerate(outcomes) for fact in night(ago, {"a": ran})]

    test = row(board_of(tmp_path, facts), "a")

    assert (test.fails, test.runs) == (1, 2)


def test_the_worse_of_two_jobs_of_one_name_counts(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, [("a", PASS), ("a", FAIL), ("b", PASS), ("b", CANCELLED)]))

    assert states(board, "a") == [State.FAILED]
    assert states(board, "b") == [State.CANCELLED]


def test_a_finished_night_that_misses_a_test_did_not_run_it(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(1, {"a": PASS, "b": PASS}), night(0, {"a": PASS}))

    cell = row(board, "b").cells[0]
    assert (cell.state, cell.reason) == (State.NOT_RUN, "the run has no such job")
    assert board.newest is not None
    assert [test.name for test in board.newest.did_not_run] == ["b"]


def test_a_test_is_not_missed_before_it_existed(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(1, {"a": PASS}), night(0, {"a": PASS, "new": PASS}))

    assert states(board, "new") == [State.PASSED, State.NONE]


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ("caller / tests", "caller / tests (qemu, small)"),
        ("caller / tests-on-power", "caller / tests-on-power / tests (qemu, small)"),
        ("caller / outer", "caller / outer (latest) / inner (latest, clh)"),
    ],
)
@pytest.mark.parametrize("how", [SKIPPED, CANCELLED])
def test_a_matrix_that_was_never_made_is_no_test_but_a_reason(
    tmp_path: Path, parent: str, child: str, how: Ran
) -> None:
    board = board_of(tmp_path, night(1, {child: PASS}), night(0, {parent: how}))

    assert [test.name for test in board.tests] == [child]
    cell = board.tests[0].cells[0]
    assert cell.state is State.NOT_RUN
    assert cell.reason == f"“{parent.rpartition(' / ')[2]}” was {how.conclusion}"


@pytest.mark.parametrize("how", [SKIPPED, CANCELLED])
def test_a_bare_name_is_kept_apart_with_the_nights_it_stood_in(tmp_path: Path, how: Ran) -> None:
    board = board_of(
        tmp_path,
        night(2, {"run (a)": PASS, "run (b)": PASS}),
        night(1, {"run": how}),
        night(0, {"run": how}),
    )

    [bare] = board.unmade
    assert (bare.name, bare.how) == ("run", how.conclusion)
    assert [one.label for one in bare.nights] == ["22 Aug", "21 Aug"]
    assert [test.name for test in board.tests] == ["run (a)", "run (b)"]


def test_a_bare_name_that_ran_in_another_night_is_a_test(tmp_path: Path) -> None:
    board = board_of(
        tmp_path, night(2, {"run (a)": PASS}), night(1, {"run": PASS}), night(0, {"run": SKIPPED})
    )

    assert board.unmade == ()
    assert "run" in {test.name for test in board.tests}


def test_a_skipped_job_without_children_is_a_test_of_its_own(tmp_path: Path) -> None:
    board = board_of(
        tmp_path, night(1, {"caller / lint": PASS}), night(0, {"caller / lint": SKIPPED})
    )

    assert states(board, "caller / lint") == [State.SKIPPED, State.PASSED]
    assert board.newest is not None
    assert [test.name for test in board.newest.did_not_run] == ["caller / lint"]


def test_a_failing_caller_stays_a_test(tmp_path: Path) -> None:
    board = board_of(
        tmp_path, night(1, {"caller / tests (a)": PASS}), night(0, {"caller / tests": FAIL})
    )

    assert states(board, "caller / tests") == [State.FAILED, State.NONE]


def test_a_removed_test_stops_being_missed(tmp_path: Path) -> None:
    facts = [fact for ago in range(3) for fact in night(ago, {"a": PASS})]

    board = board_of(tmp_path, facts, night(3, {"a": PASS, "old": FAIL}))

    assert row(board, "old").is_gone
    assert board.newest is not None
    assert (board.newest.total, board.newest.did_not_run) == (1, ())


def test_a_night_that_runs_speaks_of_finished_tests_only(tmp_path: Path) -> None:
    before = night(1, {"a": PASS, "b": FAIL, "c": PASS, "d": PASS})
    tonight = night(0, {"a": FAIL, "b": RUNNING, "c": WAITING}, is_over=False)

    board = board_of(tmp_path, before, tonight)

    newest = board.newest
    assert newest is not None
    assert newest.is_running
    assert (newest.done, newest.expected) == (1, 4)
    assert [test.name for test in newest.failed] == ["a"]
    assert newest.did_not_run == ()
    assert states(board, "d") == [State.NONE, State.PASSED]
    assert row(board, "b").settled.state is State.FAILED
    assert board.verdict == (
        "The night of Sat 22 Aug is running: 1 of about 4 tests are done, 1 failed so far. "
        "1 failed in the night before."
    )


@pytest.mark.parametrize("kind", [JobQueued, JobStarted])
def test_a_job_of_an_ended_run_that_nobody_saw_end_is_unknown(
    tmp_path: Path, kind: type[JobQueued | JobStarted]
) -> None:
    run = NightOf(ago=0, attempts=[{"a": PASS}])
    lost = kind(
        repo=REPO, run_id=run.run_id, attempt=1, job_id=JobId(1), name="lost", created_at=TODAY
    )

    board = board_of(tmp_path, run.facts(), [lost])

    cell = row(board, "lost").cells[0]
    assert (cell.state, cell.reason) == (State.UNKNOWN, "its run ended, but nobody told how it did")


def test_imported_results_are_nights_of_their_own_by_number(tmp_path: Path) -> None:
    board = board_of(
        tmp_path,
        reported(841, {"a": "Pass", "b": "Fail", "c": "Skip"}),
        reported(842, {"a": "Fail", "b": "Fail", "c": "Skip"}),
        night(0, {"a": PASS, "b": PASS, "c": SKIPPED}),
    )

    assert [one.label for one in board.nights] == ["22 Aug", "#842", "#841"]
    assert states(board, "a") == [State.PASSED, State.FAILED, State.PASSED]
    assert states(board, "b") == [State.PASSED, State.FAILED, State.FAILED]
    assert states(board, "c") == [State.SKIPPED] * 3
    assert row(board, "a").cells[1].executions[0].job_id == 0


def test_what_github_says_outweighs_what_a_file_said_of_the_same_attempt(tmp_path: Path) -> None:
    run = NightOf(ago=0, attempts=[{"a": CANCELLED}])
    imported = [fact for fact in reported(1, {"a": "Fail"}) if fact.kind == "job.reported"]
    same = [type(fact)(**{**_fields(fact), "run_id": RunId(run.run_id)}) for fact in imported]

    board = board_of(tmp_path, run.facts(), same)

    assert states(board, "a") == [State.CANCELLED]
    assert len(row(board, "a").cells[0].executions) == 1


def _fields(fact: Event) -> dict[str, object]:
    return {name: getattr(fact, name) for name in fact.__struct_fields__}


def test_a_streak_reaches_over_nights_that_do_not_count(tmp_path: Path) -> None:
    outcomes = [FAIL, SETUP, FAIL, CANCELLED, FAIL, PASS, FAIL]
    facts = [fact for ago, ran in enumerate(outcomes) for fact in night(ago, {"a": ran})]

    test = row(board_of(tmp_path, facts), "a")

    assert test.streak == 3
    assert test.since is not None
    assert test.since.label == "18 Aug"


def test_the_newest_night_is_compared_with_the_last_result_that_counts(tmp_path: Path) -> None:
    board = board_of(
        tmp_path,
        night(2, {"new": PASS, "old": FAIL, "fixed": FAIL, "fine": PASS}),
        night(1, {"new": CANCELLED, "old": FAIL, "fixed": SETUP, "fine": PASS}),
        night(0, {"new": FAIL, "old": FAIL, "fixed": PASS, "fine": PASS, "born": FAIL}),
    )

    newest = board.newest
    assert newest is not None
    assert [test.name for test in newest.newly_failing] == ["born", "new"]
    assert [(test.name, test.streak) for test in newest.still_failing] == [("old", 3)]
    assert [test.name for test in newest.fixed] == ["fixed"]
    assert board.verdict == (
        "3 of 5 tests failed in the night of Sat 22 Aug. 2 are new, 1 still fails (up to 3 nights)."
    )


def test_required_tests_come_first_and_are_matched_whole(tmp_path: Path) -> None:
    board = board_of(
        tmp_path,
        required("CI / caller / z-tests (qemu)", patterns=[r"CI / caller / m-.*"]),
        night(0, {"caller / a-tests": FAIL, "caller / z-tests (qemu)": FAIL, "z-tests (qemu)": FAIL,
                  "caller / m-tests": FAIL}),
    )  # fmt: skip

    assert board.knows_required
    assert board.newest is not None
    assert [(test.name, test.is_required) for test in board.newest.failed] == [
        ("caller / m-tests", True),
        ("caller / z-tests (qemu)", True),
        ("caller / a-tests", False),
        ("z-tests (qemu)", False),
    ]
    assert "4 of 4 tests failed" in board.verdict
    assert "2 of them required" in board.verdict


def test_without_a_list_nothing_is_said_to_be_required(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, {"a": FAIL}))

    assert not board.knows_required
    assert not row(board, "a").is_required


def test_a_broken_expression_in_the_list_requires_nothing(tmp_path: Path) -> None:
    board = board_of(tmp_path, required("CI / a", patterns=["("]), night(0, {"a": PASS, "b": PASS}))

    assert {test.name: test.is_required for test in board.tests} == {"a": True, "b": False}


def test_a_green_night_is_only_green_if_everything_ran(tmp_path: Path) -> None:
    clean = board_of(tmp_path, night(0, {"a": PASS, "b": PASS}))

    assert clean.verdict == "All 2 tests that ran passed in the night of Sat 22 Aug."


def test_missing_results_are_part_of_the_verdict(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, {"a": PASS, "b": SETUP, "c": CANCELLED}))

    assert board.verdict == (
        "No test failed: all 1 test that ran passed in the night of Sat 22 Aug. "
        "Without a verdict: 1 infrastructure failed, 1 cancelled."
    )


def test_a_night_of_nothing_but_cancellations_is_not_green(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, {"a": CANCELLED, "b": CANCELLED}))

    assert board.verdict == "No test of the night of Sat 22 Aug has a result: 2 cancelled."


@pytest.mark.parametrize(
    ("fails", "runs", "word"),
    [(0, 0, "no data"), (0, 10, "sunny"), (1, 10, "sunny"), (2, 10, "partly sunny"),
     (4, 10, "cloudy"), (6, 10, "rainy"), (8, 10, "stormy"), (10, 10, "stormy")],
)  # fmt: skip
def test_weather_is_the_share_of_failures_in_fifths(fails: int, runs: int, word: str) -> None:
    assert Weather(fails=fails, runs=runs).word == word


def test_always_skipped_is_not_sunny(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(1, {"a": SKIPPED}), night(0, {"a": SKIPPED}))

    assert (row(board, "a").weather.word, row(board, "a").weather.share) == ("no data", None)


def test_the_board_knows_how_old_its_knowledge_is(tmp_path: Path) -> None:
    with nights_database(tmp_path, night(0, {"a": PASS})) as db:
        fresh = night_board(db, [REPO], [SCHEDULE], now=MORNING)
        old = night_board(db, [REPO], [SCHEDULE], now=MORNING + timedelta(hours=27))

    assert fresh.heard_at == MORNING
    assert (fresh.is_stale, fresh.is_overdue) == (False, False)
    assert (old.is_stale, old.is_overdue) == (True, True)


@pytest.mark.parametrize(("minutes", "is_overdue"), [(1, False), (23 * 60, True)])
def test_a_board_is_later_in_the_day_what_a_new_one_would_be(
    tmp_path: Path, minutes: int, *, is_overdue: bool
) -> None:
    with nights_database(tmp_path, night(2, {"a": PASS}) + night(1, {"a": FAIL})) as db:
        later = TODAY + timedelta(minutes=minutes)
        kept = night_board(db, [REPO], [SCHEDULE], now=TODAY)
        told = board_later(db, kept, [REPO], [SCHEDULE], now=later)
        new = night_board(db, [REPO], [SCHEDULE], now=later)

    assert told == new
    assert (kept.is_overdue, told.is_overdue) == (False, is_overdue)


def test_facts_in_any_order_give_the_same_board(tmp_path: Path) -> None:
    facts = [*night(1, {"a": FAIL}, {"a": PASS}), *night(0, {"a": FAIL, "b": SETUP})]
    (tmp_path / "forth").mkdir()
    (tmp_path / "back").mkdir()

    forth = board_of(tmp_path / "forth", facts)
    back = board_of(tmp_path / "back", reversed(facts))

    assert forth == back


def test_the_number_of_questions_does_not_grow_with_tests_or_nights(tmp_path: Path) -> None:
    with nights_database(tmp_path, many_nights(40, 20)) as db:
        few, many = questions(db, nights=2), questions(db, nights=20)

    assert few == many


def questions(db: Connection, *, nights: int) -> int:
    asked = []

    def note(_db: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    event.listen(db, "before_cursor_execute", note)
    night_board(db, [REPO], [SCHEDULE], nights=nights, now=MORNING)
    event.remove(db, "before_cursor_execute", note)
    return len(asked)


def test_a_large_board_is_read_in_a_moment(tmp_path: Path) -> None:
    with nights_database(tmp_path, many_nights(300, 30)) as db:
        took = [seconds_to_read(db) for _ in range(5)]

    # Far above what it takes on a quiet machine, far below what a query per test would.
    assert median(took) < 0.5


def seconds_to_read(db: Connection) -> float:
    started = time.process_time()
    board = night_board(db, [REPO], [SCHEDULE], now=MORNING)
    took = time.process_time() - started
    assert (len(board.tests), len(board.nights)) == (300, 30)
    return took


def renamed(old: str, new: str) -> list[Event]:
    return [
        JobRenamed(
            command=CommandId("command/1"), repo=REPO, old=old, new=new, by="mona", at=MORNING
        )
    ]


def test_a_test_has_its_nights_under_all_of_its_names(tmp_path: Path) -> None:
    board = board_of(
        tmp_path,
        night(3, {"old": PASS, "x": PASS}),
        night(2, {"old": FAIL, "x": PASS}),
        night(1, {"new": FAIL, "x": PASS}),
        night(0, {"new": FAIL, "x": PASS}),
        renamed("old", "new"),
    )

    assert [test.name for test in board.tests] == ["new", "x"]
    assert states(board, "new") == [State.FAILED] * 3 + [State.PASSED]
    assert row(board, "new").streak == 3


def test_a_night_that_knows_both_names_knows_two_tests(tmp_path: Path) -> None:
    board = board_of(
        tmp_path,
        night(2, {"old": PASS}),
        night(1, {"old": FAIL, "new": PASS}),
        night(0, {"new": PASS}),
        renamed("old", "new"),
    )

    assert states(board, "new") == [State.PASSED] * 3
    assert states(board, "old")[1] is State.FAILED


def test_a_name_that_no_night_has_yet_takes_the_old_nights(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, {"old": FAIL}), renamed("old", "new"))

    assert [test.name for test in board.tests] == ["new"]


def seen(days_ago: float, *names: str) -> Event:
    """Return the fact that the list was another one from some time on."""
    return RequiredChecksChanged(
        repo=REPO, branch="main", origin="file", fingerprint=f"{days_ago}", follows=f"{days_ago}",
        names=tuple(f"CI / {name}" for name in names), seen_at=TODAY - timedelta(days=days_ago),
    )  # fmt: skip


def test_a_night_is_judged_by_the_list_of_its_own_time(tmp_path: Path) -> None:
    nights_ = [night(ago, {"a": FAIL, "b": PASS}) for ago in range(4)]

    board = board_of(tmp_path, *nights_, [seen(2.5, "a"), seen(0.5, "b")])

    was = {
        name: [row(board, name).was_required(place) for place in range(len(board.nights))]
        for name in ("a", "b")
    }
    # Nobody told what was required before the first list: it is taken for what was before it, too.
    assert was == {"a": [False, True, True, True], "b": [True, False, False, False]}
    assert [row(board, name).is_required for name in ("a", "b")] == [False, True]
    assert board.states == (State.PASSED, State.FAILED, State.FAILED, State.FAILED)
    assert board.newest is not None
    assert board.newest.required_failed == 0


def test_a_list_that_came_after_the_newest_night_does_not_judge_it(tmp_path: Path) -> None:
    board = board_of(
        tmp_path, night(1, {"a": PASS}), night(0, {"a": FAIL}), [seen(1.5, "a"), seen(-0.1, "b")]
    )

    assert not row(board, "a").is_required
    assert board.newest is not None
    assert board.newest.required_failed == 1
    assert ", 1 of them required." in board.verdict


def test_a_renamed_test_was_required_under_the_name_it_had(tmp_path: Path) -> None:
    board = board_of(
        tmp_path,
        night(1, {"old": FAIL}),
        night(0, {"new": FAIL}),
        renamed("old", "new"),
        [seen(1.5, "old"), seen(0.5, "new")],
    )

    assert row(board, "new").is_required
    assert [row(board, "new").was_required(place) for place in (0, 1)] == [True, True]


def test_one_list_for_all_nights_costs_nothing(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(1, {"a": PASS}), night(0, {"a": PASS}), required("CI / a"))

    assert row(board, "a").required_then == ()
    assert row(board, "a").was_required(1)
