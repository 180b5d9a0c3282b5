"""Playing a run: its jobs go through their waves, and what GitHub would list comes out.

A first attempt runs everything. Running it again executes what did not pass and carries the rest
over under new ids, with the old times, exactly as GitHub lists them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from chatops.standins.history.jobs import TESTS, Job
from chatops.standins.history.objects import (
    API,
    DAY,
    SITE,
    Json,
    Origin,
    first_job_id,
    renumbered,
    run_object,
    stamp,
)
from chatops.standins.history.troubles import Trouble

HOSTED = ("ubuntu-22.04", "ubuntu-24.04", "ubuntu-24.04-arm", "ubuntu-26.04", "macos-latest")
BUILD_STEPS = ("Set up job", "Run actions/checkout", "Install dependencies", "Build")
CHECK_STEPS = ("Set up job", "Run actions/checkout", "Install dependencies", "Run the check")
TEST_STEPS = ("Set up job", "Run actions/checkout", "Install dependencies", "Deploy Kata",
              "Run tests")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long after the start of an attempt each wave may begin, and how long runners take."""

    waves: tuple[int, ...] = (20, 1_140, 2_040, 2_400, 3_000)
    hosted_wait: int = 6_800
    rare_wait: int = 11_400


NIGHTLY = Pace()
AGAIN = Pace(waves=(10, 20, 20, 20, 20), hosted_wait=90, rare_wait=900)
AGAIN_FROM_BUILD = Pace(waves=(10, 500, 900, 1_100, 1_500), hosted_wait=900, rare_wait=2_400)
QUICK = Pace(waves=(5, 5, 5, 5, 5), hosted_wait=25, rare_wait=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Where and when a platform's build stopped: nothing later can run."""

    wave: int
    second: int


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One attempt as GitHub lists it, and what a further attempt needs to know."""

    number: int
    started: int
    ended: int
    shown: list[tuple[Job, Json]]
    unrun: list[Job]

    @property
    def objects(self) -> list[Json]:
        """The job objects, in GitHub's order."""
        return [shown for _, shown in self.shown]

    @property
    def failed(self) -> list[Job]:
        """The jobs running the failed ones again would execute."""
        passed = ("success", "skipped")
        return [job for job, shown in self.shown if shown["conclusion"] not in passed]

    def prolong(self, ended: int) -> None:
        """Let the one job of this attempt end later, if that is later."""
        if ended <= self.ended:
            return
        (_, shown), self.ended = self.shown[0], ended
        shown["completed_at"] = stamp(ended)
        for step in shown["steps"]:
            if step["conclusion"] == "failure":
                step["completed_at"] = stamp(ended - 1)
            elif step["started_at"] > shown["started_at"] and step["name"] == "Complete job":
                step["started_at"] = step["completed_at"] = stamp(ended)

    def run(self, origin: Origin) -> Json:
        """Describe the run as it was after this attempt."""
        conclusions = {shown["conclusion"] for _, shown in self.shown}
        verdict = "success"
        if "cancelled" in conclusions:
            verdict = "cancelled"
        if conclusions & {"failure", "timed_out"}:
            verdict = "failure"
        return run_object(
            origin,
            attempt=self.number,
            started=self.started,
            updated=self.ended + 4,
            conclusion=verdict,
        )


class Player:
    """Plays the attempts of one run."""

    def __init__(self, origin: Origin, random: Random) -> None:
        """Prepare to play the run of that origin."""
        self._random = random
        self._origin = origin
        self._api = f"{API}/repos/{origin.repository}"
        self._site = f"{SITE}/{origin.repository}/actions/runs/{origin.run_id}"
        self._id = 0

    def first(
        self, jobs: Sequence[Job], troubles: Mapping[str, Trouble], pace: Pace = NIGHTLY
    ) -> Attempt:
        """Play everything for the first time."""
        attempt = Attempt(
            number=1,
            started=self._origin.created,
            ended=self._origin.created,
            shown=[],
            unrun=[],
        )
        self._id = first_job_id(attempt.started)
        self._execute(attempt, jobs, troubles, pace)
        return attempt

    def again(self, before: Attempt, started: int, troubles: Mapping[str, Trouble]) -> Attempt:
        """Run what failed, and what waited for it, once more; carry the rest over."""
        attempt = Attempt(
            number=before.number + 1, started=started, ended=started, shown=[], unrun=[]
        )
        self._id = first_job_id(started)
        pace = AGAIN_FROM_BUILD if before.unrun else AGAIN
        created = stamp(started + 1)
        repeated = {job.name for job in before.failed}
        waited = {job.unexpanded for job in before.unrun}
        for job, shown in before.shown:
            if job.name in repeated or shown["name"] in waited:
                continue
            copy = {**shown, "created_at": created, "run_attempt": attempt.number}
            attempt.shown.append((job, self._numbered(copy)))
        self._execute(attempt, [*before.failed, *before.unrun], troubles, pace)
        return attempt

    def _execute(
        self,
        attempt: Attempt,
        jobs: Iterable[Job],
        troubles: Mapping[str, Trouble],
        pace: Pace,
    ) -> None:
        lost: dict[str, Lost] = {}
        collapsed: set[str] = set()
        for job in jobs:
            upstream = lost.get(job.platform)
            if upstream and job.wave > upstream.wave:
                attempt.unrun.append(job)
                if job.unexpanded not in collapsed:
                    collapsed.add(job.unexpanded)
                    self._skip(attempt, job, upstream.second)
            elif job.by_rule:
                self._skip(attempt, job, attempt.started + pace.waves[job.wave])
            else:
                trouble = troubles.get(job.name)
                ended = self._run(attempt, job, trouble, pace)
                if trouble and job.wave < TESTS and not upstream:
                    lost[job.platform] = Lost(wave=job.wave, second=ended)

    def _skip(self, attempt: Attempt, job: Job, second: int) -> None:
        moment = stamp(second)
        shown = self._object(attempt, job, "skipped", (moment, moment, moment), None)
        shown["name"] = job.unexpanded if not job.by_rule else job.name
        attempt.ended = max(attempt.ended, second)
        attempt.shown.append((job, shown))

    def _run(self, attempt: Attempt, job: Job, trouble: Trouble | None, pace: Pace) -> int:
        chance = self._random.random
        created = attempt.started + pace.waves[job.wave] + int(12 * chance())
        hosted = job.runner in HOSTED
        if trouble and trouble.conclusion == "cancelled":
            moments = (stamp(created), stamp(created), stamp(created + DAY))
            attempt.ended = max(attempt.ended, created + DAY)
            attempt.shown.append((job, self._object(attempt, job, "cancelled", moments, None)))
            return created + DAY
        wait = 3 + int(40 * chance())
        if job.wave == TESTS:
            # Tests queue for machines: the rarer the machine, the longer.
            wait += int((pace.hosted_wait if hosted else pace.rare_wait) * chance())
        started = created + wait
        lasted = int(job.seconds * (0.8 + 0.45 * chance())) + 1
        if trouble:
            lasted = self._shortened(job, trouble, lasted)
        ended = started + lasted
        attempt.ended = max(attempt.ended, ended)
        moments = (stamp(created), stamp(started), stamp(ended))
        conclusion = trouble.conclusion if trouble else "success"
        runner = 1_000_000_000 + self._id % 90_000_000 if hosted else 1 + self._id % 9
        shown = self._object(attempt, job, conclusion, moments, runner)
        if trouble:
            shown["steps"] = _steps(job, trouble, started, ended)
        attempt.shown.append((job, shown))
        return ended

    def _shortened(self, job: Job, trouble: Trouble, lasted: int) -> int:
        if trouble.conclusion == "timed_out":
            return max(lasted, min(int(job.seconds * 1.8), 6_000))
        early = trouble.step in ("Set up job", "Install dependencies")
        return max(9, int(lasted * (0.12 if early else 0.4 + 0.55 * self._random.random())))

    def _object(
        self,
        attempt: Attempt,
        job: Job,
        conclusion: str,
        moments: tuple[str, str, str],
        runner: int | None,
    ) -> Json:
        origin = self._origin
        hosted = job.runner in HOSTED
        name = f"GitHub Actions {runner}" if hosted else f"{job.runner}-{runner}"
        group = "GitHub Actions" if hosted else "Default"
        served = runner is not None
        return self._numbered(
            {
                "id": 0,
                "run_id": origin.run_id,
                "workflow_name": origin.workflow.name,
                "head_branch": origin.branch,
                "run_url": origin.url,
                "run_attempt": attempt.number,
                "node_id": "",
                "head_sha": origin.commit.sha,
                "url": "",
                "html_url": "",
                "status": "completed",
                "conclusion": conclusion,
                "created_at": moments[0],
                "started_at": moments[1],
                "completed_at": moments[2],
                "name": job.name,
                "steps": [],
                "check_run_url": "",
                "labels": [job.runner],
                "runner_id": runner,
                "runner_name": name if served else None,
                "runner_group_id": (0 if hosted else 1) if served else None,
                "runner_group_name": group if served else None,
            }
        )

    def _numbered(self, shown: Json) -> Json:
        self._id += 1
        return renumbered(shown, self._id, self._api, self._site)


def _steps(job: Job, trouble: Trouble, started: int, ended: int) -> list[Json]:
    names = list(TEST_STEPS)
    if job.wave < TESTS:
        names = list(BUILD_STEPS)
    if job.platform == "checks":
        names = list(CHECK_STEPS)
    if trouble.step not in names:
        names[-1] = trouble.step
    failing = names.index(trouble.step)
    steps = []
    for number, name in enumerate((*names, "Complete job")):
        begin = min(started + number * 3, ended)
        outcome = "success"
        if number == failing:
            outcome = "failure"
        elif failing < number < len(names):
            outcome = "skipped"
        end = ended - 1 if number == failing else begin + 2
        if number > failing:
            begin = end = ended
        steps.append(
            {
                "name": name,
                "status": "completed",
                "conclusion": outcome,
                "number": number + 1,
                "started_at": stamp(begin),
                "completed_at": stamp(max(begin, min(end, ended))),
            }
        )
    return steps
