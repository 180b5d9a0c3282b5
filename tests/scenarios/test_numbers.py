"""Our numbers are right: the same raw objects of GitHub's, counted once more by a few lines that know none of ours."""

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from chatops.config import Community, NightlyWorkflow
from chatops.engine.log import Batch
from chatops.events import Fact
from chatops.intake.objects import job_events, run_events
from chatops.names import Repo
from chatops.standins.history import history
from tests.surfaces.doors import Doors, open_doors

REPO = Repo("acme/rocket")
NIGHTS = 12
STOPPED_EVERY = 61
"""Nobody cancels a job in the pretend history, so every so many of those that passed were cancelled instead."""
WORKFLOWS = ("Kata Containers Nightly CI", "Nightly CI for s390x")
COMMUNITY = Community(
    key="acme",
    title="Acme",
    repositories=(REPO,),
    nightly=tuple(
        NightlyWorkflow(name=name, file=f"{place}.yaml") for place, name in enumerate(WORKFLOWS)
    ),
)
BEFORE_THE_TEST = re.compile(
    r"(run )?(set up (job|runner)\b|initiali[sz]e\b|(actions/)?checkout\b|pull\b|log ?in\b|install\b)",
    re.IGNORECASE,
)
BAD = ("failure", "timed_out", "cancelled")
FROM_BEST = ("passed", "skipped", "cancelled", "failed, infrastructure", "failed")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """What GitHub lists: runs by id with one object for each attempt, and the jobs of all attempts."""

    runs: Mapping[int, list[Json]]
    jobs: Mapping[int, list[Json]]

    def in_nights(self) -> Mapping[str, list[int]]:
        """Return the runs by the day on which they were created (UTC), the newest day first."""
        days = defaultdict(list)
        for run_id, attempts in self.runs.items():
            days[attempts[0]["created_at"][:10]].append(run_id)
        return dict(sorted(days.items(), reverse=True))


@pytest.fixture(scope="module")
def raw() -> Raw:
    made = history(datetime.now(UTC), seed=7, nights=NIGHTS, repository=REPO)
    runs, jobs = defaultdict(list), defaultdict(list)
    for run_objects, job_objects in made.nights():
        for run in run_objects:
            runs[run["id"]].append(run)
        for place, job in enumerate(job_objects):
            is_stopped = job["conclusion"] == "success" and place % STOPPED_EVERY == 0
            jobs[job["run_id"]].append({**job, "conclusion": "cancelled"} if is_stopped else job)
    return Raw(runs=runs, jobs=jobs)


