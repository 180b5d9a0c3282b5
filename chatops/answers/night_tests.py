"""One test over the nights: its cells, what they add up to, and why some of them are empty."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from msgspec import Struct

from chatops.answers.night_cells import (
    COUNTED,
    NO_ENTRY,
    NO_WORKFLOW,
    NOT_STARTED,
    NOT_THERE_YET,
    REPORTED,
    TO_COME,
    UNSETTLED,
    Cell,
    CellReader,
    State,
)
from chatops.answers.required_rule import RequiredRule, RequiredRules
from chatops.names import Repo, RunId
from chatops.projections.jobs import Entry
from chatops.projections.renames import NO_RENAMES, Lineage
from chatops.projections.runs import Run

GONE_AFTER = 3
"""A test that this many finished nights in a row know nothing of was removed or renamed."""
LEVEL = " / "
MATRIX = " ("


class NightRun(Struct, frozen=True, kw_only=True):
    """One workflow's part of a night, as its newest attempt is. `number` counts the workflow's runs."""

    repo: Repo
    workflow: str
    run_id: RunId
    number: int
    attempt: int
    status: str
    conclusion: str
    created_at: datetime | None
    completed_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Return whether nothing of it runs any more."""
        return self.status in {"completed", "reported"}


class Night(Struct, frozen=True, kw_only=True):
    """One column: the runs of one day, or one run of which only its number is known."""

    key: str
    label: str
    day: date | None
    runs: tuple[NightRun, ...]

    @property
    def is_over(self) -> bool:
        """Return whether every run of it has ended."""
        return all(run.is_over for run in self.runs)

    @property
    def name(self) -> str:
        """Return how a sentence calls it: `Sat 22 Aug`, or `run #842`."""
        return f"run {self.label}" if self.day is None else f"{self.day:%a} {self.label}"

    @property
    def began_at(self) -> datetime | None:
        """Return when its first run was created."""
        return min((run.created_at for run in self.runs if run.created_at), default=None)

    @property
    def ended_at(self) -> datetime | None:
        """Return when its last run ended, nothing if one runs or did not say."""
        ends = [run.completed_at for run in self.runs]
        return (
            max((end for end in ends if end), default=None) if self.is_over and all(ends) else None
        )


