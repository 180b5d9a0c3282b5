"""Open pull requests and what their checks found, so far.

Three carry the whole CI run, the others a part of it. ``PlannedRun.again`` of each run says which
failures a second attempt would cure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from random import Random

from chatops.standins.history import checks
from chatops.standins.history.families import all_jobs
from chatops.standins.history.files import required_names
from chatops.standins.history.jobs import Job, night_jobs
from chatops.standins.history.objects import (
    API,
    FIRST_SECOND,
    Commit,
    Json,
    Origin,
    Workflow,
    number_of,
)
from chatops.standins.history.play import NIGHTLY, QUICK, Player
from chatops.standins.history.troubles import BROKEN, BUILD_BROKE, FLAKE, Trouble
from chatops.standins.history.year import PlannedRun, planned

FIRST_NUMBER = 14_120
WRONG = Trouble(conclusion="failure", step="Run the check", lasting=True)
WAITING = "Wait for required tests"
POLL_SECONDS = 180
TEE_SKIPPED_IN_PULLS = "run-k8s-tests-on-tee (tdx, qemu-tdx-runtime-rs)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """One open pull request with the runs of its head commit."""

    number: int
    title: str
    author: str
    fork: bool
    draft: bool
    labels: tuple[str, ...]
    files: tuple[str, ...]
    branch: str
    head_repository: str
    head_sha: str
    base_sha: str
    created_at: datetime
    pushed_at: datetime
    runs: tuple[PlannedRun, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a pull request is about and how its checks go.

    ``share`` is how much of the CI run it carries; ``failing`` names parts of job names.
    """

    title: str
    author: str
    branch: str
    files: tuple[str, ...]
    labels: tuple[str, ...] = ("ok-to-test",)
    fork: bool = True
    draft: bool = False
    minutes_ago: int = 600
    share: float = 0.12
    failing: Mapping[str, Trouble] | None = None

    @property
    def may_test(self) -> bool:
        """Whether somebody allowed the CI run."""
        return "ok-to-test" in self.labels

    @property
    def has_labels(self) -> bool:
        """Whether the gatekeeper finds the labels it wants; workflow files alone need none."""
        return self.may_test or all(file.startswith(".github/workflows/") for file in self.files)


