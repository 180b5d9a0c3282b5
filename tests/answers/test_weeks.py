"""Weeks against hand-made histories: each figure as somebody counts it by hand."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from chatops.answers.run_digests import monday
from chatops.answers.run_history import run_history
from chatops.answers.weeks import Week
from chatops.events import Event
from chatops.events.gate import RequiredChecksChanged
from chatops.events.runs import JobCompleted, RunCompleted
from tests.commands.nights import CALLER, night
from tests.pulls import RULES, opened, ran
from tests.scene import NOW, scene

FAILED, PASSED = "failure:Run tests", "success"
THIS_WEEK = date(2026, 1, 12)
NIGHT_RULES = structs.replace(
    RULES, names=(f"Nightly / {CALLER}nozzle", "CI / build"), paths=(), sets=()
)


def weeks(
    folder: Path, *events: Event, rules: RequiredChecksChanged | None = NIGHT_RULES
) -> dict[date, Week]:
    facts = [*([rules] if rules is not None else []), *events]
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        return dict(run_history(knowledge).weeks)


def this_week(folder: Path, *events: Event) -> Week:
    return weeks(folder, *events)[THIS_WEEK]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 1, 12, 0, 0, tzinfo=UTC), date(2026, 1, 12)),
        (datetime(2026, 1, 18, 23, 59, tzinfo=UTC), date(2026, 1, 12)),
        (datetime(2026, 1, 19, 0, 0, tzinfo=UTC), date(2026, 1, 19)),
    ],
)
def test_a_week_begins_on_monday(at: datetime, day: date) -> None:
    assert monday(at) == day


def test_a_night_is_red_by_what_is_required(tmp_path: Path) -> None:
    week = this_week(
        tmp_path,
        *night(3, nozzle=["failure", "success"], tank="success"),
        *night(2, nozzle=["failure", "failure"], tank="success"),
        *night(1, nozzle="success", tank="failure"),
        *night(0, nozzle="success", tank="success"),
    )

    assert (week.nights, week.red_first, week.red) == (4, 2, 1)
    assert (week.results, week.fails, week.flakes) == (8, 2, 1)


def test_each_night_is_judged_by_what_was_required_when_it_began(tmp_path: Path) -> None:
    first = structs.replace(NIGHT_RULES, seen_at=NOW - timedelta(days=9))
    later = structs.replace(
        NIGHT_RULES, names=(f"Nightly / {CALLER}tank",), fingerprint="2", follows=first.link(),
        seen_at=NOW - timedelta(days=1, hours=18),
    )  # fmt: skip
    nights = [night(days_ago, nozzle="failure", tank="success") for days_ago in range(3)]

    found = weeks(tmp_path, *(fact for of_night in nights for fact in of_night), later, rules=first)

    # Only the first of the three nights began before the tank was required instead of the nozzle.
    assert (found[THIS_WEEK].nights, found[THIS_WEEK].red) == (3, 1)


@pytest.mark.parametrize("said", ["cancelled", "skipped", "failure:Set up job"])
def test_what_is_no_failure_of_the_test_turns_no_night_red(tmp_path: Path, said: str) -> None:
    (run, job) = night(1, nozzle="failure")
    assert isinstance(job, JobCompleted)
    conclusion, _, step = said.partition(":")
    week = this_week(tmp_path, run, structs.replace(job, conclusion=conclusion, failed_step=step))

    assert (week.nights, week.red_first, week.red) == (0, 0, 0)
    assert week.results == 0


def test_where_nobody_told_what_is_required_every_test_counts(tmp_path: Path) -> None:
    found = weeks(tmp_path, *night(1, nozzle="success", tank="failure"), rules=None)[THIS_WEEK]

    assert (found.nights, found.red) == (1, 1)


def test_runs_belong_to_the_week_in_which_they_were_created(tmp_path: Path) -> None:
    found = weeks(tmp_path, *night(3, nozzle="success"), *night(4, nozzle="failure"))

    assert {day: (week.nights, week.red) for day, week in found.items()} == {
        date(2026, 1, 5): (1, 1),
        THIS_WEEK: (1, 0),
    }


def test_a_head_is_green_when_its_last_required_test_has_passed(tmp_path: Path) -> None:
    week = this_week(
        tmp_path,
        opened(1), *ran(1, {"build": PASSED, "lint": "failure:x"}),
        opened(2), *ran(2, {"build": FAILED}), *ran(2, {"build": PASSED}, attempt=2),
        opened(3), *ran(3, {"build": FAILED}),
        opened(4), *ran(4, {"build": "running"}),
        opened(5), *ran(5, {"build": "cancelled"}),
        opened(6), *ran(6, {"lint": PASSED}),
    )  # fmt: skip

    assert week.green.seconds == (480, 1_080)
    assert week.commits == 4


def test_of_two_runs_of_a_workflow_on_a_head_the_newest_counts(tmp_path: Path) -> None:
    earlier = ran(1, {"build": FAILED}, ago=timedelta(hours=3))
    week = this_week(tmp_path, opened(1), *earlier, *ran(1, {"build": PASSED}, run=1))

    assert (week.commits, week.green.seconds) == (1, (3_600 + 480,))


@pytest.mark.parametrize(
    ("minutes", "conclusion", "gate", "still_red"),
    [
        (20, "success", (12 * 60,), 0),
        (5, "success", (0,), 0),
        (20, "failure", (), 1),
    ],
)
def test_the_gate_is_red_from_green_tests_until_it_passes(
    tmp_path: Path, minutes: int, conclusion: str, gate: tuple[int, ...], still_red: int
) -> None:
    run = ran(1, {"gate": conclusion}, workflow="Gatekeeper")[0]
    assert isinstance(run, RunCompleted)
    ended = NOW - timedelta(hours=2) + timedelta(minutes=minutes)
    run = structs.replace(run, conclusion=conclusion, completed_at=ended)
    week = this_week(tmp_path, opened(1), *ran(1, {"build": PASSED}), run)

    assert (week.gate.seconds, week.still_red) == (gate, still_red)


def test_what_ran_again_is_counted_with_its_time(tmp_path: Path) -> None:
    week = this_week(
        tmp_path,
        opened(1),
        *ran(1, {"build": FAILED, "lint": PASSED}),
        *ran(1, {"build": FAILED, "lint": "skipped"}, attempt=2),
        *ran(1, {"build": PASSED}, attempt=3),
        *night(1, nozzle=["failure", "success"]),
    )

    assert (week.runs, week.reruns) == (2, 3)
    assert (week.again_jobs, week.again_known, week.again_seconds) == (3, 3, 2 * 480 + 3_600)


def test_waits_are_kept_by_what_a_job_needs(tmp_path: Path) -> None:
    events: list[Event] = [opened(1)]
    for place, one in enumerate(ran(1, {"build": PASSED, "lint": PASSED, "test (a)": PASSED})):
        job = one
        if isinstance(job, JobCompleted) and job.created_at is not None:
            job = structs.replace(
                job,
                labels=("arm",) if place == 1 else ("amd",),
                started_at=job.created_at + timedelta(seconds=10 * place),
            )
        events.append(job)
    week = this_week(tmp_path, *events)

    waits = {labels: of.seconds for labels, of in week.waits.items()}
    assert waits == {"amd": (20, 30), "arm": (10,)}
    assert week.queue.seconds == (10, 20, 30)
