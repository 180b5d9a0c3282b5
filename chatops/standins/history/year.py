"""A year of nights, oldest first, one at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha1
from random import Random

from chatops.standins.history.families import all_jobs, s390x_jobs
from chatops.standins.history.jobs import Job, night_jobs
from chatops.standins.history.objects import DAY, Commit, Json, Origin, Workflow, stamp
from chatops.standins.history.play import Attempt, Player
from chatops.standins.history.troubles import FLAKE, Trouble, Troubles, all_troubles

NIGHTLY = Workflow(
    name="Kata Containers Nightly CI", path=".github/workflows/ci-nightly.yaml", event="schedule"
)
NIGHTLY_S390X = Workflow(
    name="Nightly CI for s390x", path=".github/workflows/ci-nightly-s390x.yaml", event="schedule"
)
KEEPER = "ibis-example"
SUBJECTS = (
    "agent: Log the reason of a refused request",
    "runtime-rs: Tidy the handling of annotations",
    "tests: Give slow clusters more time",
    "versions: Bump the hypervisor",
    "kata-deploy: Simplify the clean-up",
    "docs: Correct the steps of the quick start",
    "dragonball: Avoid one copy on the block path",
    "ci: Collect the journal when a job fails",
)
UNDER_WAY = timedelta(minutes=95)
RERUN_CHANCE = 0.34
RERUN_CHANCE_LONG_AGO = 0.46
THIRD_ATTEMPT_CHANCE = 0.22
STILL_RED_CHANCE = 0.25
HABIT_CHANGED = 290

Night = tuple[list[Json], list[Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """A run that is, or may still be, under way: how it ends is known beforehand.

    ``run`` and ``jobs`` show the end; ``run_at`` and ``jobs_at`` what GitHub shows before it.
    ``again`` says how each job that did not pass would end if it were run once more.
    """

    run: Json
    jobs: list[Json]
    again: Mapping[str, str]

    def run_at(self, moment: datetime) -> Json:
        """Describe the run as GitHub shows it at that moment."""
        now = stamp(int(moment.timestamp()))
        ends = [job["completed_at"] for job in self.jobs]
        if max(ends, default=now) <= now:
            return self.run
        return {**self.run, "status": "in_progress", "conclusion": None, "updated_at": now}

    def jobs_at(self, moment: datetime) -> list[Json]:
        """List the jobs as GitHub shows them at that moment; jobs that still wait are absent."""
        now = stamp(int(moment.timestamp()))
        return [_as_of(job, now) for job in self.jobs if job["created_at"] <= now]


def _as_of(job: Json, now: str) -> Json:
    if job["completed_at"] <= now:
        return job
    unfinished = {**job, "conclusion": None, "completed_at": None, "steps": []}
    if job["started_at"] <= now and job["runner_id"] is not None:
        return {**unfinished, "status": "in_progress"}
    unserved = dict.fromkeys(("runner_id", "runner_name", "runner_group_id", "runner_group_name"))
    return {**unfinished, **unserved, "status": "queued", "started_at": job["created_at"]}


class Year:
    """The nights of a repository up to a moment."""

    def __init__(self, *, now: datetime, seed: int, nights: int, repository: str) -> None:
        """Decide what goes wrong when; nothing is played yet."""
        self._now = int(now.timestamp())
        self._today = self._now // DAY * DAY
        self._seed = seed
        self._nights = nights
        self._repository = repository
        self._jobs = all_jobs()
        self._troubles = all_troubles(self._jobs, nights, seed)

    def nights(self) -> Iterator[Night]:
        """Play the complete nights, oldest first."""
        for ago in range(self._nights - 1, -1, -1):
            yield self._night(ago)

    def tonight(self) -> PlannedRun:
        """Plan the night that is under way now."""
        random = self._random("tonight")
        midnight = self._today + 180 + random.randrange(240)
        created = max(midnight, self._now - int(UNDER_WAY.total_seconds()))
        origin = self._origin(NIGHTLY, min(created, self._now - 60), 0)
        troubles = self._troubles[-1]
        attempt = Player(origin, random).first(night_jobs(self._jobs, 0), troubles)
        return planned(origin, attempt, troubles)

    def _night(self, ago: int) -> Night:
        random = self._random(str(ago))
        midnight = self._today - (ago + 1) * DAY
        jobs = night_jobs(self._jobs, ago)
        origin = self._origin(NIGHTLY, midnight + 150 + random.randrange(700), ago + 1)
        runs, shown = _attempts(origin, jobs, self._troubles[ago], ago, random)
        second = self._origin(NIGHTLY_S390X, midnight + 5 * 3_600 + random.randrange(900), ago + 1)
        small = s390x_jobs()
        troubles = {job.name: FLAKE for job in small if random.random() < job.flake}
        more_runs, more_shown = _attempts(second, small, troubles, ago, random)
        return runs + more_runs, shown + more_shown

    def _origin(self, workflow: Workflow, created: int, ago: int) -> Origin:
        day = self._today // DAY - ago
        random = self._random(f"commit:{ago}")
        author = random.choice(("heron-example", "lynx-example", "otter-example", KEEPER))
        commit = Commit(
            sha=sha1(f"{self._seed}:{day}".encode(), usedforsecurity=False).hexdigest(),
            message=random.choice(SUBJECTS),
            author=author,
            second=day * DAY - random.randrange(3_600, 40_000),
        )
        return Origin(
            repository=self._repository,
            head_repository=self._repository,
            workflow=workflow,
            title=workflow.name,
            branch="main",
            commit=commit,
            actor=KEEPER,
            created=created,
            number=day - 19_400,
        )

    def _random(self, purpose: str) -> Random:
        return Random(f"{self._seed}:{purpose}")


def planned(origin: Origin, attempt: Attempt, troubles: Mapping[str, Trouble]) -> PlannedRun:
    """Make a plan of a first attempt that need not be over."""
    again = {
        job.name: troubles[job.name].conclusion if troubles[job.name].lasting else "success"
        for job in attempt.failed
    }
    return PlannedRun(run=attempt.run(origin), jobs=attempt.objects, again=again)


def _attempts(
    origin: Origin, jobs: list[Job] | tuple[Job, ...], troubles: Troubles, ago: int, random: Random
) -> Night:
    player = Player(origin, random)
    attempt = player.first(jobs, troubles)
    runs, shown = [attempt.run(origin)], attempt.objects
    lasting = _lasting(troubles, random)
    wanted = _reruns(attempt, ago, random)
    for _ in range(wanted):
        if not attempt.failed:
            break
        started = attempt.ended + random.randrange(1_800, 14_400)
        attempt = player.again(attempt, started, lasting)
        lasting = _lasting(lasting, random)
        runs.append(attempt.run(origin))
        shown += attempt.objects
    return runs, shown


def _lasting(troubles: Mapping[str, Trouble], random: Random) -> Troubles:
    return {
        name: trouble
        for name, trouble in troubles.items()
        if trouble.lasting or random.random() < STILL_RED_CHANCE
    }


def _reruns(attempt: Attempt, ago: int, random: Random) -> int:
    """Say how often people run the night again by hand; nobody does during an outage."""
    chance = RERUN_CHANCE_LONG_AGO if ago > HABIT_CHANGED else RERUN_CHANCE
    if not attempt.failed or attempt.ended - attempt.started >= DAY or random.random() > chance:
        return 0
    return 2 if random.random() < THIRD_ATTEMPT_CHANCE else 1
