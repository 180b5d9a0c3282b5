"""How is one test: night after night, in pull requests, since when, and what is required of it?

The question behind a test's page. What is asked of the database is about this test alone, found by its name.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from chatops.answers.chains import is_private
from chatops.answers.job_words import Named
from chatops.answers.merged_between import NOTHING, MergedBetween, merged_between
from chatops.answers.night_cells import COUNTED, GREEN, UNCLEAR, Cell, CellReader, State
from chatops.answers.night_tests import Night, Test, prefixes, read_tests
from chatops.answers.nights import Sources, board_sources, counted, placed
from chatops.answers.required_rule import rule_of
from chatops.answers.shares import bounds, within
from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.names import PullNumber, Repo, RunId, Sha
from chatops.projections.commands import Command, command_of_id, commands_about_runs
from chatops.projections.freshness import last_heard
from chatops.projections.jobs import Entry, entries_called, newest_entries_called
from chatops.projections.mutes import Mute, muted_jobs
from chatops.projections.pulls import pulls_of_commits
from chatops.projections.renames import Rename
from chatops.projections.required import required_versions
from chatops.projections.runs import Run, attempts_of_runs

MOST_RESULTS = 50
ENTRIES_LOOKED_AT = 150
VERSIONS_LOOKED_AT = 60
MOST_COMMANDS = 20
MERGES_SHOWN = 10
OF_PULLS = ("pull_request", "pull_request_target")
STALE_AFTER = timedelta(hours=26)
FEW, MANY = 35, 120
"""Up to so many nights are counted by fives, by sevens, and above by twenty-eights."""


class InPull(Struct, frozen=True, kw_only=True):
    """What became of the test in one run of a pull request; `numbers` are those whose head its commit is or was."""

    run: Run
    numbers: tuple[PullNumber, ...]
    cell: Cell


class Needed(Struct, frozen=True, kw_only=True):
    """Whether the test is required, and since when. `is_from_start`: every list that is known says the same."""

    is_required: bool
    since: datetime | None
    is_from_start: bool


class Broke(Struct, frozen=True, kw_only=True):
    """Between which nights the test broke. `between` counts the nights between them, which have no verdict.

    `runs` are those that had it, the good one and the bad one, 0 where that is not known.
    """

    bad: Night
    bad_sha: Sha
    good: Night | None
    good_sha: Sha
    between: int
    runs: tuple[RunId, RunId]


class Window(Struct, frozen=True, kw_only=True):
    """How often the test passed in some neighbouring nights, and between which shares the true one lies."""

    newest: Night
    oldest: Night
    passes: int
    tries: int

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the lowest and the highest share that so few nights leave open."""
        return bounds(self.passes, self.tries)


