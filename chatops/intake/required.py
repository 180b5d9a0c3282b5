"""The list of required checks, fetched from where the community keeps it; each version that differs is an event."""

from datetime import datetime

from chatops.config import BranchRules, Community, GatekeeperFile
from chatops.events.gate import RequiredChecksChanged
from chatops.intake.gatekeeper import from_branch_rules, required_event
from chatops.names import Repo
from chatops.ports import GitHub


async def required_version(
    github: GitHub,
    community: Community,
    repo: Repo,
    known: RequiredChecksChanged | None,
    now: datetime,
) -> RequiredChecksChanged | None:
    """Return the list as it is now, or nothing if it is what we know, or if there is none."""
    checks = community.gate.checks if community.gate else None
    follows = known.link() if known else ""
    if isinstance(checks, GatekeeperFile):
        text = await github.file(repo, checks.path, checks.branch)
        version = required_event(repo, checks.branch, checks.path, text, follows, now)
    elif isinstance(checks, BranchRules):
        names = await github.required_checks(repo, checks.branch)
        version = from_branch_rules(repo, checks.branch, names, follows, now)
    else:
        return None
    return None if known is not None and version.fingerprint == known.fingerprint else version
