from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from chatops.answers.night_cells import State
from chatops.answers.one_run import OneRun, Since, one_run
from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.events.gate import RequiredChecksChanged
from chatops.events.reruns import RerunRequested
from chatops.events.runs import JobCompleted
from chatops.names import CommandId, JobId, PullNumber, Repo, RunId, Sha
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
    NightOf,
    Ran,
    nights_database,
    required,
)
from tests.scene import ended, job, pull

ACME = Community(key="acme", title="Acme", repositories=(REPO,), nightly=(SCHEDULE,))
TONIGHT = NightOf(ago=0).run_id
ONE_RAN = "No job failed: the one job that ran passed."


def tonight(*attempts: Mapping[str, Ran], ago: int = 0, is_over: bool = True) -> list[Event]:
    return list(NightOf(ago=ago, attempts=attempts, is_over=is_over).facts())


def known(
    folder: Path, *facts: Iterable[Event], run_id: int = TONIGHT, attempt: int | None = None
) -> OneRun | None:
    with nights_database(folder, [fact for some in facts for fact in some]) as db:
        return one_run(Knowledge(db=db, community=ACME, now=MORNING), RunId(run_id), attempt)


def found(
    folder: Path, *facts: Iterable[Event], run_id: int = TONIGHT, attempt: int | None = None
) -> OneRun:
    run = known(folder, *facts, run_id=run_id, attempt=attempt)
    assert run is not None
    return run


def test_a_failure_is_new_or_still_there_as_against_the_night_before(tmp_path: Path) -> None:
    run = found(
        tmp_path,
        tonight({"old": FAIL, "new": PASS, "odd": SKIPPED, "good": PASS}, ago=1),
        tonight({"old": FAIL, "new": FAIL, "odd": FAIL, "good": PASS, "young": FAIL}),
    )

    assert {one.name: one.since for one in run.failed} == {
        "new": Since.NEW, "old": Since.STILL, "odd": Since.UNKNOWN, "young": Since.UNKNOWN,
    }  # fmt: skip
    assert run.verdict == (
        "4 of 5 jobs failed. 1 passed in the night before, 1 failed in the night before, too, "
        "2 had no result in the night before."
    )


@pytest.mark.parametrize(
    ("jobs", "verdict"),
    [
        ({"a": PASS, "b": PASS}, "All 2 jobs passed."),
        ({"a": PASS, "b": SKIPPED}, ONE_RAN),
        ({"a": FAIL}, "1 of 1 job failed. There is no night before it to compare with."),
        ({"a": CANCELLED}, "No job of it has a result: 1 cancelled."),
        (
            {"a": PASS, "b": SETUP, "c": CANCELLED},
            f"{ONE_RAN} Without a verdict: 1 infrastructure failed, 1 cancelled.",
        ),
        ({}, "Nobody has told of a job of this run yet."),
    ],
)
def test_what_came_of_it_is_a_sentence(
    tmp_path: Path, jobs: Mapping[str, Ran], verdict: str
) -> None:
    assert found(tmp_path, tonight(jobs)).verdict == verdict


def test_while_it_runs_nothing_is_said_for_certain(tmp_path: Path) -> None:
    run = found(tmp_path, tonight({"a": FAIL, "b": RUNNING, "c": PASS}, is_over=False))

    assert run.verdict == "It is running: 2 of 3 known jobs are done, 1 failed so far."


def test_what_was_carried_over_is_told_apart_from_what_ran_again(tmp_path: Path) -> None:
    attempts = ({"a": FAIL, "b": PASS, "c": FAIL}, {"a": PASS, "b": CARRIED, "c": FAIL})
    run = found(tmp_path, tonight(*attempts))

    assert [(one.ran, one.carried, one.failed, one.helped) for one in run.attempts] == [
        (3, 0, 2, 0),
        (2, 1, 1, 1),
    ]
    assert {one.name: (one.attempt, one.is_carried, one.cell.state) for one in run.jobs} == {
        "a": (2, False, State.RERUN),
        "b": (1, True, State.PASSED),
        "c": (2, False, State.FAILED),
    }
    assert "1 of 3 jobs failed in attempt 2." in run.verdict


def test_an_earlier_attempt_is_shown_as_it_was(tmp_path: Path) -> None:
    run = found(tmp_path, tonight({"a": FAIL, "b": PASS}, {"a": PASS, "b": CARRIED}), attempt=1)

    assert (run.shown.run.attempt, run.is_newest) == (1, False)
    assert [one.name for one in run.failed] == ["a"]


