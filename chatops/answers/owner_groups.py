"""Who looks after which tests, how are theirs, what is nobody's, and what in the mapping cannot be meant so?

The question behind the page of people. A group's expression is searched in the names of the nights' tests, of what
pull requests ran in the last weeks, and of what is required.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from chatops.answers.night_cells import GREEN, UNCLEAR, State
from chatops.answers.nights import Night, NightBoard, Test
from chatops.answers.pull_results import PullResults
from chatops.answers.required_list import Required, RequiredLists
from chatops.config import OwnerGroup
from chatops.engine.command import Knowledge


class Kept(Struct, frozen=True, kw_only=True):
    """One entry of the mapping with the tests of the nights that it means, those that fail first."""

    group: OwnerGroup
    tests: tuple[Test, ...]
    names: int
    """How many names it means, also of jobs that no night has."""

    @property
    def counts(self) -> Mapping[State, int]:
        """Return how many of its tests did what in the newest night."""
        return Counter(test.cells[0].state for test in self.tests)

    @property
    def failing(self) -> tuple[Test, ...]:
        """Return its tests whose newest result is a failure."""
        return tuple(test for test in self.tests if is_failing(test))

    @property
    def required(self) -> int:
        """Return how many of its tests are required."""
        return sum(test.is_required for test in self.tests)

    @property
    def passed(self) -> int:
        """Return how many of its tests passed in the newest night, at once or when they were run again."""
        return sum(number for state, number in self.counts.items() if state in GREEN)

    @property
    def unclear(self) -> int:
        """Return how many of its tests have no verdict in the newest night, those left out that fail."""
        return sum(test.cells[0].state in UNCLEAR for test in self.tests if not is_failing(test))

    @property
    def open(self) -> int:
        """Return how many of its tests are none of these: still running, or skipped."""
        return len(self.tests) - len(self.failing) - self.passed - self.unclear


class Ownership(Struct, frozen=True, kw_only=True):
    """The mapping as it fits what runs. `shared` are tests of several entries, with the names of their groups."""

    kept: tuple[Kept, ...]
    tests: int
    required: tuple[Required, ...]
    required_unowned: tuple[Required, ...]
    unowned: tuple[Test, ...]
    shared: tuple[tuple[Test, tuple[str, ...]], ...]
    oddities: tuple[str, ...]
    night: Night | None
    names: int
    heard_at: datetime | None
    now: datetime

    @property
    def matching_nothing(self) -> tuple[Kept, ...]:
        """Return the entries that mean no job at all."""
        return tuple(one for one in self.kept if not one.names)

    @property
    def empty(self) -> tuple[Kept, ...]:
        """Return the entries that name nobody."""
        return tuple(one for one in self.kept if not one.group.owners)

    @property
    def owned(self) -> int:
        """Return how many tests of the nights somebody looks after."""
        return self.tests - len(self.unowned)


def is_failing(test: Test) -> bool:
    """Return whether the newest night that counts failed."""
    return test.streak > 0 and not test.is_gone


def owner_groups(
    knowledge: Knowledge, board: NightBoard, results: PullResults, lists: RequiredLists
) -> Ownership:
    """Return who looks after what in a community."""
    community = knowledge.community
    tests = [test for test in board.tests if not test.is_gone]
    names = {test.name for test in tests} | _names(results, lists)
    groups = {name: community.owners_of(name) for name in names}
    found = Counter(id(group) for of_name in groups.values() for group in of_name)
    mine: dict[int, list[Test]] = {id(group): [] for group in community.maintainers}
    for test in tests:
        for group in groups[test.name]:
            mine[id(group)].append(test)
    required = lists.required
    return Ownership(
        kept=tuple(
            Kept(
                group=group,
                tests=tuple(sorted(mine[id(group)], key=_worst)),
                names=found[id(group)],
            )
            for group in community.maintainers
        ),
        tests=len(tests),
        required=required,
        required_unowned=tuple(one for one in required if not one.groups),
        unowned=tuple(sorted((test for test in tests if not groups[test.name]), key=_worst)),
        shared=tuple(
            (test, tuple(group.group for group in groups[test.name]))
            for test in sorted(tests, key=lambda test: test.name)
            if len(groups[test.name]) > 1
        ),
        oddities=community.dirty(),
        night=board.nights[0] if board.nights else None,
        names=len(names),
        heard_at=board.heard_at,
        now=knowledge.now,
    )


def _names(results: PullResults, lists: RequiredLists) -> set[str]:
    ran = {name for day in results.days.values() for _, _, name in day.tallies}
    return ran | {one.job for one in lists.required}


def _worst(test: Test) -> tuple[object, ...]:
    return not is_failing(test), not test.is_required, test.name
