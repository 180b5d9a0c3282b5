"""A community with a list of required checks that changed, people who look after tests, and nights to judge both by."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from chatops.answers.nights import NightBoard, night_board
from chatops.answers.pull_results import PullResults, pull_results
from chatops.answers.required_list import RequiredLists, required_lists
from chatops.config import Community, Gate, GatekeeperFile, NightlyWorkflow, Owner, OwnerGroup
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.events.gate import CheckSet, PathRule, RequiredChecksChanged
from chatops.events.runs import JobCompleted, RunCompleted
from chatops.names import JobId, PullNumber, RunId, Sha
from tests.builders import FAIL, MORNING, PASS, REPO, SETUP, NightOf, Ran, nights_database
from tests.scene import pull

NIGHTS = 12
NIGHTLY = NightlyWorkflow(name="Nightly", file="nightly.yaml")
BROKEN = "ci / fuel / test (tank)"
FLAKY = "ci / guidance / test (gyro)"
STEADY = "ci / engine / test (big)"
GONE = "ci / engine / test (small)"
GOOD = "ci / landing / test (legs)"
GOOD_BUT = "ci / landing / test (soft)"
AGAIN = "ci / fins / test (left)"
NEW = "ci / fins / test (right)"

GROUPS = (
    OwnerGroup(
        regex="engine|fuel",
        group="Propulsion",
        owners=(
            Owner(
                github="mona", fullname="Mona", slackurl="https://acme.slack.com/team/U0123456789"
            ),
            Owner(github="hubot"),
        ),
    ),
    OwnerGroup(regex="fuel|landing", group="Ground", owners=(Owner(github="ground-crew"),)),
    OwnerGroup(regex="fins", group="Aero"),
    OwnerGroup(regex="booster", group="Booster", owners=(Owner(github="nobody", email="ask me"),)),
)
COMMUNITY = Community(
    key="acme",
    title="Acme",
    repositories=(REPO,),
    nightly=(NIGHTLY,),
    gate=Gate(workflow="Gatekeeper", checks=GatekeeperFile(path="ci/required.yaml")),
    maintainers=GROUPS,
)


def ci(*jobs: str) -> tuple[str, ...]:
    """Return jobs as the list of required checks writes them."""
    return tuple(f"CI / {job}" for job in jobs)


def version(
    number: int,
    days_ago: float,
    tests: tuple[str, ...],
    *,
    paths: tuple[PathRule, ...] = (PathRule(pattern="^docs/", sets=()),),
    always: tuple[str, ...] = ("Style / style",),
    **changes: object,
) -> RequiredChecksChanged:
    """Return a version of the list, seen so many days before this morning."""
    described = {
        "repo": REPO, "branch": "main", "origin": "ci/required.yaml", "fingerprint": str(number),
        "follows": str(number - 1) if number > 1 else "", "names": always, "paths": paths,
        "sets": (CheckSet(name="test", names=ci(*tests), labels=("ok-to-test",)),),
        "seen_at": MORNING - timedelta(days=days_ago),
    }  # fmt: skip
    return RequiredChecksChanged(**{**described, **changes})  # type: ignore[arg-type]  # of whatever kind each field is


LISTS = (
    version(1, 200, (STEADY, GONE, AGAIN), paths=()),
    version(2, 100, (STEADY, GONE, AGAIN, FLAKY)),
    version(3, 30, (STEADY, GONE, FLAKY, BROKEN)),
)


def nights() -> list[Event]:
    """Return the nights: of each test the newest first, where it did not pass."""
    strewn: Mapping[str, Mapping[int, Ran]] = {
        STEADY: {},
        BROKEN: dict.fromkeys(range(4), FAIL),
        FLAKY: {3: FAIL, 7: FAIL},
        GOOD: {2: SETUP},
        GOOD_BUT: {},
        AGAIN: dict.fromkeys(range(3, NIGHTS), FAIL),
        NEW: dict.fromkeys(range(3, NIGHTS), FAIL),
    }
    return [
        fact
        for ago in range(NIGHTS)
        for fact in NightOf(
            ago=ago, attempts=[{name: of.get(ago, PASS) for name, of in strewn.items()}]
        ).facts()
    ]


def in_pulls(runs: int = 4, *, before: datetime = MORNING, first: int = 1) -> list[Event]:
    """Return runs of pull requests, an hour apart: FLAKY fails at once in each and passes when it is run again."""
    found: list[Event] = []
    for number in range(first, first + runs):
        began = before - timedelta(hours=number - first + 1)
        sha = Sha(f"{number:040x}")
        jobs = {STEADY: "success", FLAKY: "failure", BROKEN: "failure", GOOD: "success"}
        found += [
            pull(repo=REPO, number=PullNumber(number), sha=sha, fingerprint=f"f{number}"),
            *_run(number, sha, began, {**jobs, GOOD_BUT: "failure"}),
            *_run(number, sha, began, {FLAKY: "success"}, attempt=2),
            *_run(1_000 + number, sha, began, {"style": "success"}, workflow="Style"),
        ]
    return found


def _run(
    number: int,
    sha: Sha,
    began: datetime,
    jobs: Mapping[str, str],
    *,
    attempt: int = 1,
    workflow: str = "CI",
) -> list[Event]:
    run_id = RunId(40_000_000_000 + number)
    started = began + timedelta(minutes=20 * (attempt - 1))
    return [
        RunCompleted(
            repo=REPO, run_id=run_id, attempt=attempt, workflow=workflow, trigger="pull_request",
            sha=sha, conclusion="failure", created_at=began, started_at=started,
            completed_at=started + timedelta(minutes=10),
        ),
        *(
            JobCompleted(
                repo=REPO, run_id=run_id, attempt=attempt, workflow=workflow, name=name, sha=sha,
                job_id=JobId(run_id * 10_000 + attempt * 100 + place), conclusion=conclusion,
                failed_step="Run tests" if conclusion == "failure" else "", created_at=started,
                started_at=started, completed_at=started + timedelta(minutes=5),
            )
            for place, (name, conclusion) in enumerate(jobs.items())
        ),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A snapshot with what the pages about rules are made of."""

    knowledge: Knowledge
    board: NightBoard
    results: PullResults

    @property
    def lists(self) -> RequiredLists:
        """Return what is required."""
        return required_lists(self.knowledge, self.board, self.results)


@contextmanager
def known(
    folder: Path, facts: Iterable[Event], community: Community = COMMUNITY
) -> Iterator[Known]:
    """Look at a community of which these facts are known, on the morning after the newest night."""
    folder.mkdir(exist_ok=True)
    with nights_database(folder, facts) as db:
        knowledge = Knowledge(
            db=db, community=community, now=MORNING, base_url="https://ci.example"
        )
        board = night_board(db, community.repositories, community.nightly, now=MORNING)
        yield Known(knowledge=knowledge, board=board, results=pull_results(knowledge))