@pytest.fixture(scope="module")
def doors(raw: Raw, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    where = f"sqlite:///{tmp_path_factory.mktemp('numbers') / 'numbers.db'}"
    with open_doors(where, community=COMMUNITY) as opened:
        for run_id, attempts in raw.runs.items():
            events = [event for run in attempts for event in run_events(run)]
            events += [event for job in raw.jobs[run_id] for event in job_events(job, REPO)]
            facts = [Fact(event=one, source="github", correlation_id="import") for one in events]
            opened.service.writer.append(Batch(facts=facts))
        while opened.service.readiness().facts["projection_lag"]:
            time.sleep(0.01)
        yield opened


# --- the count of others -------------------------------------------------------------------------


def really_ran(job: Json) -> bool:
    """Return whether a job ran in the attempt that lists it: one that is carried over began before it was made."""
    return bool(job["started_at"] >= job["created_at"])


def word(job: Json) -> str:
    """Return how one job ended."""
    if job["conclusion"] in ("failure", "timed_out"):
        bad = [step["name"] for step in job["steps"] if step["conclusion"] in BAD]
        is_setup = bool(bad) and BEFORE_THE_TEST.match(bad[0])
        return "failed, infrastructure" if is_setup else "failed"
    return {"success": "passed"}.get(job["conclusion"], str(job["conclusion"]))


def tries(jobs: Iterable[Json]) -> list[str]:
    """Return how a test ended each time it ran, the first time first."""
    listed = list(jobs)
    ran = [job for job in listed if really_ran(job)] or listed[:1]
    by_attempt = defaultdict(list)
    for job in ran:
        by_attempt[job["run_attempt"]].append(word(job))
    return [max(words, key=FROM_BEST.index) for _, words in sorted(by_attempt.items())]


def verdict(words: list[str]) -> str:
    """Return what became of a test in a night: what it did last, and whether that took more than one try."""
    ran = [one for one in words if one != "skipped"] or words
    if ran[-1] == "passed" and set(ran) - {"passed"}:
        return "passed on rerun"
    return ran[-1]


def bare_names(names: Iterable[str]) -> set[str]:
    """Return the names under which GitHub lists what was never made: a matrix, or a workflow that is called."""
    return {name[: found.start()] for name in names for found in re.finditer(r" / | \(", name)} - {
        ""
    }


def counted(raw: Raw, run_id: int, bare: set[str]) -> Mapping[str, list[str]]:
    """Return the tries of each test of a run."""
    by_name = defaultdict(list)
    for job in raw.jobs[run_id]:
        if not (job["name"] in bare and job["conclusion"] in ("skipped", "cancelled")):
            by_name[job["name"]].append(job)
    return {name: tries(jobs) for name, jobs in by_name.items()}


# --- the comparison ------------------------------------------------------------------------------


def state(cell: object) -> str:
    return str(cell["state"]) if isinstance(cell, dict) else str(cell)


def test_the_history_has_what_others_count_wrong(raw: Raw) -> None:
    jobs = [job for of in raw.jobs.values() for job in of]

    assert {job["conclusion"] for job in jobs} >= {"success", "failure", "skipped", "cancelled"}
    assert any(not really_ran(job) for job in jobs)
    assert any(word(job) == "failed, infrastructure" for job in jobs)
    assert any(len(attempts) > 1 for attempts in raw.runs.values())


def test_each_test_is_in_each_night_what_an_independent_count_says(raw: Raw, doors: Doors) -> None:
    told = doors.client.get("/nightly.json", params={"n": str(NIGHTS)}).json()
    nights = raw.in_nights()
    shown = {(one["workflow"], one["name"]): one for one in told["tests"]}
    compared = Counter[str]()
    for workflow in WORKFLOWS:
        runs = {
            day: [run for run in of if raw.runs[run][0]["name"] == workflow]
            for day, of in nights.items()
        }
        bare = bare_names(
            job["name"] for of in runs.values() for run in of for job in raw.jobs[run]
        )
        for place, (day, of) in enumerate(runs.items()):
            ours = {
                name: test["cells"][place] for (of_workflow, name), test in shown.items()
                if of_workflow == workflow
            }  # fmt: skip
            theirs = {name: words for run in of for name, words in counted(raw, run, bare).items()}
            assert {name: state(ours.pop(name)) for name in theirs} == {
                name: verdict(words) for name, words in theirs.items()
            }, day
            assert {state(cell) for cell in ours.values()} <= {"not run", "no result"}
            compared.update(verdict(words) for words in theirs.values())

    assert [night["key"] for night in told["nights"]] == list(nights)
    assert set(compared) == {*FROM_BEST, "passed on rerun"}


def test_failures_results_and_reruns_of_a_test_add_up(raw: Raw, doors: Doors) -> None:
    told = doors.client.get("/nightly.json", params={"n": str(NIGHTS)}).json()
    fails, runs, again = Counter[str](), Counter[str](), Counter[str]()
    names = [job["name"] for of in raw.jobs.values() for job in of]
    for run_id in raw.runs:
        for name, words in counted(raw, run_id, bare_names(names)).items():
            fails[name] += verdict(words) == "failed"
            runs[name] += verdict(words) in ("passed", "passed on rerun", "failed")
            again[name] += max(0, sum(one != "skipped" for one in words) - 1)

    for test in told["tests"]:
        assert (test["fails"], test["runs"], test["reruns"]) == (
            fails[test["name"]],
            runs[test["name"]],
            again[test["name"]],
        ), test["name"]


def test_the_newest_night_is_counted_as_by_others(raw: Raw, doors: Doors) -> None:
    newest = doors.client.get("/nightly.json").json()["newest"]
    _, of = next(iter(raw.in_nights().items()))
    names = [job["name"] for runs in raw.jobs.values() for job in runs]
    theirs = Counter(
        verdict(words) for run in of for words in counted(raw, run, bare_names(names)).values()
    )

    absent = {"not run", "no result"}
    assert {
        word: number for word, number in newest["counts"].items() if word not in absent
    } == theirs
    assert newest["total"] == sum(newest["counts"].values())
    assert len(newest["failed"]) == theirs["failed"]


def test_each_attempt_of_a_run_ran_what_an_independent_count_says(raw: Raw, doors: Doors) -> None:
    for run_id, attempts in raw.runs.items():
        told = doors.client.get(f"/runs/{run_id}.json").json()
        for attempt in attempts:
            number = attempt["run_attempt"]
            jobs = [job for job in raw.jobs[run_id] if job["run_attempt"] == number]
            ran = [job for job in jobs if really_ran(job) and job["conclusion"] != "skipped"]
            (ours,) = [one for one in told["attempts"] if one["attempt"] == number]

            assert (ours["ran"], ours["failed"]) == (
                len({job["name"] for job in ran}),
                len({job["name"] for job in ran if word(job) == "failed"}),
            ), (run_id, number)