class OneTest(Struct, frozen=True, kw_only=True):
    """Everything that is known of a test; nights and results are newest first.

    `test` is nothing where none of these nights knows it; `renames` brought it to its name. `asked` are commands that
    wanted a run with it to run again, `merged` what was merged before it broke.
    """

    repo: Repo
    workflow: str
    name: str
    test: Test | None
    nights: tuple[Night, ...]
    in_pulls: tuple[InPull, ...]
    needed: Needed | None
    mute: Mute | None
    asked: tuple[tuple[Command, RunId, int], ...]
    renames: tuple[Rename, ...]
    shas: Mapping[RunId, Sha]
    merged: MergedBetween
    heard_at: datetime | None
    now: datetime

    @property
    def is_stale(self) -> bool:
        """Return whether we have heard nothing for longer than a night takes to come."""
        return self.heard_at is not None and self.now - self.heard_at > STALE_AFTER

    @property
    def is_failing(self) -> bool:
        """Return whether the newest night that counts failed."""
        return self.test is not None and self.test.streak > 0 and not self.test.is_gone

    @property
    def verdict(self) -> str:
        """Return how it is doing, in a sentence or two, with how many results that rests on."""
        if self.test is None:
            return self._outside_the_nights()
        unsettled = self._newest_without_verdict()
        return f"{_in_nights(self.test)} {unsettled}".strip()

    def _outside_the_nights(self) -> str:
        where = (
            f"No night of the last {len(self.nights)} knows it"
            if self.nights
            else "It is not part of the nightly"
        )
        return f"{where}. {self.pulls_in_words}"

    def _newest_without_verdict(self) -> str:
        assert self.test is not None
        cell = self.test.settled
        if self.test.is_gone or not self.test.runs or cell.state not in UNCLEAR:
            return ""
        reason = f": {cell.reason}" if cell.reason else ""
        return f"The newest night has no verdict, {cell.state.value}{reason}."

    @property
    def pulls_in_words(self) -> str:
        """Return how it is in pull requests, in a sentence."""
        counts = Counter(one.cell.state for one in self.in_pulls)
        ran = sum(counts[state] for state in COUNTED)
        if not ran:
            return "No pull request has a result of it."
        said = f"In pull requests it failed in {counts[State.FAILED]} of its {counted(ran, 'newest result')}"
        said = f"{said} (truly {within(counts[State.FAILED], ran)})"
        again = counts[State.RERUN]
        return f"{said}, and passed only on a rerun in {again}." if again else f"{said}."

    @property
    def broke(self) -> Broke | None:
        """Return between which nights it broke, where it is failing."""
        test = self.test
        if test is None or not test.streak or test.since is None:
            return None
        at = next(index for index, night in enumerate(self.nights) if night is test.since)
        older = range(at + 1, len(self.nights))
        good = next((index for index in older if test.cells[index].state in GREEN), None)
        return Broke(
            bad=test.since,
            bad_sha=self._sha(test.cells[at]),
            good=None if good is None else self.nights[good],
            good_sha=Sha("") if good is None else self._sha(test.cells[good]),
            between=0 if good is None else good - at - 1,
            runs=(
                _run_of(test.cells[good]) if good is not None else RunId(0),
                _run_of(test.cells[at]),
            ),
        )

    def _sha(self, cell: Cell) -> Sha:
        return self.shas.get(_run_of(cell), Sha(""))

    @property
    def longest(self) -> tuple[int, int]:
        """Return how many nights in a row that count it passed at most, and failed at most."""
        most = {True: 0, False: 0}
        now = {True: 0, False: 0}
        for cell in self.test.cells if self.test is not None else ():
            if cell.state in COUNTED:
                passed = cell.state in GREEN
                now[passed], now[not passed] = now[passed] + 1, 0
                most[passed] = max(most[passed], now[passed])
        return most[True], most[False]

    @property
    def windows(self) -> tuple[Window, ...]:
        """Return how often it passed in groups of neighbouring nights, the newest group first."""
        if self.test is None:
            return ()
        width = 5 if len(self.nights) <= FEW else 7 if len(self.nights) <= MANY else 28
        found = []
        for start in range(0, len(self.nights), width):
            nights = self.nights[start : start + width]
            states = [cell.state for cell in self.test.cells[start : start + width]]
            found.append(
                Window(
                    newest=nights[0],
                    oldest=nights[-1],
                    passes=sum(state in GREEN for state in states),
                    tries=sum(state in COUNTED for state in states),
                )
            )
        return tuple(found)


def one_test(
    knowledge: Knowledge, repo: Repo, workflow: str, name: str, *, nights: int
) -> OneTest | None:
    """Return what is known of a test of a community; nothing where nobody has heard of it there."""
    db, community = knowledge.db, knowledge.community
    nightly = [
        one for place, one in placed(community.repositories, community.nightly)
        if (place, one.name) == (repo, workflow)
    ]  # fmt: skip
    if not nightly and repo not in community.repositories:
        return None
    sources = board_sources(db, [repo], nightly, nights=nights)
    names = sources.renames.names(repo, name)
    test = _in_the_nights(db, sources, repo, names, knowledge.now)
    is_known, in_pulls = _in_pulls(db, repo, names, workflow="" if nightly else workflow)
    if test is None and not is_known:
        return None
    runs = [run.run_id for night in sources.nights for run in night.runs]
    found = OneTest(
        repo=repo,
        workflow=workflow,
        name=name,
        test=test,
        nights=sources.nights,
        in_pulls=in_pulls,
        needed=_needed(db, repo, names),
        mute=_mute(knowledge, {workflow, *(one.run.workflow for one in in_pulls)}, name),
        asked=_asked(db, community, [*runs, *(one.run.run_id for one in in_pulls)]),
        renames=sources.renames.of(repo, name),
        shas={run.run_id: run.sha for run in sources.attempts},
        merged=NOTHING,
        heard_at=last_heard(db, [repo]),
        now=knowledge.now,
    )
    broke = found.broke
    if broke is None:
        return found
    attempts = {run.run_id: run for run in sources.attempts}
    good, bad = (attempts.get(run_id) for run_id in broke.runs)
    return replace(found, merged=merged_between(db, good, bad, MERGES_SHOWN))


def _run_of(cell: Cell) -> RunId:
    return cell.executions[-1].run_id if cell.executions else RunId(0)