class Weather(Struct, frozen=True, kw_only=True):
    """How often a test failed, on a scale of five: a hint, never a verdict."""

    fails: int
    runs: int

    @property
    def word(self) -> str:
        """Return the word for it; without any counted result there is none."""
        if not self.runs:
            return "no data"
        words = ("sunny", "partly sunny", "cloudy", "rainy", "stormy")
        return words[min(4, self.fails * 5 // self.runs)]

    @property
    def share(self) -> float | None:
        """Return the share of passes among the counted results."""
        return 1 - self.fails / self.runs if self.runs else None


class Test(Struct, frozen=True, kw_only=True):
    """One row: a test over the nights, the newest first.

    `runs` counts the nights it passed or failed, `fails` those it failed, `reruns` how often it was run again.
    `streak` is the number of counted nights in a row it has failed up to now, `since` the oldest of them.
    `is_required` says whether it is required now; `required_then` the same of each night, unless it is so in all.
    """

    repo: Repo
    workflow: str
    name: str
    cells: tuple[Cell, ...]
    is_required: bool
    is_gone: bool
    fails: int
    runs: int
    reruns: int
    streak: int
    since: Night | None
    required_then: tuple[bool, ...] = ()

    def was_required(self, place: int) -> bool:
        """Return whether it was required in the night at a place, by the list of that time."""
        return self.required_then[place] if self.required_then else self.is_required

    @property
    def weather(self) -> Weather:
        """Return the share of its failures on a scale of five."""
        return Weather(fails=self.fails, runs=self.runs)

    @property
    def settled(self) -> Cell:
        """Return the newest thing known for certain: tonight's result or, while it runs, the one before."""
        return next((cell for cell in self.cells if cell.state not in UNSETTLED), self.cells[0])

    @property
    def before(self) -> State | None:
        """Return how the newest counted night before the newest night went."""
        return next((cell.state for cell in self.cells[1:] if cell.state in COUNTED), None)

    @property
    def is_all_clean(self) -> bool:
        """Return whether it passed at the first attempt in every night it ran in."""
        return bool(self.runs) and all(
            cell.state in {State.PASSED, State.NONE, State.RUNNING, State.QUEUED}
            for cell in self.cells
        )

    @property
    def is_always_skipped(self) -> bool:
        """Return whether no night has anything but a skip."""
        return all(cell.state in {State.SKIPPED, State.NONE, State.NOT_RUN} for cell in self.cells)


class Unmade(Struct, frozen=True, kw_only=True):
    """A bare name that GitHub listed in place of the jobs below it, in these nights, because they were never made."""

    repo: Repo
    workflow: str
    name: str
    nights: tuple[Night, ...]
    how: str


class _Workflow:
    """The tests of one workflow while they are being sorted into nights."""

    def __init__(self, repo: Repo, name: str, nights: Sequence[Night]) -> None:
        self.repo = repo
        self.name = name
        self.runs = [
            [run for run in night.runs if (run.repo, run.workflow) == (repo, name)]
            for night in nights
        ]
        self.entries: dict[str, list[list[Entry] | None]] = {}
        self.unmade: dict[str, dict[int, str]] = {}
        """By bare name and night, what became of it instead: `skipped` or `cancelled`."""

    def join(self, renames: Lineage) -> None:
        """Let the tests that have another name now go on with what they did under the old one.

        A night that knows both names knows two tests; there, what did not have the new name stays what it was.
        """
        for old in [name for name in self.entries if renames.current(self.repo, name) != name]:
            kept = self.entries[old]
            joined = self.entries.setdefault(renames.current(self.repo, old), [None] * len(kept))
            for index, entries in enumerate(kept):
                if entries and joined[index] is None:
                    joined[index], kept[index] = entries, None
            if not any(kept):
                del self.entries[old]

    def fold_parents(self) -> None:
        """Take out the names that stand for several jobs which were never made.

        GitHub lists a skipped matrix, or a skipped reusable workflow, under its bare name. It is no test of its own:
        it is the reason why the tests below it did not run.
        """
        parents = {prefix for name in self.entries for prefix in prefixes(name)}
        for parent in parents & self.entries.keys():
            nights = self.entries[parent]
            words = self.unmade[parent] = {}
            for index, entries in enumerate(nights):
                kept = [entry for entry in entries or () if not _is_unmade(entry)]
                if entries and not kept:
                    how = (
                        "cancelled"
                        if any(entry[6] == "cancelled" for entry in entries)
                        else "skipped"
                    )
                    words[index] = how
                nights[index] = kept or None
            if not any(nights):
                del self.entries[parent]

    def why_not_made(self, name: str, index: int) -> str:
        """Return which parent kept a test from being made in a night, if one did."""
        for prefix in prefixes(name):
            how = self.unmade.get(prefix, {}).get(index)
            if how:
                return f"“{prefix.rpartition(LEVEL)[2]}” was {how}"
        return ""

    def names_of_none(self, nights: Sequence[Night]) -> list[Unmade]:
        """Return the bare names that are no test in any of the nights, and what kept their jobs from being made."""
        return [
            Unmade(
                repo=self.repo,
                workflow=self.name,
                name=name,
                nights=tuple(nights[index] for index in sorted(words)),
                how=" or ".join(sorted(set(words.values()))),
            )
            for name, words in self.unmade.items()
            if words and name not in self.entries
        ]


class _Required:
    """Which tests of a workflow are required, and which were when each night began."""

    def __init__(
        self, workflow: _Workflow, nights: Sequence[Night], rules: RequiredRules, renames: Lineage
    ) -> None:
        self._repo = workflow.repo
        self._rules = rules
        self._renames = renames
        self._then = [
            rules.at(runs[0].created_at, runs[0].run_id)
            for night, of_workflow in zip(nights, workflow.runs, strict=True)
            for runs in (of_workflow or night.runs,)
        ]
        self._is_one = all(rule is rules.now for rule in self._then)

    def now(self, name: str) -> bool:
        """Return whether a test is required today; only the name counts that it has."""
        return _has(self._rules.now, [name])

    def then(self, name: str) -> tuple[bool, ...]:
        """Return whether it was required in each night, under any name that it had; nothing if one list was for all."""
        if self._is_one:
            return ()
        names = self._renames.names(self._repo, name) if self._renames.renames else [name]
        known = {
            id(rule): _has(rule, [name] if rule is self._rules.now else names)
            for rule in self._then
        }
        return tuple(known[id(rule)] for rule in self._then)


def _has(rule: RequiredRule | None, names: Iterable[str]) -> bool:
    return rule is not None and any(map(rule.has, names))


def prefixes(name: str) -> list[str]:
    """Return the bare names under which this job may be listed before it is made."""
    return [name[: match.start()] for match in re.finditer(r" / | \(", name) if match.start()]


def _is_unmade(entry: Entry) -> bool:
    """Return whether a bare name's entry says that its jobs were not made; an import calls a cancelled one failed."""
    weight, conclusion = entry[4], entry[6]
    return conclusion in {"skipped", "cancelled"} or (
        weight == REPORTED and conclusion != "success"
    )


def read_tests(
    nights: Sequence[Night],
    entries: Iterable[Entry],
    attempts: Iterable[Run],
    rules: Mapping[Repo, RequiredRules],
    now: datetime,
    renames: Lineage = NO_RENAMES,
) -> tuple[tuple[Test, ...], tuple[Unmade, ...]]:
    """Return the tests of these nights, and the bare names that stand for jobs never made, both by name.

    `renames` are what people said of names; a test has its nights under all of its names.
    """
    workflows: dict[tuple[Repo, str], _Workflow] = {}
    slots: dict[int, tuple[dict[str, list[list[Entry] | None]], int]] = {}
    for index, night in enumerate(nights):
        for run in night.runs:
            key = (run.repo, run.workflow)
            if key not in workflows:
                workflows[key] = _Workflow(run.repo, run.workflow, nights)
            slots[run.run_id] = (workflows[key].entries, index)
    width = len(nights)
    for entry in entries:
        tests, index = slots[entry[1]]
        cells = tests.get(entry[3])
        if cells is None:
            cells = tests[entry[3]] = [None] * width
        seen = cells[index]
        if seen is None:
            cells[index] = [entry]
        else:
            seen.append(entry)
    reader = CellReader(attempts)
    found: list[Test] = []
    unmade: list[Unmade] = []
    for workflow in workflows.values():
        if renames.renames:
            workflow.join(renames)
        workflow.fold_parents()
        unmade.extend(workflow.names_of_none(nights))
        required = _Required(workflow, nights, rules[workflow.repo], renames)
        found.extend(
            _test(
                workflow,
                name,
                nights,
                reader,
                required=required,
                now=now,
            )
            for name in workflow.entries
        )
    return (
        tuple(sorted(found, key=lambda test: (test.name, test.workflow, test.repo))),
        tuple(sorted(unmade, key=lambda one: (one.name, one.workflow, one.repo))),
    )


def _test(
    workflow: _Workflow,
    name: str,
    nights: Sequence[Night],
    reader: CellReader,
    *,
    required: "_Required",
    now: datetime,
) -> Test:
    by_night = workflow.entries[name]
    oldest = max(index for index, entries in enumerate(by_night) if entries)
    cells = tuple(
        reader.cell(entries) if entries else _absence(workflow, name, nights, index, oldest, now)
        for index, entries in enumerate(by_night)
    )
    fails = runs = reruns = streak = 0
    since: Night | None = None
    is_streak = True
    for index, cell in enumerate(cells):
        state = cell.state
        if state in COUNTED:
            runs += 1
            if state is State.FAILED:
                fails += 1
                if is_streak:
                    streak += 1
                    since = nights[index]
            else:
                is_streak = False
        if len(cell.executions) > 1:
            reruns += cell.reruns
    return Test(
        repo=workflow.repo,
        workflow=workflow.name,
        name=name,
        cells=cells,
        is_required=required.now(name),
        required_then=required.then(name),
        is_gone=_is_gone(workflow, by_night, cells),
        fails=fails,
        runs=runs,
        reruns=reruns,
        streak=streak,
        since=since,
    )


def _absence(
    workflow: _Workflow, name: str, nights: Sequence[Night], index: int, oldest: int, now: datetime
) -> Cell:
    """Return why a night knows nothing of a test."""
    reason = workflow.why_not_made(name, index)
    runs = workflow.runs[index]
    if reason:
        return Cell(State.NOT_RUN, (), reason)
    if index > oldest:
        return NOT_THERE_YET
    if not runs:
        return TO_COME if nights[index].day == now.astimezone(UTC).date() else NO_WORKFLOW
    return NO_ENTRY if all(run.is_over for run in runs) else NOT_STARTED


def _is_gone(
    workflow: _Workflow, by_night: Sequence[list[Entry] | None], cells: Sequence[Cell]
) -> bool:
    """Return whether the newest finished nights of its workflow do not know this test any more."""
    finished = 0
    for runs, entries, cell in zip(workflow.runs, by_night, cells, strict=True):
        if entries or (runs and cell.state is State.NOT_RUN and cell is not NO_ENTRY):
            return False
        if runs and all(run.is_over for run in runs):
            finished += 1
            if finished == GONE_AFTER:
                return True
    return False
