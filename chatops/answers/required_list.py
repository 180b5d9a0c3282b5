"""What is required today, how does each of it do, what changed in the list, and what does no run produce any more?

The question behind the page of required checks. A list of them is kept by hand, so it names jobs that were renamed
long ago, and jobs that nobody looks after. Nothing is taken for missing unless runs are known that should have had it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from chatops.answers.job_words import LEVEL
from chatops.answers.night_cells import COUNTED, GREEN, State
from chatops.answers.nights import NightBoard, Test
from chatops.answers.pull_results import Key, PullResults, Tally
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


class Required(Struct, frozen=True, kw_only=True):
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


class Missing(Struct, frozen=True, kw_only=True):
    """A required name that no pull request has had for weeks: a change that needs it waits for ever.

    `runs` of its workflow did not have it, out of `every` run on pull requests. `last` is the newest run that ever had
    it; `near` are names that these runs do have and that begin alike.
    """

    required: Required
    runs: int
    every: int
    last: Run | None
    near: tuple[str, ...]


class Change(Struct, frozen=True, kw_only=True):
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


class ListOf(Struct, frozen=True, kw_only=True):
    """The list of one repository as it is today, and as it changed, the newest change first."""

    repo: Repo
    rules: RequiredChecksChanged
    since: datetime | None
    required: tuple[Required, ...]
    patterns: tuple[tuple[str, str, int], ...]
    """Expressions, the set of each, and how many names of the last weeks each means."""
    missing: tuple[Missing, ...]
    versions: tuple[Version, ...]
    """As it is today, and as it was before, as far as that was asked for."""

    @property
    def is_cut(self) -> bool:
        """Return whether there may be older versions than were looked at."""
        return len(self.versions) == VERSIONS_LOOKED_AT

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return what changed from version to version, the newest change first."""
        return tuple(_changes(self.repo, self.versions))

    @property
    def left(self) -> Mapping[str, datetime]:
        """Return the jobs that are not required any more, and since when."""
        return _left(self.versions)


class RequiredLists(Struct, frozen=True, kw_only=True):
    """Every list of a community, one for each repository that has one; `runs` are those of pull requests looked at."""

    lists: tuple[ListOf, ...]
    runs: int
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
    return _lists(knowledge, board, results, VERSIONS_LOOKED_AT)


def required_today(knowledge: Knowledge, board: NightBoard, results: PullResults) -> RequiredLists:
    """Return the same without what is missing and how it was before."""
    return _lists(knowledge, board, results, 1)


def keys_by_name(results: PullResults) -> dict[str, list[Key]]:
    """Return the tests of pull requests by their own name, which those of several workflows may share."""
    found: dict[str, list[Key]] = defaultdict(list)
    for key in set().union(*(day.tallies for day in results.days.values())):
        found[key[2]].append(key)
    return found


def in_pulls(results: PullResults, keys: Sequence[Key]) -> Tally | None:
    """Return what became of these tests in pull requests; nothing where none had them."""
    found = None
    for day in results.days.values():
        for key in keys:
            tally = day.tallies.get(key)
            if tally is not None:
                found = found or Tally()
                found.add(tally)
    return found


def _lists(
    knowledge: Knowledge, board: NightBoard, results: PullResults, versions: int
) -> RequiredLists:
    known = keys_by_name(results)
    runs = Counter(
        (run.repo, run.workflow) for day in results.days.values() for run in day.runs.values()
    )
    found = []
    for repo in knowledge.community.repositories:
        of = required_versions(knowledge.db, repo, versions)
        if not of:
            continue
        tests, rules = tests_called(board, repo), of[0].rules
        required = tuple(
            _required(knowledge, repo, name, sets, tests, known, results)
            for name, sets in names_of(rules).items()
        )
        produced = [
            f"{workflow}{LEVEL}{name}"
            for keys in known.values()
            for place, workflow, name in keys
            if place == repo
        ]
        found.append(
            ListOf(
                repo=repo,
                rules=rules,
                since=of[0].seen_at,
                required=required,
                patterns=_patterns(rules, produced),
                missing=_missing(knowledge, repo, required, produced, runs, results)
                if versions > 1
                else (),
                versions=tuple(of),
            )
        )
    return RequiredLists(
        lists=tuple(found), runs=sum(runs.values()), heard_at=results.heard_at, now=knowledge.now
    )


def _required(
    knowledge: Knowledge,
    repo: Repo,
    name: str,
    sets: tuple[str, ...],
    tests: Mapping[str, Test],
    known: Mapping[str, Sequence[Key]],
    results: PullResults,
) -> Required:
    workflow, _, job = name.partition(LEVEL)
    if not job:
        workflow, job = "", name
    exact = [key for key in known.get(job, ()) if key[:2] == (repo, workflow)]
    alone = [key for key in known.get(name, ()) if key[0] == repo]
    groups = knowledge.community.owners_of(job)
    return Required(
        repo=repo,
        name=name,
        workflow=workflow,
        job=job,
        sets=sets,
        test=tests.get(job) or tests.get(name),
        in_pulls=in_pulls(results, exact or alone),
        groups=tuple(dict.fromkeys(group.group for group in groups)),
    )


def _patterns(
    rules: RequiredChecksChanged, produced: Sequence[str]
) -> tuple[tuple[str, str, int], ...]:
    said = [
        *((pattern, ALWAYS) for pattern in rules.patterns),
        *((pattern, one.name) for one in rules.sets for pattern in one.patterns),
    ]
    if not said:
        return ()
    compiled = {pattern.pattern: pattern for pattern in rule_of(rules).patterns}
    return tuple(
        (
            pattern,
            of,
            sum(compiled[pattern].match(name) is not None for name in produced)
            if pattern in compiled
            else 0,
        )
        for pattern, of in said
    )


def _missing(
    knowledge: Knowledge,
    repo: Repo,
    required: Iterable[Required],
    produced: Sequence[str],
    runs: Mapping[tuple[Repo, str], int],
    results: PullResults,
) -> tuple[Missing, ...]:
    """Return what nobody reports. Without any run on a pull request nothing can be said, and nothing is."""
    every = sum(number for (place, _), number in runs.items() if place == repo)
    known = {*produced, *(name.partition(LEVEL)[2] for name in produced)}
    gate = knowledge.community.gate.workflow if knowledge.community.gate else ""
    silent = [
        one for one in required if one.name not in known and (not gate or one.workflow != gate)
    ]
    if not every or not silent:
        return ()
    names = [one.name for one in silent]
    outside = outside_names(knowledge.db, _newest_commits(results, repo), names)
    silent = [one for one in silent if one.name not in outside]
    last = _last_runs(knowledge, repo, silent)
    stems: dict[str, list[str]] = defaultdict(list)
    for name in sorted(produced):
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
    read = [(one.seen_at, one.rules, _names(one.rules)) for one in versions if one.seen_at]
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
    newer = _names(versions[0].rules)
    today = set(map(job_of, newer))
    ended = versions[0].seen_at
    for version in versions[1:]:
        names = _names(version.rules)
        gone = names.keys() - newer.keys()
        if gone and ended is not None:
            # Under another workflow it is the same job.
            still = {*today, *map(job_of, newer)}
            for job in map(job_of, gone):
                if job not in still:
                    found.setdefault(job, ended)
        newer, ended = names, version.seen_at
    return found


def _names(rules: RequiredChecksChanged) -> dict[str, None]:
    """Return each required name once, in the order of the list."""
    return dict.fromkeys([*rules.names, *(name for one in rules.sets for name in one.names)])