def _in_nights(test: Test) -> str:
    if test.is_gone:
        return "The newest nights do not know this test any more; it was removed or renamed."
    if not test.runs:
        return f"It has neither passed nor failed in {counted(len(test.cells), 'night')}, so there is no verdict."
    if test.streak and test.since is not None:
        return _failing(test)
    helped = sum(cell.state is State.RERUN for cell in test.cells)
    truly = within(test.fails, test.runs)
    if not test.fails and not helped:
        every = (
            "the one night that counts" if test.runs == 1 else f"all {test.runs} nights that count"
        )
        return f"It is healthy: it passed at once in {every} (truly fails in {truly})."
    again = f", and passed only on a rerun in {helped}" if helped else ""
    nights = counted(test.runs, "night")
    return f"It is passing, but failed in {test.fails} of {nights} (truly {truly}){again}."


def _failing(test: Test) -> str:
    assert test.since is not None
    if test.streak == test.runs:
        every = "the only time" if test.runs == 1 else f"every time, {test.runs} nights,"
        return f"It is failing, as it has {every} it ran since {test.since.name}."
    nights = "for 1 night" if test.streak == 1 else f"for {test.streak} nights in a row"
    before = test.runs - test.streak
    passed = before - (test.fails - test.streak)
    return (
        f"It has been failing {nights}, since {test.since.name}; "
        f"before that it passed in {passed} of {counted(before, 'night')}."
    )


def _in_the_nights(
    db: Connection, sources: Sources, repo: Repo, names: Sequence[str], now: datetime
) -> Test | None:
    runs = [run.run_id for night in sources.nights for run in night.runs]
    called = {called for name in names for called in (name, *prefixes(name))}
    entries = entries_called(db, sorted(called), runs)
    tests, _ = read_tests(
        sources.nights, entries, sources.attempts, sources.rules, now, sources.renames
    )
    return next((test for test in tests if (test.repo, test.name) == (repo, names[0])), None)


def _in_pulls(
    db: Connection, repo: Repo, names: Sequence[str], *, workflow: str
) -> tuple[bool, tuple[InPull, ...]]:
    """Return whether a job of these names is known here at all, and its newest results in pull requests.

    With a workflow only those of it: the nightly runs the jobs of pull requests under another name.
    """
    entries: dict[RunId, list[Entry]] = defaultdict(list)
    for name in names:
        for entry in newest_entries_called(db, name, ENTRIES_LOOKED_AT):
            # A run that knows both names knows two tests; the newer name is asked for first.
            if entry[1] not in entries or entries[entry[1]][0][3] == name:
                entries[entry[1]].append(entry)
    attempts: dict[RunId, list[Run]] = defaultdict(list)
    for run in attempts_of_runs(db, list(entries)):
        if run.repo == repo and workflow in {"", run.workflow}:
            attempts[run.run_id].append(run)
    of_pulls = sorted(
        (run_id for run_id, runs in attempts.items() if runs[-1].trigger in OF_PULLS), reverse=True
    )[:MOST_RESULTS]
    numbers = pulls_of_commits(db, {(repo, attempts[run_id][-1].sha) for run_id in of_pulls})
    return bool(attempts), tuple(
        InPull(
            run=attempts[run_id][-1],
            numbers=numbers.get((repo, attempts[run_id][-1].sha), ()),
            cell=CellReader(attempts[run_id]).cell(entries[run_id]),
        )
        for run_id in of_pulls
    )


def _needed(db: Connection, repo: Repo, names: Sequence[str]) -> Needed | None:
    """Return whether it is required today, and since which version of the list; nothing where nobody has told.

    Under its old names it was required, too, as long as it had them; today only the name counts that it has.
    """
    versions = required_versions(db, repo, VERSIONS_LOOKED_AT)
    if not versions:
        return None
    is_required = rule_of(versions[0].rules).has(names[0])
    since = versions[0].seen_at
    for version in versions[1:]:
        if any(map(rule_of(version.rules).has, names)) != is_required:
            return Needed(is_required=is_required, since=since, is_from_start=False)
        since = version.seen_at
    return Needed(is_required=is_required, since=since, is_from_start=True)


def _mute(knowledge: Knowledge, workflows: set[str], name: str) -> Mute | None:
    """Return that it is muted; without the reason where that was said in private, or nobody knows where."""
    muted = muted_jobs(knowledge.db, knowledge.community.key, knowledge.now)
    names = [Named(name=name, workflow=workflow).full for workflow in sorted(workflows)]
    mute = next((muted[one] for one in names if one in muted), None)
    if mute is None:
        return None
    command = command_of_id(knowledge.db, mute.command)
    is_public = command is not None and not is_private(command.surface)
    return mute if is_public else replace(mute, reason="")


def _asked(
    db: Connection, community: Community, run_ids: Sequence[RunId]
) -> tuple[tuple[Command, RunId, int], ...]:
    found = commands_about_runs(db, run_ids, MOST_COMMANDS) if run_ids else []
    return tuple(one for one in found if one[0].community == community.key)
