from pathlib import Path

from chatops.events.runs import JobQueued, JobReported
from chatops.names import JobId, RunId
from chatops.projections.jobs import Job, jobs_of_runs
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
