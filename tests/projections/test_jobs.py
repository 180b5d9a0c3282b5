from datetime import timedelta
from pathlib import Path

from chatops.events.runs import JobQueued, JobReported
from chatops.names import JobId, RunId
from chatops.projections.jobs import (
    LIVE,
    Job,
    entries_called,
    jobs_of_runs,
    newest_entries_called,
    newest_runs_called,
)
from tests.scene import NOW, REPO, job, scene


def jobs(folder: Path, *facts: object) -> list[Job]:
    with scene(folder, facts) as world, world.knowledge() as knowledge:  # type: ignore[arg-type]  # events
        return jobs_of_runs(knowledge.db, [RunId(10)])


def test_a_job_that_started_before_its_entry_was_made_was_carried_over(tmp_path: Path) -> None:
    executed, carried = jobs(tmp_path, job(1, 10), job(2, 10, attempt=2, created_at=NOW))

    assert (executed.is_carried, carried.is_carried) == (False, True)


def test_what_a_file_told_gives_way_to_what_github_says(tmp_path: Path) -> None:
    told = JobReported(
        repo=REPO, run_id=RunId(10), attempt=1, name="test", result="Fail", job_id=JobId(1)
    )

    (one,) = jobs(tmp_path, job(1, 10, conclusion="cancelled"), told)

    assert one.conclusion == "cancelled"


def test_a_report_without_an_id_has_a_row_of_its_own(tmp_path: Path) -> None:
    told = JobReported(repo=REPO, run_id=RunId(10), attempt=1, name="test", result="Skip")

    (one,) = jobs(tmp_path, told, told)

    assert (one.conclusion, one.job_id < 0) == ("skipped", True)


def test_a_job_in_the_queue_is_not_over(tmp_path: Path) -> None:
    (one,) = jobs(
        tmp_path, JobQueued(repo=REPO, run_id=RunId(10), attempt=1, job_id=JobId(1), name="x")
    )

    assert (one.is_over, one.conclusion) == (False, "")


def test_a_job_says_which_runner_it_needs_and_how_long_it_waited(tmp_path: Path) -> None:
    (one,) = jobs(tmp_path, job(1, 10, labels=("self-hosted", "s390x"), started_at=NOW))

    assert (one.labels, one.created_at) == ("self-hosted, s390x", NOW - timedelta(hours=2))


def test_the_newest_results_of_a_name_are_found_wherever_it_ran(tmp_path: Path) -> None:
    facts = [job(number, number, "a") for number in range(1, 6)]
    with (
        scene(tmp_path, [*facts, job(6, 6, "b")]) as world,
        world.knowledge() as knowledge,
    ):
        found = newest_entries_called(knowledge.db, "a", 3)

    assert [entry[1] for entry in found] == [5, 4, 3]


def test_a_row_from_before_names_had_sums_is_written_again(tmp_path: Path) -> None:
    with scene(tmp_path, [job(1, 10, "a")]) as world, world.log.database.write(durable=True) as db:
        db.execute(LIVE.jobs.update().values(name_sum=None, labels=None))
        assert newest_entries_called(db, "a", 1) == []
        LIVE.apply(world.log.read(0), db)
        (found,) = newest_entries_called(db, "a", 1)

    assert found[0] == 1


def test_a_few_names_are_found_in_the_runs_that_are_asked_for(tmp_path: Path) -> None:
    facts = [
        job(run * 10 + place, run, name) for run in (1, 2, 3) for place, name in enumerate("abc")
    ]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        found = entries_called(knowledge.db, ["a", "c", "nobody"], [RunId(1), RunId(3)])

    assert sorted((entry[1], entry[3]) for entry in found) == [
        (1, "a"),
        (1, "c"),
        (3, "a"),
        (3, "c"),
    ]


def test_the_newest_run_of_each_name_is_found(tmp_path: Path) -> None:
    facts = [job(1, 1, "a"), job(2, 7, "a"), job(3, 7, "b"), job(4, 9, "c")]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        found = newest_runs_called(knowledge.db, ["a", "b", "nobody's"])

    assert found == {"a": 7, "b": 7}
