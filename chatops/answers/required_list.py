"""What is required today, how does each of it do, what changed in the list, and what does no run produce any more?

The question behind the page of required checks. A list of them is kept by hand, so it names jobs that were renamed
long ago, and jobs that nobody looks after. Nothing is taken for missing unless runs are known that should have had it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chatops.answers.job_words import LEVEL
from chatops.answers.night_cells import COUNTED, GREEN, State
from chatops.answers.nights import NightBoard, Test
from chatops.answers.pull_results import PullResults, Tally
from chatops.answers.required_rule import rule_of
from chatops.engine.command import Knowledge
from chatops.events.gate import PathRule, RequiredChecksChanged
from chatops.names import Repo, RunId, Sha
from chatops.projections.checks import outside_names
from chatops.projections.jobs import newest_runs_called
from chatops.projections.required import Version, required_versions
from chatops.projections.runs import Run, attempts_of_runs

RECENT = 10
"""Nights that the list looks back."""
VERSIONS_LOOKED_AT = 60
COMMITS_LOOKED_AT = 100
NEAR = 3
ALWAYS = ""
"""The set of what every change must pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """One required name as it is written, how it does in the nights and in pull requests, and who looks after it.

    `test` is nothing where no night has it, `in_pulls` where no pull request had it in the last weeks.
    """

    repo: Repo
    name: str
    workflow: str
    job: str
    sets: tuple[str, ...]
    test: Test | None
    in_pulls: Tally | None
    groups: tuple[str, ...]

    @property
    def recent(self) -> tuple[int, int]:
        """Return in how many of the newest nights it passed, and how many of them count."""
        states = [cell.state for cell in self.test.cells[:RECENT]] if self.test else []
        return sum(state in GREEN for state in states), sum(state in COUNTED for state in states)

    @property
    def state(self) -> State | None:
        """Return what is known of it for certain in the newest nights."""
        return self.test.settled.state if self.test is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A required name that no pull request has had for weeks: a change that needs it waits for ever.

    `runs` of its workflow did not have it, out of `every` run on pull requests. `last` is the newest run that ever had
    it; `near` are names that these runs do have and that begin alike.
    """

    required: Required
    runs: int
    every: int
    last: Run | None
    near: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one version of a list has that the one before had not. The first that is known has nothing before it."""

    repo: Repo
    seen_at: datetime
    added: tuple[str, ...]
    removed: tuple[str, ...]
    paths_added: tuple[PathRule, ...]
    paths_removed: tuple[PathRule, ...]
    labels_changed: bool
    is_first: bool
    names: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """The list of one repository as it is today, and as it changed, the newest change first."""

    repo: Repo
    rules: RequiredChecksChanged
    since: datetime | None
    required: tuple[Required, ...]
    patterns: tuple[tuple[str, str, int], ...]
    """Expressions, the set of each, and how many names of the last weeks each means."""
    missing: tuple[Missing, ...]
    changes: tuple[Change, ...]
    left: Mapping[str, datetime]
    """Jobs that are not required any more, and since when."""
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredLists:
    """Every list of a community, one for each repository that has one; `runs` are those of pull requests looked at."""

    lists: tuple[ListOf, ...]
    runs: int
    is_from_start: bool
    heard_at: datetime | None
    now: datetime

    @property
    def required(self) -> tuple[Required, ...]:
        """Return every required name of every repository."""
        return tuple(one for of in self.lists for one in of.required)

    @property
    def missing(self) -> tuple[Missing, ...]:
        """Return what no run produces, of every repository."""
        return tuple(one for of in self.lists for one in of.missing)


def names_of(rules: RequiredChecksChanged) -> dict[str, tuple[str, ...]]:
    """Return each required name with the sets that it is in, in the order of the list."""
    sets: dict[str, list[str]] = {name: [ALWAYS] for name in rules.names}
    for one in rules.sets:
        for name in one.names:
            sets.setdefault(name, []).append(one.name)
    return {name: tuple(dict.fromkeys(of)) for name, of in sets.items()}