STORIES = (
    Story(
        title="agent: Close the vsock listener when the sandbox stops",
        author="otter-example",
        branch="close-listener",
        files=("src/agent/src/main.rs", "src/agent/src/rpc.rs"),
        share=1.0,
        minutes_ago=1_310,
        failing={
            "run-k8s-tests (cbl-mariner, clh-azure, small, containerd)": FLAKE,
            "run-k8s-tests (qemu, minimum)": FLAKE,
            "run-docker-tests (qemu)": FLAKE,
        },
    ),
    Story(
        title="dragonball: Bound the size of the virtio-fs queue",
        author="crane-example",
        branch="bound-queue",
        files=("src/dragonball/src/device_manager/fs_dev_mgr.rs",),
        share=1.0,
        minutes_ago=980,
        failing={
            "run-containerd-stability (latest, dragonball)": BROKEN,
            "run-containerd-stability (minimum, dragonball)": BROKEN,
            "run-nydus (latest, dragonball)": BROKEN,
            "make test, dragonball": WRONG,
            "run-kata-deploy-tests (qemu, k0s)": FLAKE,
        },
    ),
    Story(
        title="kata-deploy: Restart the runtime only when its configuration changed",
        author="heron-example",
        branch="topic/restart-once",
        files=("tools/packaging/kata-deploy/binary/src/runtime.rs",),
        fork=False,
        share=1.0,
        minutes_ago=75,
        failing={"run-k8s-tests-on-tee (sev-snp, qemu-snp)": BROKEN},
    ),
    Story(
        title="runtime-rs: Report errors of block device hotplug",
        author="gecko-example",
        branch="hotplug-errors",
        files=("src/runtime-rs/crates/resource/src/block.rs",),
        failing={"run-k8s-tests (qemu-runtime-rs, latest)": FLAKE},
    ),
    Story(
        title="docs: Explain how to run the tests on one node",
        author="wombat-example",
        branch="docs-one-node",
        files=("docs/how-to/how-to-test-on-one-node.md",),
        labels=(),
        share=0.0,
        minutes_ago=2_900,
        failing={"check-spelling": WRONG},
    ),
    Story(
        title="tests: Wait for the pod to be gone before the next case",
        author="lynx-example",
        branch="wait-for-pod",
        files=("tests/integration/kubernetes/tests_common.sh",),
        fork=False,
        minutes_ago=4_100,
    ),
    Story(
        title="kernel: Bump to a newer long-term release",
        author="marmot-example",
        branch="kernel-bump",
        files=("versions.yaml", "tools/packaging/kernel/kata_config_version"),
        minutes_ago=1_750,
        failing={
            "build-kata-static-tarball-s390x / build-asset (kernel)": BUILD_BROKE,
            "check-kernel-config-version": WRONG,
        },
    ),
    Story(
        title="ci: Pin the actions of the arm64 builders",
        author="badger-example",
        branch="pin-actions",
        files=(".github/workflows/build-kata-static-tarball-arm64.yaml",),
        labels=(),
        share=0.0,
        minutes_ago=5_600,
    ),
    Story(
        title="genpolicy: Accept environment variables without a value",
        author="quokka-example",
        branch="empty-environment",
        files=("src/tools/genpolicy/src/policy.rs", "src/tools/genpolicy/rules.rego"),
        minutes_ago=300,
        failing={"make check, genpolicy": WRONG, "run-nerdctl-tests (qemu)": FLAKE},
    ),
    Story(
        title="[WIP] runtime: Rework the cache of network endpoints",
        author="puffin-example",
        branch="endpoint-cache",
        files=("src/runtime/virtcontainers/network_linux.go",),
        labels=("wip",),
        draft=True,
        share=0.0,
        minutes_ago=7_300,
        failing={"WIP Check": WRONG, "make test, runtime, ": WRONG},
    ),
    Story(
        title="libs: Replace the parser of resource limits",
        author="newt-example",
        branch="limits-parser",
        files=("src/libs/kata-types/src/annotations/mod.rs",),
        labels=(),
        share=0.0,
        minutes_ago=45,
        failing={"Commit Message Check": WRONG},
    ),
    Story(
        title="qemu: Drop a machine option nobody sets",
        author="ibis-example",
        branch="drop-option",
        files=("src/runtime/pkg/govmm/qemu/qemu.go", "src/runtime/virtcontainers/qemu.go"),
        labels=("ok-to-test", "area/qemu"),
        minutes_ago=2_200,
        failing={"run-cri-containerd-amd64 (latest, qemu)": FLAKE},
    ),
)


def open_pulls(*, now: datetime, seed: int, repository: str) -> tuple[PullRequest, ...]:
    """Play the checks of every open pull request."""
    return tuple(
        _pull(story, FIRST_NUMBER + 7 * index, int(now.timestamp()), seed, repository)
        for index, story in enumerate(STORIES)
    )


def _pull(story: Story, number: int, now: int, seed: int, repository: str) -> PullRequest:
    random = Random(f"{seed}:pull:{number}")
    pushed = now - story.minutes_ago * 60
    name = repository.split("/")[1]
    head_repository = f"{story.author}/{name}" if story.fork else repository
    head = sha1(f"{seed}:{number}:head".encode(), usedforsecurity=False).hexdigest()
    base = sha1(f"{seed}:{number}:base".encode(), usedforsecurity=False).hexdigest()
    commit = Commit(sha=head, message=story.title, author=story.author, second=pushed - 300)
    links = [] if story.fork else [_link(repository, number, story.branch, head, base)]

    def origin(flow: Workflow, after: int) -> Origin:
        return Origin(
            repository=repository,
            head_repository=head_repository,
            workflow=flow,
            title=story.title,
            branch=story.branch,
            commit=commit,
            actor=story.author,
            created=pushed + 4 + after,
            number=(pushed - FIRST_SECOND) // 900 + after,
            pulls=links,
        )

    runs = []
    for after, (flow, jobs) in enumerate(_workflows(story, random)):
        troubles = _troubles(story, jobs)
        source = origin(flow, after)
        pace = NIGHTLY if flow == checks.BIG else QUICK
        attempt = Player(source, random).first(jobs, troubles, pace)
        runs.append(planned(source, attempt, troubles))
    runs.append(_gatekeeper(story, origin(checks.GATEKEEPER, len(runs)), runs, random))
    return PullRequest(
        number=number,
        title=story.title,
        author=story.author,
        fork=story.fork,
        draft=story.draft,
        labels=story.labels,
        files=story.files,
        branch=story.branch,
        head_repository=head_repository,
        head_sha=head,
        base_sha=base,
        created_at=datetime.fromtimestamp(pushed - random.randrange(3_600, 400_000), UTC),
        pushed_at=datetime.fromtimestamp(pushed, UTC),
        runs=tuple(runs),
    )