def test_a_run_of_a_pull_request_is_compared_with_the_newest_night_before_it(
    tmp_path: Path,
) -> None:
    sha = Sha("b" * 40)
    number = TONIGHT + 5
    run = found(
        tmp_path,
        tonight({"a": FAIL, "b": PASS}, ago=1),
        tonight({"a": FAIL, "b": PASS}),
        [pull(repo=REPO, sha=sha)],
        [ended(number, sha=sha, trigger="pull_request", repo=REPO)],
        [job(1, number, "a", repo=REPO), job(2, number, "b", repo=REPO)],
        required("CI / b"),
        run_id=number,
    )

    assert (run.numbers, run.is_night) == ((7,), False)
    assert run.before is not None
    assert run.before.run_id == TONIGHT
    assert [(one.name, one.since, one.is_required) for one in run.failed] == [
        ("b", Since.NEW, True),
        ("a", Since.STILL, False),
    ]
    assert run.tests_of == {"a": "Nightly", "b": "Nightly"}


def test_required_is_what_the_list_said_when_the_run_was_made(tmp_path: Path) -> None:
    lists = [
        RequiredChecksChanged(
            repo=REPO, branch="main", origin="file", fingerprint=name, follows=follows,
            names=(f"CI / {name}",), seen_at=TODAY - timedelta(days=ago),
        )
        for ago, name, follows in ((20, "a", ""), (2, "b", "a"), (0, "c", "b"))
    ]  # fmt: skip
    jobs = {"a": FAIL, "b": FAIL, "c": PASS}

    for number, (ago, name) in enumerate([(0, "c"), (1, "b"), (5, "a"), (30, "a")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        night = NightOf(ago=ago, attempts=(jobs,)).run_id
        run = found(folder, tonight(jobs, ago=ago), lists, run_id=night)

        assert [one.name for one in run.jobs if one.is_required] == [name], ago
        assert ("1 of them required" in run.verdict) is (name != "c")


def test_machines_say_how_long_they_kept_their_jobs_waiting(tmp_path: Path) -> None:
    def waited(job_id: int, minutes: int, *labels: str, carried: bool = False) -> JobCompleted:
        began = TODAY + timedelta(minutes=minutes)
        return JobCompleted(
            repo=REPO, run_id=TONIGHT, attempt=1, job_id=JobId(job_id), name=f"job {job_id}",
            created_at=TODAY + timedelta(days=carried), started_at=began, completed_at=began,
            conclusion="success", labels=labels,
        )  # fmt: skip

    run = found(
        tmp_path,
        tonight({}),
        [
            waited(1, 1, "ubuntu"), waited(2, 3, "ubuntu"), waited(3, 90, "self-hosted", "s390x"),
            waited(4, 500, "ubuntu", carried=True), waited(5, 9),
        ],
    )  # fmt: skip

    assert [(one.labels, one.jobs, one.median, one.longest) for one in run.machines] == [
        ("self-hosted, s390x", 1, timedelta(minutes=90), timedelta(minutes=90)),
        ("ubuntu", 2, timedelta(minutes=2), timedelta(minutes=3)),
    ]


def test_who_asked_for_an_attempt_stands_beside_it(tmp_path: Path) -> None:
    asked = CommandId("command/github/comment/1")
    run = found(
        tmp_path,
        tonight({"a": FAIL}, {"a": PASS}),
        [
            CommandReceived(
                command=asked, community="acme", surface="github", verb="retest", by="mona",
                repo=REPO, number=PullNumber(7), comment_id=1, said_at=MORNING,
            ),
            RerunRequested(
                command=asked, repo=REPO, sha=Sha("a" * 40), run_id=TONIGHT, attempt=1,
                workflow="Nightly", scope="failed",
            ),
        ],
    )  # fmt: skip

    assert [[one.by for one in attempt.asked] for attempt in run.attempts] == [[], ["mona"]]


@pytest.mark.parametrize(("run_id", "attempt"), [(1, None), (TONIGHT, 2)])
def test_what_is_not_there_is_nothing(tmp_path: Path, run_id: int, attempt: int | None) -> None:
    assert known(tmp_path, tonight({"a": PASS}), run_id=run_id, attempt=attempt) is None


def test_another_communitys_run_is_not_shown(tmp_path: Path) -> None:
    other = NightOf(ago=0, attempts=[{"a": PASS}], repo=Repo("x/y"))

    assert known(tmp_path, other.facts(), run_id=other.run_id) is None


def test_more_jobs_and_attempts_take_no_more_questions(tmp_path: Path) -> None:
    def asked(name: str, facts: list[Event]) -> int:
        (tmp_path / name).mkdir()
        statements: list[object] = []
        with nights_database(tmp_path / name, facts) as db:
            event.listen(db, "before_cursor_execute", lambda *said: statements.append(said[2]))
            one_run(Knowledge(db=db, community=ACME, now=MORNING), TONIGHT, None)
        return len(statements)

    jobs = {f"job {number}": FAIL for number in range(50)}
    few = asked("few", [*tonight({"a": PASS}, ago=1), *tonight({"a": PASS})])
    many = asked("many", [*tonight(jobs, ago=1), *tonight(jobs, jobs, jobs)])

    assert many == few
