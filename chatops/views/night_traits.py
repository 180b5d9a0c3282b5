"""What is known of a test of the nights besides its cells: its place in the tree, its people, what can be asked of it.

It is the same for every filter of a board, so it is made once.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from chatops.answers.job_words import Named
from chatops.answers.night_cells import NOT_THERE_YET
from chatops.answers.night_tests import LEVEL, MATRIX
from chatops.answers.nights import NightBoard, State, Test
from chatops.config import Community
from chatops.views.filters import NO, YES, YES_OR_NO, Qualifier
from chatops.views.job_filters import facets_of, owners_called, required_qualifier

STATUSES = {
    State.FAILED: "failed",
    State.INFRA: "infra",
    State.CANCELLED: "cancelled",
    State.NOT_RUN: "not-run",
    State.UNKNOWN: "unknown",
    State.RUNNING: "running",
    State.QUEUED: "queued",
    State.RERUN: "rerun",
    State.PASSED: "passed",
    State.SKIPPED: "skipped",
    State.NONE: "none",
}
"""The words of a filter for how a test is in the newest night."""
MUTED, GONE, NEW = "muted", "gone", "new"
LEAST_GROUP = 2


class Place(Struct, frozen=True, kw_only=True):
    """Where a test stands among the others, as its name says.

    `path` is what all names of its workflow begin with; `rest` is what its suite leaves of the name.
    """

    path: str
    suite: str
    rest: str

    @property
    def leaf(self) -> str:
        """Return the last level of the name, without the values of a matrix."""
        return _parted(self.rest)[0]

    @property
    def parameters(self) -> str:
        """Return the values of a matrix at the end of the name."""
        return _parted(self.rest)[1]


class Traits(Struct, frozen=True, kw_only=True):
    """What is known of one test. `share` is how many of its nights that count needed a rerun to pass."""

    test: Test
    full: str
    place: Place
    status: str
    owners: tuple[str, ...]
    facets: Mapping[str, tuple[str, ...]]
    share: float | None
    is_changed: bool
    is_new: bool


def read_traits(board: NightBoard, community: Community) -> Mapping[int, Traits]:
    """Return what is known of the tests of a board, each by its id."""
    facets = facets_of(community)
    found = places(board.tests)
    changed = board.newest and {
        id(test) for test in (*board.newest.newly_failing, *board.newest.fixed)
    }
    return {
        id(test): Traits(
            test=test,
            full=Named(name=test.name, workflow=test.workflow).full,
            place=found[id(test)],
            status=_status(test),
            owners=tuple(group.group for group in community.owners_of(test.name)),
            facets={facet: facets.of(test.name, facet) for facet in facets.names},
            share=_share(test),
            is_changed=id(test) in (changed or ()),
            is_new=is_new(test),
        )
        for test in board.tests
    }


def qualifiers(community: Community, muted: Collection[str]) -> tuple[Qualifier[Traits], ...]:
    """Return what can be asked of the tests of nights; `muted` are jobs by their full names."""
    return (
        Qualifier(
            name="status", read=lambda one: (one.status,), choices=tuple(STATUSES.values())
        ),
        required_qualifier(lambda one: one.test.is_required),
        Qualifier(name="owner", read=lambda one: owners_called(community, one.test.name)),
        Qualifier(name="group", read=lambda one: (one.place.suite,)),
        Qualifier(
            name="flaky",
            read=lambda one: (YES if one.share else NO,),
            choices=YES_OR_NO,
            share=lambda one: one.share,
        ),
        Qualifier(
            name="changed",
            read=lambda one: (YES if one.is_changed else NO,),
            choices=YES_OR_NO,
        ),
        Qualifier(
            name="is", read=lambda one: _marks(one, muted), choices=(MUTED, GONE, NEW)
        ),
        *(_facet(facet) for facet in community.facets),
    )  # fmt: skip


def _facet(facet: str) -> Qualifier[Traits]:
    return Qualifier(name=facet, read=lambda one: one.facets[facet])


def _marks(one: Traits, muted: Collection[str]) -> set[str]:
    found = {MUTED} if one.full in muted else set()
    if one.test.is_gone:
        found.add(GONE)
    if one.is_new:
        found.add(NEW)
    return found


def _status(test: Test) -> str:
    """Return how it is in the newest night, as the counts of that night have it."""
    is_there = not test.is_gone and test.cells[0] is not NOT_THERE_YET
    return STATUSES[test.cells[0].state] if is_there else ""


def _share(test: Test) -> float | None:
    if not test.runs:
        return None
    helped = sum(cell.state is State.RERUN for cell in test.cells) if test.reruns else 0
    return helped / test.runs


def is_new(test: Test) -> bool:
    """Return whether the newest night is the first to know it, although there were nights before."""
    return bool(test.cells[0].executions) and test.cells[1:2] == (NOT_THERE_YET,)


def places(tests: Sequence[Test]) -> Mapping[int, Place]:
    """Return where each test stands, by its id."""
    found: dict[int, Place] = {}
    by_workflow: dict[tuple[str, str], list[Test]] = defaultdict(list)
    for test in tests:
        by_workflow[test.repo, test.workflow].append(test)
    for (_, workflow), of_workflow in by_workflow.items():
        path = _shared([test.name for test in of_workflow])
        suites: dict[str, list[Test]] = defaultdict(list)
        for test in of_workflow:
            suites[_suite(test.name[len(path) :])].append(test)
        for suite, of_suite in suites.items():
            for test in of_suite:
                rest = test.name[len(path) :]
                if suite and len(of_suite) >= LEAST_GROUP:
                    left = rest[len(suite) :].removeprefix(LEVEL).strip() or rest
                    found[id(test)] = Place(path=path, suite=suite, rest=left)
                else:
                    other = f"Other jobs of {workflow}"
                    found[id(test)] = Place(path=path, suite=other, rest=rest)
    return found


def _shared(names: Sequence[str]) -> str:
    """Return the levels all names begin with, never the whole of one."""
    levels = [name.split(LEVEL)[:-1] for name in names]
    shared = []
    for same in zip(*levels, strict=False):
        if len(names) < LEAST_GROUP or len(set(same)) > 1:
            break
        shared.append(same[0])
    return "".join(f"{level}{LEVEL}" for level in shared)


def _suite(name: str) -> str:
    return name.partition(LEVEL)[0].partition(MATRIX)[0]


def _parted(rest: str) -> tuple[str, str]:
    """Return a name and the values of a matrix behind it: what the last parentheses hold, be there levels in it or not.

    A reusable workflow in a matrix has its values twice, `x (a) / y (a)`; once is enough.
    """
    if not rest.endswith(")"):
        return rest, ""
    depth = 0
    for place in range(len(rest) - 1, -1, -1):
        depth += (rest[place] == ")") - (rest[place] == "(")
        if not depth:
            values = rest[place + 1 : -1]
            return rest[:place].strip().removeprefix(f"({values}){LEVEL}"), values
    return rest, ""
