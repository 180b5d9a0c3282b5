"""The tests of the nightly page in groups: what to look at first, then the rest, or all of them as a tree."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b

from markupsafe import Markup
from msgspec import Struct

from chatops.answers.night_cells import UNCLEAR
from chatops.answers.night_tests import LEVEL, MATRIX
from chatops.answers.nights import NightBoard, State, Test, counted
from chatops.views.night_asked import ALL, OWNER, SUITE, TREE, Asked, selecting
from chatops.views.night_traits import LEAST_GROUP, Traits
from chatops.views.nightly_detail import Detail

OTHER = "other"
NOBODYS = "Nobody’s"


class Row(Struct, frozen=True, kw_only=True):
    """One test as the grid shows it. `is_out`: it is left out by what the page's script cannot see."""

    test: Test
    path: str
    leaf: str
    why: str
    link: str
    is_shown: bool
    is_out: bool
    is_selected: bool
    cells: Markup
    since: str
    owners: tuple[str, ...]
    detail: Detail | None

    @property
    def weather(self) -> str:
        """Return how often it passed, with how many nights that rests on."""
        weather = self.test.weather
        if not weather.runs:
            return weather.word
        return f"{weather.word}, {weather.runs - weather.fails}/{weather.runs}"


class Part(Struct, frozen=True, kw_only=True):
    """Rows of a group that differ only in the values of a matrix, under what they share; or the whole group."""

    title: str
    rows: tuple[Row, ...]


class Group(Struct, frozen=True, kw_only=True):
    """Rows under one title; `key` names it in an address."""

    key: str
    title: str
    path: str
    note: str
    kind: str
    parts: tuple[Part, ...]
    is_open: bool

    @property
    def size(self) -> int:
        """Return how many tests are in it."""
        return sum(len(part.rows) for part in self.parts)

    @property
    def is_shown(self) -> bool:
        """Return whether the filter leaves anything of it."""
        return any(row.is_shown for part in self.parts for row in part.rows)


class Branch(Struct, frozen=True, kw_only=True):
    """Groups under one title; without a title they stand alone."""

    key: str
    title: str
    note: str
    groups: tuple[Group, ...]
    is_open: bool

    @property
    def is_shown(self) -> bool:
        """Return whether the filter leaves anything of it."""
        return any(group.is_shown for group in self.groups)


def branches(
    board: NightBoard,
    asked: Asked,
    traits: Mapping[int, Traits],
    details: Mapping[int, Detail],
    cells: Callable[[Test], Markup],
) -> list[Branch]:
    """Return every test once, in groups; those that the filter leaves out are there, and not shown."""
    return _Arranging(board, asked, traits, details, cells).branches()


