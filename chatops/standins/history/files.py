"""The two files the product reads from the community: what is required, and who owns it.

Both are written in the format their real counterparts have.
"""

from collections.abc import Iterable
from functools import cache

from chatops.standins.history.checks import (
    ALWAYS_REQUIRED,
    BIG,
    SMALL,
    required_static_names,
)
from chatops.standins.history.families import all_jobs
from chatops.standins.history.jobs import night_jobs

PATHS = """
paths:
  # The first expression that matches a changed file decides what runs for it.
  - "^ci/openshift-ci/": []
  - "^\\\\.github/workflows/static-checks": ["static"]
  - "^\\\\.github/workflows/": []
  - "^docs/": ["static"]
  - "^mkdocs\\\\.yaml$": ["static"]
  - "\\\\.md$": ["static"]
  - "^tests/spellcheck/kata-dictionary.txt": ["static"]
"""

# Expression, group and the logins that look after it.
OWNERS = (
    (".*s390x|zvsi.*", "Arch-s390x", ("lynx-example", "marmot-example")),
    (".*ppc64le.*", "Arch-ppc64le", ("newt-example",)),
    (".*arm64.*", "Arch-arm64", ("otter-example",)),
    (".*dragonball.*", "Dragonball", ("crane-example", "gecko-example")),
    (".*runtime-rs.*", "Rust", ("crane-example", "heron-example")),
    (".*sev-snp.*|.*gpu-snp.*", "AMD", ("badger-example",)),
    (".*tdx.*", "Intel", ("puffin-example",)),
    (".*coco-nontee.*", "CoCo_non-TEE", ("heron-example", "quokka-example")),
    (".*agent-ctl.*|.*agent-apis.*", "agent-ctl", ("quokka-example",)),
)


def _always() -> list[str]:
    return [f"{flow.name} / {job}" for flow, job in list(SMALL.items())[:ALWAYS_REQUIRED]]


def _tests() -> list[str]:
    jobs = night_jobs(all_jobs(), 0)
    return sorted(f"{BIG.name} / {job.name}" for job in jobs if job.required)


@cache
def required_names() -> frozenset[str]:
    """Every required name of today, each with its workflow."""
    return frozenset((*_always(), *_tests(), *required_static_names()))


def required_tests_yaml() -> str:
    """Write the gatekeeper's file for the jobs of today."""
    return "\n".join(
        (
            "required_tests:",
            "  # Required of every pull request",
            *_items(_always(), 2),
            "",
            "required_regexps:",
            PATHS.rstrip(),
            "",
            "mapping:",
            *_feature("test", _tests()),
            *_feature("static", required_static_names()),
            "",
        )
    )


def _feature(feature: str, names: Iterable[str]) -> Iterable[str]:
    yield f"  {feature}:"
    yield "    names:"
    yield from _items(names, 6)
    yield "    required-labels:"
    yield "      - ok-to-test"


def _items(names: Iterable[str], indent: int) -> Iterable[str]:
    return (f"{' ' * indent}- {name}" for name in names)


def slack_name(login: str) -> str:
    """Return what somebody is called in Slack."""
    return login.removesuffix("-example")


def maintainers_yaml() -> str:
    """Write who looks after which jobs."""
    lines = ["mappings:"]
    for expression, group, logins in OWNERS:
        lines += [f"  - regex: '{expression}'", f"    group: {group}", "    owners:"]
        for login in logins:
            short = slack_name(login)
            lines += [
                f"      - fullname: {short.capitalize()}",
                f"        slackurl: https://slack.example/team/U0{short.upper()}",
                f"        slack: {short}",
                f"        github: {login}",
            ]
    return "\n".join((*lines, ""))
