"""`chatops import`: the facts in an older dashboard's files, or in a list of required checks."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chatops.app import Service
from chatops.engine.log import Batch
from chatops.errors import BadInput
from chatops.events import Fact
from chatops.intake.dashboard_files import read_dashboard_file
from chatops.intake.gatekeeper import required_event
from chatops.names import Repo
from chatops.projections.required import required_now

YAML = (".yaml", ".yml")
FACTS_AT_ONCE = 5_000

Step = Callable[[int, int], None]


def import_all(
    service: Service, files: Sequence[Path], *, repo: str, workflow: str, step: Step
) -> list[Mapping[str, Any]]:
    """Read every file first, so that nothing is appended if anything is wrong; then append."""
    community = service.configuration.default_community
    if repo and service.configuration.community_of(Repo(repo)) is None:
        raise BadInput([f"--repo: found {repo!r}, expected a repository of the configuration"])
    said = Repo(repo) or None
    nightly = workflow or (community.nightly[0].name if community.nightly else "")
    service.open_database()
    try:
        read = [_read(service, path, said, nightly) for path in files]
        return [_append(service, result, facts, step) for result, facts in read]
    finally:
        service.database.close()


def _read(
    service: Service, path: Path, said: Repo | None, workflow: str
) -> tuple[dict[str, Any], Sequence[Fact]]:
    if path.suffix in YAML:
        default = service.configuration.default_community.repositories[0]
        return _read_required(service, path, said or default)
    imported = read_dashboard_file(path, repo=said, workflow=workflow)
    result = {
        "file": str(path), "kind": imported.kind, "jobs": imported.jobs, "runs": imported.runs,
        "totals": imported.totals,
    }  # fmt: skip
    return result, imported.facts


def _read_required(
    service: Service, path: Path, repo: Repo
) -> tuple[dict[str, Any], Sequence[Fact]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput([f"{path}: it cannot be read ({problem})"]) from problem
    with service.database.read() as db:
        known = required_now(db, repo)
    follows = known.link() if known else ""
    try:
        event = required_event(repo, "main", path.name, text, follows, service.clock.now())
    except BadInput as problem:
        raise BadInput([f"{path}: {one}" for one in problem.problems]) from problem
    fact = Fact(event=event, source="import", correlation_id=f"import/{event.fingerprint}")
    names = len(event.names) + sum(len(one.names) for one in event.sets)
    result = {"file": str(path), "kind": "required checks", "totals": {"names": names}}
    return result, [] if known is not None and event.fingerprint == known.fingerprint else [fact]


def _append(
    service: Service, result: dict[str, Any], facts: Sequence[Fact], step: Step
) -> Mapping[str, Any]:
    new = 0
    for start in range(0, len(facts), FACTS_AT_ONCE):
        (appended,) = service.log.append([Batch(facts=facts[start : start + FACTS_AT_ONCE])])
        new += len(appended.positions)
        step(min(start + FACTS_AT_ONCE, len(facts)), 2 * len(facts))
    shown = 0
    while seen := service.projector.step():
        shown = min(shown + seen, len(facts))
        step(len(facts) + shown, 2 * len(facts))
    return {**result, "facts": len(facts), "new": new, "known": len(facts) - new}
