"""How do these jobs do on the other open pull requests?"""

from collections import defaultdict
from collections.abc import Collection

from msgspec import Struct
from sqlalchemy import Connection

from chatops.answers.night_cells import Cell, CellReader
from chatops.names import Login, PullNumber, Repo, Sha
from chatops.projections.jobs import Entry, entries_of_runs
from chatops.projections.pulls import Pull, open_pulls
from chatops.projections.runs import attempts_of_commits

MOST_PULLS = 200


class Elsewhere(Struct, frozen=True, kw_only=True):
    """What became of a job on the head of another open pull request."""

    number: PullNumber
    author: Login
    cell: Cell


def elsewhere(
    db: Connection, repo: Repo, jobs: Collection[str], *, but: PullNumber = PullNumber(0)
) -> dict[str, list[Elsewhere]]:
    """Return what became of jobs on the newest open pull requests, by job, newest first; `but` is left out."""
    pulls = [pull for pull in open_pulls(db, repo) if pull.number != but][:MOST_PULLS]
    heads = _heads(pulls)
    attempts = attempts_of_commits(db, repo, list(heads))
    commits = {run.run_id: run.sha for run in attempts}
    entries: dict[tuple[Sha, str], list[Entry]] = defaultdict(list)
    for entry in entries_of_runs(db, list(commits), sorted(jobs)):
        entries[commits[entry[1]], entry[3]].append(entry)
    reader = CellReader(attempts)
    found: dict[str, list[Elsewhere]] = defaultdict(list)
    for (sha, job), of_job in entries.items():
        cell = reader.cell(of_job)
        found[job] += [
            Elsewhere(number=pull.number, author=pull.author, cell=cell) for pull in heads[sha]
        ]
    for places in found.values():
        places.sort(key=lambda one: -one.number)
    return found


def _heads(pulls: Collection[Pull]) -> dict[Sha, list[Pull]]:
    heads: dict[Sha, list[Pull]] = defaultdict(list)
    for pull in pulls:
        heads[pull.sha].append(pull)
    return heads
