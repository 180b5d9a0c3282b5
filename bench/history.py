"""Logs of any size: nights of 300 jobs, and pull requests whose CI fills the days between them.

A job of a night is one fact, as a backfill records it; a job of a pull request is three, as webhooks tell of it. The
newest nights are the same whatever the size, so that the same page can be asked of logs that differ only in length.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from bench.deliveries import REPO, WORKFLOW
from chatops.app import Service
from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.events.pulls import PullChanged
from chatops.events.runs import (
    JobCompleted,
    JobQueued,
    JobStarted,
    RunCompleted,
    RunRequested,
    RunStarted,
)
from chatops.names import JobId, Login, PullNumber, Repo, RunId, Sha

NIGHT_JOBS = 300
FEWEST_NIGHTS, MOST_NIGHTS = 30, 400
EVENTS_PER_NIGHT = 1_000
"""How much of a log there must be for one more night, from the fewest to the most."""
PULL_JOBS = 60
PULLS = 2_000
OPEN_PULLS, OPEN_PULL, CHECKS = 50, 10_000, 300
BUSY_RUN, BUSY_JOB = 20_000_000_000, 60_000_000_000
FIRST_RUN, FIRST_JOB = 10_000_000_000, 30_000_000_000
FAILURES = 33
"""One job in so many fails."""
FACTS_PER_APPEND = 10_000
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def nights_in(events: int) -> int:
    """Return how many nights a log of so many events holds."""
    return min(MOST_NIGHTS, max(FEWEST_NIGHTS, events // EVENTS_PER_NIGHT))


def fill(service: Service, events: int) -> int:
    """Append a history of at least so many events to an empty log; return how many there are."""
    facts = (Fact(event=one, source="github", correlation_id="bench") for one in told(events))
    while batch := list(islice(facts, FACTS_PER_APPEND)):
        service.log.append([Batch(facts=batch)])
    return service.log.head()


def told(events: int) -> Iterator[Event]:
    """Yield the events of a history, oldest first."""
    nights = nights_in(events)
    writer = _Writer(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
    told = 0
    for ago in range(nights - 1, -1, -1):
        share = events * (nights - ago) // nights - NIGHT_JOBS - 1
        while told < share:
            for event in writer.pull(ago):
                yield event
                told += 1
        for event in writer.night(ago):
            yield event
            told += 1


def busy_day() -> Iterator[Event]:
    """Yield what makes pages full: every pull request of a history is merged, and fifty others are open.

    Each of those had its checks run twice: what failed first passed the second time, or failed again.
    """
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(1, PULLS + 1):
        yield _pull(number, _sha(number), today - DAY, state="closed", merged=True)
    for number in range(OPEN_PULLS):
        sha = _sha(2_000_000 + number)
        yield _pull(OPEN_PULL + number, sha, today, state="open")
        for attempt in (1, 2):
            yield from _checks(number, attempt, sha, today + attempt * 20 * MINUTE)


def _pull(
    number: int, sha: Sha, changed: datetime, *, state: str, merged: bool = False
) -> PullChanged:
    return PullChanged(
        repo=Repo(REPO), number=PullNumber(number), sha=sha, base="main", author=Login(f"mona-{number % 7}"),
        title="Give slow clusters more time", state=state, merged=merged, created_at=changed,
        updated_at=changed, fingerprint=f"{number:x}",
    )  # fmt: skip


def _checks(number: int, attempt: int, sha: Sha, began: datetime) -> Iterator[Event]:
    """Yield an attempt of a pull request's checks: in the second one, only what failed is run again."""
    run_id = RunId(BUSY_RUN + number)
    for job in range(CHECKS):
        failed_first = (job + number) % FAILURES == 0
        if attempt > 1 and not failed_first:
            continue
        failed = failed_first and (attempt == 1 or job % 2 == 0)
        job_id = JobId(BUSY_JOB + (number * 2 + attempt) * CHECKS + job)
        yield JobCompleted(
            repo=Repo(REPO), run_id=run_id, attempt=attempt, job_id=job_id,
            name=f"run-k8s-tests / run-k8s-tests (qemu, group-{job % 7}, test-{job:03d})", workflow="CI", sha=sha,
            branch="topic", runner=f"runner-{job % 40}", labels=("ubuntu-24.04",), created_at=began,
            started_at=began + MINUTE, completed_at=began + 9 * MINUTE,
            conclusion="failure" if failed else "success", failed_step="Run tests" if failed else "",
        )  # fmt: skip
    yield RunCompleted(
        repo=Repo(REPO), run_id=run_id, attempt=attempt, workflow="CI", trigger="pull_request",
        path=".github/workflows/ci.yaml", sha=sha, branch="topic", number=number, created_at=began,
        started_at=began, completed_at=began + 10 * MINUTE, conclusion="failure",
    )  # fmt: skip


