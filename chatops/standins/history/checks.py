"""The checks of pull requests besides the CI run: static checks, the gatekeeper, small ones."""

from collections.abc import Sequence
from itertools import product

from chatops.standins.history.jobs import TESTS, Job, segment
from chatops.standins.history.objects import Workflow

COMMANDS = ("make check", "make test", 'sudo -E PATH="$PATH" make test')
COMPONENTS = (
    ("agent", "src/agent, rust, libdevmapper, libseccomp, protobuf-compiler, clang"),
    ("agent-ctl", "src/tools/agent-ctl, rust, protobuf-compiler, clang"),
    ("dragonball", "src/dragonball, rust"),
    ("genpolicy", "src/tools/genpolicy, rust, protobuf-compiler"),
    ("kata-ctl", "src/tools/kata-ctl, rust, protobuf-compiler"),
    ("libs", "src/libs, rust, libdevmapper, protobuf-compiler"),
    ("runtime", "src/runtime, golang, XDG_RUNTIME_DIR"),
    ("runtime-rs", "src/runtime-rs, rust, protobuf-compiler"),
    ("trace-forwarder", "src/tools/trace-forwarder, rust"),
)
SELF_HOSTED = ("ubuntu-24.04-arm", "ubuntu-24.04-s390x", "ppc64le")
SKIPPER = "skipper / skipper"


def workflow(name: str, file: str, event: str = "pull_request") -> Workflow:
    """Name a workflow of pull requests."""
    return Workflow(name=name, path=f".github/workflows/{file}.yaml", event=event)


BIG = workflow("Kata Containers CI", "ci-on-push", "pull_request_target")
GATEKEEPER = workflow("Gatekeeper", "gatekeeper", "pull_request_target")
STATIC = workflow("Static checks", "static-checks")
STATIC_SELF_HOSTED = workflow("Static checks self-hosted", "static-checks-self-hosted")
WIP = workflow("Pull request WIP checks", "PR-wip-checks")
COMMIT_MESSAGE = workflow("Commit Message Check", "commit-message-check")
SPELLING = workflow("Spelling check", "spellcheck")
CARGO_DENY = workflow("Cargo Deny Check", "cargo-deny-runner")

# Workflow to its one job; the first seven are required of every pull request.
SMALL = {
    COMMIT_MESSAGE: "Commit Message Check",
    WIP: "WIP Check",
    workflow("Darwin tests", "darwin-tests"): "test",
    workflow("Shellcheck required", "shellcheck_required"): "shellcheck-required",
    workflow("GHA security analysis", "zizmor"): "zizmor",
    workflow("Lint GHA workflows", "actionlint"): "run-actionlint",
    workflow("EditorConfig checker", "editorconfig-checker"): "editorconfig-checker",
    CARGO_DENY: "cargo-deny (bans licenses sources)",
    SPELLING: "check-spelling",
    workflow("CodeQL", "codeql"): "Analyze (go)",
    workflow("OSV-Scanner", "osv-scanner-pr"): "scan-pr / osv-scan",
}
ALWAYS_REQUIRED = 7
OTHER_STATIC = (
    "build-checks-depending-on-kvm (runtime-rs)",
    "check-agent-policy-coverage",
    "check-kernel-config-version",
    "codegen",
    "static-checks (make static-checks)",
)
MORE_STATIC = ("govulncheck / Run govulncheck", "skip-static / skipper", "check-rust-edition",
               "check-go-version", "check-yaml-lint")  # fmt: skip


def check(name: str, runner: str = "ubuntu-22.04", seconds: int = 70, *, rule: bool = False) -> Job:
    """Describe a check that depends on nothing else."""
    return Job(
        name=name,
        unexpanded=name,
        runner=runner,
        platform="checks",
        wave=TESTS,
        seconds=seconds,
        flake=0.0,
        by_rule=rule,
    )


def build_check_names(runner: str, caller: str) -> list[str]:
    """Name the 27 checks of the components on one kind of runner."""
    return [
        f"{caller} / {segment('check', f'{command}, {component}, {parameters}, {runner}')}"
        for command, (component, parameters) in product(COMMANDS, COMPONENTS)
    ]


def static_checks() -> list[Job]:
    """List the 38 static checks on hosted runners."""
    names = build_check_names("ubuntu-22.04", "build-checks")
    slow = [check(name, seconds=260) for name in names]
    quick = [check(name) for name in (*OTHER_STATIC, *MORE_STATIC, SKIPPER)]
    return [*slow, *quick]


def self_hosted_checks() -> list[Job]:
    """List the 82 static checks on machines of other platforms."""
    jobs = [check(SKIPPER, seconds=9)]
    for runner in SELF_HOSTED:
        names = build_check_names(runner, f"build-checks ({runner})")
        jobs += [check(name, runner, 330) for name in names]
    return jobs


def small_checks() -> dict[Workflow, Sequence[Job]]:
    """List the workflows of one check each."""
    return {
        flow: [check(name, "macos-latest" if flow.name == "Darwin tests" else "ubuntu-22.04", 38)]
        for flow, name in SMALL.items()
    }


def required_static_names() -> list[str]:
    """Name the static checks that must pass, each with its workflow."""
    hosted = build_check_names("ubuntu-22.04", "build-checks")
    # Not required for the moment, because it fails too often.
    hosted = [name for name in hosted if "(make test, libs, " not in name]
    runner = SELF_HOSTED[1]
    far = build_check_names(runner, f"build-checks ({runner})")[:18]
    far = [name for name in far if ", libs," not in name]
    return [
        f"{CARGO_DENY.name} / {SMALL[CARGO_DENY]}",
        *(f"{STATIC.name} / {name}" for name in (*hosted, *OTHER_STATIC)),
        f"{SPELLING.name} / {SMALL[SPELLING]}",
        *(f"{STATIC_SELF_HOSTED.name} / {name}" for name in far),
    ]