class _Arranging:
    """Puts the tests of a board in groups, as an address asks for it."""

    def __init__(
        self,
        board: NightBoard,
        asked: Asked,
        traits: Mapping[int, Traits],
        details: Mapping[int, Detail],
        cells: Callable[[Test], Markup],
    ) -> None:
        self._board = board
        self._asked = asked
        self._traits = traits
        self._details = details
        self._cells = cells
        self._rest = asked.link()

    def branches(self) -> list[Branch]:
        asked, board = self._asked, self._board
        if asked.group == TREE:
            return self._tree()
        puts_first = asked.sort == "worst" and asked.group == SUITE
        urgent, rest = _attention(board) if puts_first else ({}, list(board.tests))
        groups = [self._urgent(heading, tests) for heading, tests in urgent.items() if tests]
        groups.extend(self._groups(rest, ""))
        return [Branch(key="", title="", note="", groups=tuple(groups), is_open=True)]

    def _tree(self) -> list[Branch]:
        """Return the tests below what their names tell first, where the community says what that is."""
        facets = next((tuple(one.facets) for one in self._traits.values()), ())
        by_value: dict[str, list[Test]] = defaultdict(list)
        for test in self._board.tests:
            by_value[self._told(test, facets[0]) if facets else ""].append(test)
        found = []
        for value, tests in by_value.items():
            key = _key(value, "")
            groups = tuple(self._groups(tests, value))
            is_usual = self._asked.is_filtered or any(group.is_open for group in groups)
            found.append(
                Branch(
                    key=key,
                    title=value,
                    note=_note(tests),
                    groups=groups,
                    is_open=self._asked.is_open(key, usually=is_usual),
                )
            )
        ranks = {value: _rank(tests) for value, tests in by_value.items()}
        found.sort(
            key=lambda branch: (
                branch.title == OTHER,
                *self._order(ranks[branch.title]),
                branch.title,
            )
        )
        return found  # fmt: skip

    def _groups(self, tests: Sequence[Test], under: str) -> list[Group]:
        by_title: dict[tuple[str, str], list[Test]] = defaultdict(list)
        for test in tests:
            by_title[self._heading(test)].append(test)
        found = [self._group(path, title, some, under) for (path, title), some in by_title.items()]
        ranks = {heading: _rank(some) for heading, some in by_title.items()}
        if self._asked.sort == "name":
            return sorted(found, key=lambda group: (group.title, group.path))
        return sorted(
            found,
            key=lambda group: (*ranks[group.path, group.title], group.title),
        )

    def _order(self, rank: tuple[int, ...]) -> tuple[int, ...]:
        return rank if self._asked.sort == "worst" else ()

    def _heading(self, test: Test) -> tuple[str, str]:
        """Return what a test stands under: what its group's names begin with, and the group's title."""
        traits = self._traits[id(test)]
        match self._asked.group:
            case by if by in {SUITE, TREE}:
                return traits.place.path, traits.place.suite
            case by if by == OWNER:
                return "", traits.owners[0] if traits.owners else NOBODYS
            case by if by == ALL:
                return "", "All tests"
            case facet:
                return "", self._told(test, facet)

    def _told(self, test: Test, facet: str) -> str:
        values = self._traits[id(test)].facets[facet]
        return values[0] if values else OTHER

    def _group(self, path: str, title: str, tests: Sequence[Test], under: str) -> Group:
        asked = self._asked
        key = _key(under, path + title)
        is_usual = (
            asked.is_filtered
            or asked.sort == "name"
            or any(test.name == asked.selected for test in tests)
            or not all(_is_quiet(test) for test in tests)
        )
        ordered = _sorted(tests, asked.sort)
        return Group(
            key=key,
            title=title,
            path=path,
            note=_note(tests),
            kind="",
            parts=self._leaves(ordered) if asked.group == TREE else self._whole(ordered),
            is_open=asked.is_open(key, usually=is_usual),
        )

    def _urgent(self, heading: "Heading", tests: Sequence[Test]) -> Group:
        title, kind, note = heading
        paths = (traits.place.path for traits in self._traits.values())
        path = max(paths, key=len, default="")
        key = _key(kind, title)
        rows = tuple(
            self._row(test, *_split(test.name.removeprefix(path)), why=_why(test)) for test in tests
        )
        return Group(
            key=key,
            title=title,
            path=path,
            note=note,
            kind=kind,
            parts=(Part(title="", rows=rows),),
            is_open=self._asked.is_open(key, usually=True),
        )

    def _whole(self, tests: Sequence[Test]) -> tuple[Part, ...]:
        by_suite = self._asked.group == SUITE
        rows = tuple(
            self._row(test, "", self._traits[id(test)].place.rest)
            if by_suite
            else self._row(test, *_split(test.name.removeprefix(self._traits[id(test)].place.path)))
            for test in tests
        )
        return (Part(title="", rows=rows),)

    def _leaves(self, tests: Sequence[Test]) -> tuple[Part, ...]:
        """Return the tests by the last level of their names; what stands alone comes first."""
        by_leaf: dict[str, list[Test]] = defaultdict(list)
        for test in tests:
            by_leaf[self._traits[id(test)].place.leaf].append(test)
        alone = [test for some in by_leaf.values() if len(some) < LEAST_GROUP for test in some]
        several = [(leaf, some) for leaf, some in by_leaf.items() if len(some) >= LEAST_GROUP]
        if self._asked.sort == "worst":
            several.sort(key=lambda pair: not any(map(_is_failing, pair[1])))
        parts = [("", alone), *several] if alone else several
        return tuple(self._part(leaf, some) for leaf, some in parts)

    def _part(self, leaf: str, tests: Sequence[Test]) -> Part:
        """Return tests that share the last level of their names; without one, tests that share nothing."""
        places = [self._traits[id(test)].place for test in tests]
        return Part(
            title=f"{leaf}: {_note(tests)}" if leaf else "",
            rows=tuple(
                self._row(test, "", (place.parameters if leaf else "") or place.rest)
                for test, place in zip(tests, places, strict=True)
            ),
        )

    def _row(self, test: Test, path: str, leaf: str, why: str = "") -> Row:
        asked, traits = self._asked, self._traits[id(test)]
        is_selected = test.name == asked.selected
        return Row(
            test=test,
            path=path,
            leaf=leaf,
            why=why,
            link=self._rest if is_selected else selecting(self._rest, test.name),
            is_shown=is_selected or asked.shows(traits),
            is_out=not asked.leaves_to_script(traits),
            is_selected=is_selected,
            cells=self._cells(test),
            since=_since(test),
            owners=traits.owners,
            detail=self._details.get(id(test)),
        )


