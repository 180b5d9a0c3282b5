from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from chatops.answers.required_rule import required_rules
from chatops.answers.run_digests import RequiredTests, RunDigest, run_digests
from chatops.engine.clock import seconds
from chatops.events import Event
from chatops.events.runs import JobCompleted
from chatops.projections.runs import attempts_of_runs
from tests.commands.nights import CALLER, night
from tests.pulls import RULES, opened, ran
from tests.scene import NOW, REPO, scene


def digests(folder: Path, *events: Event, has_rules: bool = True) -> list[RunDigest]:
    facts = [*([RULES] if has_rules else []), *events]
    run_ids = sorted({one.run_id for one in facts if isinstance(one, JobCompleted)})
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        rules = {REPO: required_rules(knowledge.db, REPO, None)}
        return run_digests(knowledge, attempts_of_runs(knowledge.db, run_ids), RequiredTests(rules))


def test_what_passed_at_once_is_kept_by_name_alone(tmp_path: Path) -> None:
    (one,) = digests(
        tmp_path,
        opened(1),
        *ran(1, {"build": "success", "test (a)": "failure:Run tests", "lint": "skipped"}),
        *ran(1, {"test (a)": "success"}, attempt=2),
    )

    assert one.passed == ("build",)
    assert {name: cell.state.value for name, cell in one.cells.items()} == {
        "test (a)": "passed on rerun",
        "lint": "skipped",
    }
    assert (one.attempts, one.again.jobs, one.again.seconds) == (2, 1, 480)


def test_it_knows_when_the_last_required_test_had_passed(tmp_path: Path) -> None:
    (one,) = digests(
        tmp_path,
        opened(1),
        *ran(1, {"build": "success", "test (a)": "failure:Run tests", "lint": "failure:x"}),
        *ran(1, {"test (a)": "success"}, attempt=2),
    )

    assert (one.needed.number, one.needed.passed) == (2, 2)
    assert one.needed.passed_s == seconds(NOW - timedelta(hours=2) + timedelta(minutes=18))


@pytest.mark.parametrize(("has_rules", "number"), [(True, 1), (False, 2)])
def test_where_nobody_told_what_is_required_every_test_is(
    tmp_path: Path, *, has_rules: bool, number: int
) -> None:
    (one,) = digests(
        tmp_path, opened(1), *ran(1, {"build": "success", "lint": "success"}), has_rules=has_rules
    )

    assert one.needed.number == number


def test_nights_and_runs_of_pull_requests_are_digested_and_no_others(tmp_path: Path) -> None:
    found = digests(
        tmp_path,
        *night(1, nozzle="success"),
        opened(1),
        *ran(1, {"build": "success"}),
        *ran(2, {"build": "success"}),
        *ran(1, {"sweep": "success"}, workflow="Sweeping", trigger="schedule"),
    )

    assert [(one.is_night, one.numbers, one.passed) for one in found] == [
        (True, (), (f"{CALLER}nozzle",)),
        (False, (1,), ("build",)),
    ]


def test_of_the_gate_there_is_only_when_it_turned_green(tmp_path: Path) -> None:
    (one,) = digests(tmp_path, opened(1), *ran(1, {"gate": "success"}, workflow="Gatekeeper"))

    assert one.is_gate
    assert one.greens_s == (seconds(NOW - timedelta(hours=2) + timedelta(minutes=9)),)
    assert (one.passed, one.cells) == ((), {})


def test_a_carried_over_job_did_not_pass_itself_and_spent_nothing(tmp_path: Path) -> None:
    (run, *_) = ran(1, {"build": "success"}, attempt=2)
    job = next(
        one for one in ran(1, {"build": "success"}, attempt=2) if isinstance(one, JobCompleted)
    )
    assert job.created_at is not None
    carried = structs.replace(job, started_at=job.created_at - timedelta(hours=1))
    (one,) = digests(tmp_path, opened(1), run, carried)

    assert one.passed == ()
    assert one.again.jobs == 0


def test_how_long_jobs_waited_is_kept_by_what_they_need(tmp_path: Path) -> None:
    events = []
    for one in ran(1, {"build": "success", "lint": "success", "skip": "skipped"}):
        if isinstance(one, JobCompleted) and one.created_at is not None:
            one = structs.replace(  # noqa: PLW2901  # the same job, by what it needs
                one, labels=("big", "arm"), started_at=one.created_at + timedelta(seconds=90)
            )
        events.append(one)
    (digest,) = digests(tmp_path, opened(1), *events)

    assert digest.waits == (("big, arm", 90), ("big, arm", 90))
