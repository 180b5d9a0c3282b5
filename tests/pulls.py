"""Pull requests to test their pages with: heads with runs and jobs, in many states."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chatops.events import Event
from chatops.events.gate import CheckSet, PathRule, RequiredChecksChanged
from chatops.events.pulls import PullFilesSeen
from chatops.events.runs import JobCompleted, JobStarted, RunCompleted, RunStarted
from chatops.names import JobId, Login, PullNumber, RunId, Sha
from tests.scene import NOW, REPO, pull

WORKFLOW = "CI"
RULES = RequiredChecksChanged(
    repo=REPO,
    branch="main",
    origin="gate.yaml",
    fingerprint="1",
    seen_at=NOW,
    names=("CI / build",),
    paths=(PathRule(pattern="^docs/", sets=("static",)), PathRule(pattern="^src/", sets=("test",))),
    sets=(
        CheckSet(name="test", names=("CI / test (a)", "CI / test (b)"), labels=("ok-to-test",)),
        CheckSet(name="static", names=("Static / spelling",)),
    ),
)
HOSTILE = (
    "<script>document.title='owned'</script>",
    "a\u202egpj.exe",
    "one\ntwo\r\nthree",
    "x" * 4_000,
    "@everyone [click](https://evil.example) `code` & <b>bold</b>",
)


def head(number: int) -> Sha:
    """Return the head commit of a pull request."""
    return Sha(f"{number:040x}")


def touching(number: int, *files: str) -> PullFilesSeen:
    """Return which files a pull request changes."""
    return PullFilesSeen(
        repo=REPO, number=PullNumber(number), sha=head(number), base="main", files=files
    )


def ran(
    number: int,
    jobs: Mapping[str, str],
    *,
    attempt: int = 1,
    run: int = 0,
    workflow: str = WORKFLOW,
    ago: timedelta = timedelta(hours=2),
    trigger: str = "pull_request",
) -> list[Event]:
    """Return one attempt of a workflow on a pull request's head.

    `jobs` says how each job ended: a conclusion, `running`, or a conclusion and the step that failed after a colon.
    """
    run_id = RunId(number * 1_000 + run * 10 + len(workflow))
    began = NOW - ago + timedelta(minutes=10 * (attempt - 1))
    is_over = "running" not in jobs.values()
    kind = RunCompleted if is_over else RunStarted
    more: dict[str, Any] = {"conclusion": "success", "completed_at": began + timedelta(minutes=9)}
    found: list[Event] = [
        kind(
            repo=REPO, run_id=run_id, attempt=attempt, workflow=workflow, sha=head(number),
            path=f".github/workflows/{workflow.lower()}.yaml", trigger=trigger,
            created_at=NOW - ago, started_at=began, **(more if is_over else {}),
        )
    ]  # fmt: skip
    for place, (name, said) in enumerate(jobs.items()):
        conclusion, _, step = said.partition(":")
        job_id = JobId(run_id * 1_000 + attempt * 100 + place)
        if conclusion == "running":
            found.append(
                JobStarted(
                    repo=REPO, run_id=run_id, attempt=attempt, job_id=job_id, name=name,
                    sha=head(number), created_at=began, started_at=began,
                )
            )  # fmt: skip
            continue
        found.append(
            JobCompleted(
                repo=REPO, run_id=run_id, attempt=attempt, job_id=job_id, name=name,
                sha=head(number), conclusion=conclusion, failed_step=step, created_at=began,
                started_at=began, completed_at=began + timedelta(minutes=8),
            )
        )  # fmt: skip
    return found


def opened(number: int, **changes: object) -> Event:
    """Return an open pull request with a head of its own."""
    return pull(
        **{
            "number": PullNumber(number),
            "sha": head(number),
            "author": Login(f"author-{number}"),
            "title": f"Change {number}",
            "updated_at": NOW - timedelta(minutes=number),
            "created_at": NOW - timedelta(days=1),
            "fingerprint": f"f{number}",
            **changes,
        }
    )


GREEN = {"build": "success", "test (a)": "success", "test (b)": "success", "lint": "success"}
FAILING = {**GREEN, "test (a)": "failure:Run tests", "lint": "failure:Run lint"}


def town() -> list[Event]:
    """Return pull requests of every kind: 1 failed, 2 ready, 3 running, 4 without label, 5 draft, 6 never ran."""
    return [
        RULES,
        opened(1), touching(1, "src/a.rs"), *ran(1, FAILING),
        *ran(1, {"test (a)": "failure:Run tests"}, attempt=2),
        opened(2), touching(2, "src/b.rs"), *ran(2, {**GREEN, "test (b)": "failure:Run tests"}),
        *ran(2, {"test (b)": "success"}, attempt=2),
        opened(3), touching(3, "src/c.rs"), *ran(3, {**GREEN, "test (b)": "running"}),
        opened(4, labels=(), fork=True), touching(4, "src/d.rs"),
        *ran(4, {"build": "success"}),
        opened(5, draft=True), touching(5, "src/e.rs"), *ran(5, FAILING),
        opened(6), touching(6, "docs/f.md"), *ran(6, {"build": "success"}),
        opened(7, state="closed", merged=True), touching(7, "src/g.rs"), *ran(7, FAILING),
    ]  # fmt: skip