Heading = tuple[str, str, str]


def _attention(board: NightBoard) -> tuple[dict[Heading, list[Test]], list[Test]]:
    """Return the tests somebody should look at, by what is wrong with them, and all the others."""
    is_running = board.newest is not None and board.newest.is_running
    when = "newest result" if is_running else "newest night"
    new: Heading = ("Newly failing", "bad", f"in the {when}, and not before")
    still: Heading = ("Still failing", "bad", f"in the {when} as before")
    unclear: Heading = (
        "No verdict",
        "odd",
        f"infrastructure, cancelled, not run or unknown in the {when}",
    )
    fixed: Heading = ("Fixed", "good", "failed the night before")
    found: dict[Heading, list[Test]] = {new: [], still: [], unclear: [], fixed: []}
    rest = []
    is_fixed = {id(test) for test in board.newest.fixed} if board.newest is not None else set()
    for test in board.tests:
        state = test.settled.state
        if test.is_gone:
            rest.append(test)
        elif state is State.FAILED:
            found[still if test.streak > 1 else new].append(test)
        elif state in UNCLEAR:
            found[unclear].append(test)
        elif id(test) in is_fixed:
            found[fixed].append(test)
        else:
            rest.append(test)
    for heading in (new, still):
        found[heading].sort(key=lambda test: (not test.is_required, test.streak, test.name))
    for heading in (unclear, fixed):
        found[heading].sort(key=lambda test: (not test.is_required, test.settled.state, test.name))
    return found, rest


def _key(under: str, title: str) -> str:
    return blake2b(f"{under}\n{title}".encode(), digest_size=3).hexdigest()


def _is_failing(test: Test) -> bool:
    return not test.is_gone and test.settled.state is State.FAILED


def _is_quiet(test: Test) -> bool:
    """Return whether there is nothing to see in a row."""
    return test.is_all_clean or test.is_always_skipped or test.is_gone


def _rank(tests: Sequence[Test]) -> tuple[int, ...]:
    """Return how much there is to see in some tests, the most first; what somebody opened stays where it is."""
    rows = list(tests)
    return (
        all(map(_is_quiet, rows)),
        -sum(_is_failing(test) for test in rows),
        -max(test.fails for test in rows),
        -sum(test.fails + test.reruns for test in rows),
    )


def _sorted(tests: Iterable[Test], sort: str) -> list[Test]:
    if sort == "name":
        return sorted(tests, key=lambda test: test.name)
    return sorted(
        tests,
        key=lambda test: (
            test.is_gone,
            not _is_failing(test),
            -test.fails,
            -test.reruns,
            not test.is_required,
            test.name,
        ),
    )


def _note(tests: Sequence[Test]) -> str:
    """Return what there is to see in some tests, in a few words."""
    size = counted(len(tests), "test")
    failing = sum(_is_failing(test) for test in tests)
    if failing:
        return f"{failing} of {size} failing"
    if all(test.is_all_clean for test in tests):
        return f"{size}, all passed in every night"
    if all(test.is_always_skipped for test in tests):
        return f"{size}, always skipped"
    if all(test.is_gone for test in tests):
        return f"{size}, not seen any more"
    failed = sum(bool(test.fails) for test in tests)
    if failed:
        return f"{size}, {failed} with failures"
    rerun = sum(bool(test.reruns) for test in tests)
    return f"{size}, no failures, {rerun} needed a rerun" if rerun else f"{size}, no failures"


def _split(name: str) -> tuple[str, str]:
    """Return a name's path and its last level, where a level may be part of a matrix's values."""
    path, level, leaf = name.partition(MATRIX)[0].rpartition(LEVEL)
    return path, leaf + name[len(path + level + leaf) :]


def _why(test: Test) -> str:
    """Return where a test failed, or why it has no result, as far as it is known."""
    cell = test.settled
    if cell.state in UNCLEAR or cell.state is State.FAILED:
        return cell.reason or (cell.last.failed_step if cell.last else "")
    return ""


def _since(test: Test) -> str:
    if not test.streak or test.since is None:
        return ""
    return "new" if test.streak == 1 else f"{test.since.label}, {test.streak} nights"
