"""Which pull requests are open, by what is each blocked, and how do its jobs do?

Hundreds of them have hundreds of checks each, so the queue is made from the one before: only pull requests of which
there is news are looked at again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from chatops.answers.approvals import Picture, picture_of
from chatops.answers.blocked_by import WENT_WRONG, Blocked, blocked
from chatops.answers.elsewhere import MOST_PULLS, Elsewhere
from chatops.answers.night_cells import GREEN, Cell, State
from chatops.answers.pull_checks import Check, Heard, PullChecks, checks_of, runs_looked_at
from chatops.engine.command import Knowledge
from chatops.events.gate import RequiredChecksChanged
from chatops.events.owners import OwnersChanged
from chatops.names import PullNumber, Repo, RunId, Sha
from chatops.projections.approvals import Word, words_on_pulls
from chatops.projections.checks import OutsideCheck, outside_checks_of, outside_marks
from chatops.projections.freshness import last_heard
from chatops.projections.jobs import Entry, entries_of_runs
from chatops.projections.owners import owners_now
from chatops.projections.pull_files import files_of_pulls, pulls_with_files
from chatops.projections.pulls import (
    OpenPull,
    Pull,
    open_pulls,
    open_pulls_in_short,
    pulls_numbered,
)
from chatops.projections.required import required_now
from chatops.projections.run_news import News, newer_news
from chatops.projections.runs import Run, attempts_of_commits, commits_of_runs

Place = tuple[Repo, PullNumber]
Rules = tuple[RequiredChecksChanged | None, OwnersChanged | None]
Commit = tuple[Repo, Sha]

NO_MARKS = (0, 0, 0)
CLEAN = Cell(State.PASSED)
"""What most jobs did: one for all of them."""


class _Seen(NamedTuple):
    """What a row was made of, besides runs: equal ones give equal rows, unless a run has news."""

    pull: OpenPull
    marks: tuple[int, int, int]
    knows_files: bool
    words: tuple[Word, ...]


class Queued(Struct, frozen=True, kw_only=True):
    """An open pull request in short. `failing` are the required checks that failed; `cells` its jobs."""

    pull: Pull
    blocked: Blocked
    failing: tuple[str, ...]
    required: int
    passed: int
    failed: int
    running: int
    reruns: int
    cells: Mapping[str, Cell]
    seen: _Seen


class Queue(Struct, frozen=True, kw_only=True):
    """The open pull requests of a community, by repository, newest first; `news` is what is in it."""

    rows: tuple[Queued, ...]
    rules: Mapping[Repo, Rules]
    news: News
    heard_at: datetime | None
    now: datetime

    def elsewhere(
        self, repo: Repo, jobs: Collection[str], *, but: PullNumber
    ) -> dict[str, list[Elsewhere]]:
        """Return what became of jobs on the newest open pull requests, as the answer of that name does."""
        others = [row for row in self.rows if row.pull.repo == repo and row.pull.number != but]
        found: dict[str, list[Elsewhere]] = defaultdict(list)
        for row in others[:MOST_PULLS]:
            for job in jobs:
                cell = row.cells.get(job)
                if cell is not None:
                    found[job].append(
                        Elsewhere(number=row.pull.number, author=row.pull.author, cell=cell)
                    )
        return found

    def failing_on(self) -> Mapping[tuple[Repo, str], int]:
        """Return on how many open pull requests each required check fails, by its name."""
        found: dict[tuple[Repo, str], int] = defaultdict(int)
        for row in self.rows:
            for name in row.failing:
                found[row.pull.repo, name] += 1
        return found


def open_queue(knowledge: Knowledge, before: Queue | None = None) -> Queue:
    """Return the open pull requests; `before` is an older queue of the same community."""
    db, community = knowledge.db, knowledge.community
    repos = community.repositories
    rules = _rules(knowledge)
    if before is not None and before.rules != rules:
        before = None
    news = newer_news(db, before.news if before is not None else None)
    touched = commits_of_runs(db, news.runs) if before is not None else set()
    known = {_place(row.pull): row for row in before.rows} if before is not None else {}
    seen = _seen(knowledge)
    kept = {
        place: row
        for place, one in seen.items()
        if (row := known.get(place)) is not None
        and row.seen == one
        and (row.pull.repo, row.pull.sha) not in touched
    }
    made = _rows(knowledge, {place: seen[place] for place in seen if place not in kept}, rules)
    return Queue(
        rows=tuple(kept.get(place) or made[place] for place in seen),
        rules=rules,
        news=news,
        heard_at=last_heard(db, repos),
        now=knowledge.now,
    )


def queue_of_author(knowledge: Knowledge, login: str) -> tuple[Queued, ...]:
    """Return the open pull requests of one person, the one that changed last first."""
    db, community = knowledge.db, knowledge.community
    theirs = {
        _place(pull)
        for repo in community.repositories
        for pull in open_pulls(db, repo)
        if pull.author.lower() == login.lower()
    }
    if not theirs:
        return ()
    seen = {place: one for place, one in _seen(knowledge).items() if place in theirs}
    rows = _rows(knowledge, seen, _rules(knowledge)).values()
    return tuple(sorted(rows, key=lambda row: _changed(row.pull), reverse=True))


def _rules(knowledge: Knowledge) -> dict[Repo, Rules]:
    """Return what each repository requires now, and who owns what in it, where that counts."""
    db, approvals = knowledge.db, knowledge.community.approvals
    owned = approvals.owners != "none"
    return {
        repo: (required_now(db, repo), owners_now(db, repo, approvals.branch) if owned else None)
        for repo in knowledge.community.repositories
    }


def _changed(pull: Pull) -> tuple[float, int]:
    return pull.updated_at.timestamp() if pull.updated_at else 0.0, pull.number


def _place(pull: Pull) -> Place:
    return pull.repo, pull.number


def _seen(knowledge: Knowledge) -> dict[Place, _Seen]:
    """Return what the row of each open pull request is made of, in small."""
    db, repos = knowledge.db, knowledge.community.repositories
    pulls = open_pulls_in_short(db, repos)
    marks = outside_marks(db, {(repo, sha) for repo, _, sha, *_ in pulls})
    with_files = pulls_with_files(db, repos, sorted({number for _, number, *_ in pulls}))
    words = _words(knowledge, pulls)
    found = {}
    for pull in pulls:
        repo, number, sha, base, _, _ = pull
        found[repo, number] = _Seen(
            pull,
            marks.get((repo, sha), NO_MARKS),
            (repo, number, sha, base) in with_files,
            tuple(words.get((repo, number), ())),
        )
    return found


def _words(knowledge: Knowledge, pulls: Iterable[OpenPull]) -> dict[Place, list[Word]]:
    """Return what was said of pull requests, where that counts."""
    if knowledge.community.approvals.owners == "none":
        return {}
    numbers: dict[Repo, list[PullNumber]] = defaultdict(list)
    for repo, number, *_ in pulls:
        numbers[repo].append(number)
    return {
        (repo, number): words
        for repo, of_repo in numbers.items()
        for number, words in words_on_pulls(knowledge.db, repo, of_repo).items()
    }


def _by_repo(pulls: Iterable[Pull]) -> dict[Repo, list[Pull]]:
    found: dict[Repo, list[Pull]] = defaultdict(list)
    for pull in pulls:
        found[pull.repo].append(pull)
    return found


def _rows(
    knowledge: Knowledge,
    seen: Mapping[Place, _Seen],
    rules: Mapping[Repo, Rules],
) -> dict[Place, Queued]:
    """Return the rows of pull requests that have to be looked at."""
    if not seen:
        return {}
    community = knowledge.community
    numbers: dict[Repo, list[PullNumber]] = defaultdict(list)
    for repo, number in seen:
        numbers[repo].append(number)
    pulls = [
        pull
        for repo, of_repo in numbers.items()
        for pull in pulls_numbered(knowledge.db, repo, of_repo)
    ]
    facts = _Facts(knowledge, pulls)
    found = {}
    for pull in pulls:
        one = seen[_place(pull)]
        required, owners = rules[pull.repo]
        heard = facts.of(pull)
        checks = checks_of(pull, heard, required, community)
        picture = picture_of(community.approvals, pull, one.words, owners, heard.files)
        found[_place(pull)] = _row(one, checks, picture)
    return found


class _Facts:
    """Everything that was heard of some pull requests, read at once."""

    def __init__(self, knowledge: Knowledge, pulls: Sequence[Pull]) -> None:
        db = knowledge.db
        self._attempts: dict[Commit, list[Run]] = defaultdict(list)
        self._entries: dict[Commit, list[Entry]] = defaultdict(list)
        self._files: dict[tuple[Repo, PullNumber, Sha, str], tuple[str, ...]] = {}
        for repo, of_repo in _by_repo(pulls).items():
            for run in attempts_of_commits(db, repo, sorted({pull.sha for pull in of_repo})):
                self._attempts[repo, run.sha].append(run)
            files = files_of_pulls(db, repo, [pull.number for pull in of_repo])
            self._files |= {(repo, *place): names for place, names in files.items()}
        self._outside: Mapping[Commit, Sequence[OutsideCheck]] = outside_checks_of(
            db, {(pull.repo, pull.sha) for pull in pulls}
        )
        commits: dict[RunId, Commit] = {
            run_id: commit
            for commit, attempts in self._attempts.items()
            for run_id in runs_looked_at(attempts, knowledge.community)
        }
        for entry in entries_of_runs(db, list(commits)):
            self._entries[commits[entry[1]]].append(entry)

    def of(self, pull: Pull) -> Heard:
        """Return what was heard of one; when that was is told of the whole queue."""
        commit = (pull.repo, pull.sha)
        return Heard(
            attempts=self._attempts.get(commit, ()),
            entries=self._entries.get(commit, ()),
            outside=self._outside.get(commit, ()),
            files=self._files.get((pull.repo, pull.number, pull.sha, pull.base)),
            heard_at=None,
        )


def _row(seen: _Seen, checks: PullChecks, picture: Picture) -> Queued:
    required = checks.required
    return Queued(
        pull=checks.pull,
        blocked=blocked(checks, picture.awaited(), lacks_issue=picture.lacks_issue()),
        failing=tuple(check.name for check in checks.holding_up if check.state in WENT_WRONG),
        required=len(required),
        passed=sum(check.state in GREEN for check in required),
        failed=len(checks.failed),
        running=len(checks.running),
        reruns=sum(run.attempt - 1 for run in checks.runs if run is not checks.gate),
        cells=_cells(checks.checks),
        seen=seen,
    )


def _cells(checks: Iterable[Check]) -> dict[str, Cell]:
    """Return what became of each job, by its own name: of two workflows that have it, the newer run counts."""
    found: dict[str, Cell] = {}
    for check in checks:
        cell = check.cell
        if cell is None or cell.last is None:
            continue
        other = found.get(check.job)
        if other is not None and other.last is not None and other.last.run_id > cell.last.run_id:
            continue
        is_clean = cell.state is State.PASSED and len(cell.executions) == 1
        found[check.job] = CLEAN if is_clean else cell
    return found