def job_of(name: str) -> str:
    """Return the job that a required name means, without its workflow; branch rules name the job alone."""
    workflow, _, job = name.partition(LEVEL)
    return job or workflow


def tests_called(board: NightBoard, repo: Repo) -> dict[str, Test]:
    """Return the tests of the nights in a repository by name; of several workflows', the one that ran most."""
    found: dict[str, Test] = {}
    for test in board.tests:
        known = found.get(test.name)
        if test.repo == repo and (
            known is None or (known.is_gone, -known.runs) > (test.is_gone, -test.runs)
        ):
            found[test.name] = test
    return found


def required_lists(knowledge: Knowledge, board: NightBoard, results: PullResults) -> RequiredLists:
    """Return the lists of a community with all that is known of what is in them."""
    tallies = _by_name(results)
    runs = Counter(
        (run.repo, run.workflow) for day in results.days.values() for run in day.runs.values()
    )
    found = []
    for repo in knowledge.community.repositories:
        versions = required_versions(knowledge.db, repo, VERSIONS_LOOKED_AT)
        if versions:
            known = tallies.get(repo, {})
            found.append(
                _list(knowledge, repo, versions, tests_called(board, repo), known, runs, results)
            )
    return RequiredLists(
        lists=tuple(found),
        runs=sum(runs.values()),
        is_from_start=not results.is_cut,
        heard_at=results.heard_at,
        now=knowledge.now,
    )


def _list(
    knowledge: Knowledge,
    repo: Repo,
    versions: Sequence[Version],
    tests: Mapping[str, Test],
    tallies: Mapping[str, Tally],
    runs: Mapping[tuple[Repo, str], int],
    results: PullResults,
) -> ListOf:
    rules = versions[0].rules
    required = tuple(
        _required(knowledge, repo, name, sets, tests, tallies)
        for name, sets in names_of(rules).items()
    )
    return ListOf(
        repo=repo,
        rules=rules,
        since=versions[0].seen_at,
        required=required,
        patterns=_patterns(rules, tallies),
        missing=_missing(knowledge, repo, required, tallies, runs, results),
        changes=tuple(_changes(repo, versions)),
        left=_left(versions),
        is_cut=len(versions) == VERSIONS_LOOKED_AT,
    )