class _Writer:
    """Makes the events up, with ids that grow."""

    def __init__(self, today: datetime) -> None:
        self._today = today
        self._runs = 0
        self._jobs = 0
        self._pulls = 0

    def night(self, ago: int) -> Iterator[Event]:
        """Yield one night, as a backfill finds it; what failed depends on how long ago it was, and on nothing else."""
        began = self._today - ago * DAY
        run_id = self._run()
        chance = random.Random(ago)
        for number in range(NIGHT_JOBS):
            failed = chance.randrange(FAILURES) == 0
            yield JobCompleted(
                repo=Repo(REPO), run_id=run_id, attempt=1, job_id=self._job(),
                name=f"run-k8s-tests / run-k8s-tests (qemu, group-{number % 7}, test-{number:03d})",
                workflow=WORKFLOW, sha=_sha(ago), branch="main", runner=f"runner-{number % 40}",
                labels=("ubuntu-24.04",), created_at=began, started_at=began + MINUTE,
                completed_at=began + (20 + number % 60) * MINUTE,
                conclusion="failure" if failed else "success", failed_step="Run tests" if failed else "",
            )  # fmt: skip
        yield RunCompleted(
            repo=Repo(REPO), run_id=run_id, attempt=1, workflow=WORKFLOW, trigger="schedule",
            path=".github/workflows/nightly.yaml", sha=_sha(ago), branch="main", number=1_000 - ago,
            created_at=began, started_at=began, completed_at=began + 90 * MINUTE, conclusion="failure",
        )  # fmt: skip

    def pull(self, ago: int) -> Iterator[Event]:
        """Yield a push to a pull request and its CI, as webhooks tell of it."""
        self._pulls += 1
        began = self._today - ago * DAY - 12 * 60 * MINUTE
        sha, run_id = _sha(1_000_000 + self._pulls), self._run()
        yield PullChanged(
            repo=Repo(REPO), number=PullNumber(1 + self._pulls % PULLS), sha=sha, base="main",
            author=Login("mona"), title="Give slow clusters more time", state="open",
            created_at=began, updated_at=began, fingerprint=f"{self._pulls:016x}",
        )  # fmt: skip
        run = {
            "repo": Repo(REPO), "run_id": run_id, "attempt": 1, "workflow": "CI", "sha": sha,
            "path": ".github/workflows/ci.yaml", "trigger": "pull_request", "branch": "topic",
            "number": self._pulls, "created_at": began, "started_at": began,
        }  # fmt: skip
        yield RunRequested(**run)  # type: ignore[arg-type]  # each value is of its field's type
        yield RunStarted(**run)  # type: ignore[arg-type]  # as above
        for number in range(PULL_JOBS):
            job = {
                "repo": Repo(REPO), "run_id": run_id, "attempt": 1, "job_id": self._job(),
                "name": f"build / build ({number:03d})", "workflow": "CI", "sha": sha, "branch": "topic",
                "labels": ("ubuntu-24.04",), "created_at": began,
            }  # fmt: skip
            yield JobQueued(**job)  # type: ignore[arg-type]  # as above
            job |= {"started_at": began + MINUTE, "runner": f"runner-{number % 40}"}
            yield JobStarted(**job)  # type: ignore[arg-type]  # as above
            yield JobCompleted(**job, completed_at=began + 9 * MINUTE, conclusion="success")  # type: ignore[arg-type]  # as above
        yield RunCompleted(**run, completed_at=began + 10 * MINUTE, conclusion="success")  # type: ignore[arg-type]  # as above

    def _run(self) -> RunId:
        self._runs += 1
        return RunId(FIRST_RUN + self._runs)

    def _job(self) -> JobId:
        self._jobs += 1
        return JobId(FIRST_JOB + self._jobs)


def _sha(number: int) -> Sha:
    return Sha(f"{number:040x}")