def _workflows(story: Story, random: Random) -> list[tuple[Workflow, Sequence[Job]]]:
    flows = list(checks.small_checks().items())
    flows.append((checks.STATIC, _part(story, checks.STATIC, checks.static_checks(), random)))
    if story.may_test:
        far = checks.self_hosted_checks()
        flows.append(
            (checks.STATIC_SELF_HOSTED, _part(story, checks.STATIC_SELF_HOSTED, far, random))
        )
    flows.append((checks.BIG, _big_run(story, random)))
    return flows


def _big_run(story: Story, random: Random) -> list[Job]:
    """List the jobs of the CI run; without the label only the skipped call shows."""
    skipper = checks.check(checks.SKIPPER, seconds=8, rule=not story.may_test)
    if not story.may_test:
        return [skipper, checks.check("kata-containers-ci-on-push", rule=True)]
    jobs = _part(story, checks.BIG, night_jobs(all_jobs(), 0), random)
    return [skipper, *(_in_pull(job) for job in jobs)]


def _in_pull(job: Job) -> Job:
    if not job.name.endswith(TEE_SKIPPED_IN_PULLS):
        return job
    # Told to skip its work in pull requests, it passes within seconds.
    return checks.check(job.name, job.runner, 11)


def _part(story: Story, flow: Workflow, jobs: Sequence[Job], random: Random) -> list[Job]:
    """Choose the story's share of the jobs; what is required, or is to fail, is always there."""
    wanted = tuple(story.failing or ())
    required = required_names()
    return [
        job
        for job in jobs
        if random.random() < story.share
        or f"{flow.name} / {job.name}" in required
        or any(part in job.name for part in wanted)
    ]


def _troubles(story: Story, jobs: Sequence[Job]) -> dict[str, Trouble]:
    failing = (story.failing or {}).items()
    return {job.name: trouble for job in jobs for part, trouble in failing if part in job.name}


def _gatekeeper(
    story: Story, origin: Origin, runs: Sequence[PlannedRun], random: Random
) -> PlannedRun:
    """Play the job that waits for everything required and stops at the first failure."""
    required = required_names()
    judged = [
        (job, run.again.get(job["name"], "success"))
        for run in runs
        for job in run.jobs
        if f"{job['workflow_name']} / {job['name']}" in required
    ]
    red = [(job, again) for job, again in judged if job["conclusion"] != "success"]
    curable = story.has_labels and all(again == "success" for _, again in red)
    trouble = Trouble(conclusion="failure", step=WAITING, lasting=not curable)
    gate = checks.check("gatekeeper", seconds=20)
    troubles = {} if story.has_labels and not red else {gate.name: trouble}
    attempt = Player(origin, random).first([gate], troubles, QUICK)
    if story.has_labels:
        ends = [_second(job["completed_at"]) for job, _ in red or judged]
        seen = (min(ends) if red else max(ends)) + random.randrange(POLL_SECONDS)
        attempt.prolong(seen)
    return planned(origin, attempt, troubles)


def _second(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def _link(repository: str, number: int, branch: str, head: str, base: str) -> Json:
    url = f"{API}/repos/{repository}"
    short = {"id": number_of(repository), "url": url, "name": repository.split("/")[1]}
    return {
        "id": number_of(f"{repository}#{number}"),
        "number": number,
        "url": f"{url}/pulls/{number}",
        "head": {"ref": branch, "sha": head, "repo": short},
        "base": {"ref": "main", "sha": base, "repo": short},
    }