def _by_name(results: PullResults) -> dict[Repo, dict[str, Tally]]:
    """Return what became of each name in pull requests, by its name with its workflow's before it."""
    found: dict[Repo, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for day in results.days.values():
        for (repo, workflow, name), tally in day.tallies.items():
            found[repo][f"{workflow}{LEVEL}{name}"].add(tally)
    return found


def _required(
    knowledge: Knowledge,
    repo: Repo,
    name: str,
    sets: tuple[str, ...],
    tests: Mapping[str, Test],
    tallies: Mapping[str, Tally],
) -> Required:
    workflow, _, job = name.partition(LEVEL)
    if not job:
        workflow, job = "", name
    groups = knowledge.community.owners_of(job)
    return Required(
        repo=repo,
        name=name,
        workflow=workflow,
        job=job,
        sets=sets,
        test=tests.get(job) or tests.get(name),
        in_pulls=tallies.get(name),
        groups=tuple(dict.fromkeys(group.group for group in groups)),
    )


def _patterns(
    rules: RequiredChecksChanged, tallies: Iterable[str]
) -> tuple[tuple[str, str, int], ...]:
    said = [
        *((pattern, ALWAYS) for pattern in rules.patterns),
        *((pattern, one.name) for one in rules.sets for pattern in one.patterns),
    ]
    if not said:
        return ()
    compiled = {pattern.pattern: pattern for pattern in rule_of(rules).patterns}
    names = list(tallies)
    return tuple(
        (
            pattern,
            of,
            sum(compiled[pattern].match(name) is not None for name in names)
            if pattern in compiled
            else 0,
        )
        for pattern, of in said
    )


def _missing(
    knowledge: Knowledge,
    repo: Repo,
    required: Iterable[Required],
    tallies: Mapping[str, Tally],
    runs: Mapping[tuple[Repo, str], int],
    results: PullResults,
) -> tuple[Missing, ...]:
    """Return what nobody reports. Without any run on a pull request nothing can be said, and nothing is."""
    every = sum(number for (place, _), number in runs.items() if place == repo)
    alone = {name.partition(LEVEL)[2] for name in tallies}
    gate = knowledge.community.gate.workflow if knowledge.community.gate else ""
    silent = [
        one
        for one in required
        if one.name not in tallies and one.name not in alone and (not gate or one.workflow != gate)
    ]
    if not every or not silent:
        return ()
    names = [one.name for one in silent]
    outside = outside_names(knowledge.db, _newest_commits(results, repo), names)
    silent = [one for one in silent if one.name not in outside]
    last = _last_runs(knowledge, repo, silent)
    stems: dict[str, list[str]] = defaultdict(list)
    for name in sorted(tallies):
        stems[_stem(name)].append(name)
    return tuple(
        Missing(
            required=one,
            runs=runs.get((repo, one.workflow), 0),
            every=every,
            last=last.get(one.job),
            near=tuple(stems.get(_stem(one.name), ())[:NEAR]),
        )
        for one in silent
    )


def _newest_commits(results: PullResults, repo: Repo) -> list[tuple[Repo, Sha]]:
    newest = sorted(
        (run.created_at, run.sha)
        for day in sorted(results.days, reverse=True)[:RECENT]
        for run in results.days[day].runs.values()
        if run.repo == repo
    )
    commits = dict.fromkeys(sha for _, sha in reversed(newest))
    return [(repo, sha) for sha in list(commits)[:COMMITS_LOOKED_AT]]


def _last_runs(knowledge: Knowledge, repo: Repo, silent: Iterable[Required]) -> dict[str, Run]:
    """Return the newest run that ever had each of these jobs."""
    found = newest_runs_called(knowledge.db, [one.job for one in silent])
    runs: dict[RunId, Run] = {
        run.run_id: run
        for run in attempts_of_runs(knowledge.db, list(found.values()))
        if run.repo == repo
    }
    return {job: runs[run_id] for job, run_id in found.items() if run_id in runs}


def _stem(name: str) -> str:
    """Return a name without the values of its matrix: what stays when those change."""
    return name.partition(" (")[0]


def _changes(repo: Repo, versions: Sequence[Version]) -> Iterable[Change]:
    """Yield what changed from version to version; what only a dashboard's file told is no version to compare with."""
    read = [(one.seen_at, one.rules, names_of(one.rules)) for one in versions if one.seen_at]
    for index, (seen_at, rules, names) in enumerate(read):
        if index + 1 == len(read):
            if len(versions) < VERSIONS_LOOKED_AT:
                yield Change(
                    repo=repo, seen_at=seen_at, added=(), removed=(), paths_added=(), paths_removed=(),
                    labels_changed=False, is_first=True, names=len(names),
                )  # fmt: skip
            return
        _, before, names_before = read[index + 1]
        yield Change(
            repo=repo,
            seen_at=seen_at,
            added=tuple(name for name in names if name not in names_before),
            removed=tuple(name for name in names_before if name not in names),
            paths_added=tuple(rule for rule in rules.paths if rule not in before.paths),
            paths_removed=tuple(rule for rule in before.paths if rule not in rules.paths),
            labels_changed=_labels(rules) != _labels(before),
            is_first=False,
            names=len(names),
        )


def _labels(rules: RequiredChecksChanged) -> dict[str, tuple[str, ...]]:
    return {one.name: one.labels for one in rules.sets}


def _left(versions: Sequence[Version]) -> dict[str, datetime]:
    """Return the jobs that were required once, with when they ceased to be."""
    found: dict[str, datetime] = {}
    newer = set(map(job_of, names_of(versions[0].rules)))
    today = newer
    ended = versions[0].seen_at
    for version in versions[1:]:
        jobs = set(map(job_of, names_of(version.rules)))
        if ended is not None:
            for job in jobs - newer - today:
                found.setdefault(job, ended)
        newer, ended = jobs, version.seen_at
    return found
