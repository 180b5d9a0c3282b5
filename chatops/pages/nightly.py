"""The nightly page: what failed last night, since when, and whose it is.

Everybody who works on the community opens it in the morning. It says the night in a sentence, then shows the tests
that failed, then every test over the nights. All of its state is in its address, and all of it works without scripts.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote, urlencode

import msgspec
from markupsafe import Markup

from chatops.answers.night_cells import UNCLEAR
from chatops.answers.night_tests import LEVEL, MATRIX
from chatops.answers.nights import (
    NIGHTS,
    Cell,
    Night,
    NightBoard,
    NightRun,
    State,
    Test,
    Unmade,
    counted,
)
from chatops.config import Community
from chatops.projections.freshness import last_change
from chatops.projections.mutes import muted_jobs
from chatops.views.nightly_detail import MARKS, NOTHING, Detail, Sayable, detail, job_link
from chatops.views.page import Viewer, ago, fragment, render, sign_in_address, took
from chatops.views.view import USUAL_NIGHTS, Query, Seen, View

GITHUB = "https://github.com"
SORTS = {"worst": "worst first", "name": "by name"}
LENGTHS = (10, 30, 60, 90)
HIDES = {"": "nothing", "pass": "clean passes", "pass,skip": "clean passes and skips"}
BANDED = frozenset({State.PASSED, State.SKIPPED, State.NOT_RUN, State.NONE})
IN_COUNTS = (
    State.FAILED, State.INFRA, State.CANCELLED, State.NOT_RUN, State.UNKNOWN,
    State.RUNNING, State.QUEUED, State.RERUN, State.PASSED, State.SKIPPED, State.NONE,
)  # fmt: skip
LONGEST_QUERY = 500
LEAST_GROUP = 2
MOST_NIGHTS = 400
NUMBER = re.compile(r"[1-9][0-9]{0,2}")
TEN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks for; whatever it cannot mean is left out and said in `notes`."""

    text: str
    is_required: bool
    sort: str
    hide: str
    selected: str
    part: str
    nights: int
    notes: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words a test's name must contain, all of them."""
        return tuple(self.text.lower().split())

    def shows(self, test: Test) -> bool:
        """Return whether the filter lets a test through."""
        name = test.name.lower()
        return (
            all(word in name for word in self.words)
            and (test.is_required or not self.is_required)
            and not (self.hide and test.is_all_clean)
            and not (self.hide == "pass,skip" and test.is_always_skipped)
        )

    def link(self, **changes: str) -> str:
        """Return the address of this page with something changed; what is usual is left out."""
        state = {
            "q": self.text,
            "required": "1" if self.is_required else "",
            "s": "" if self.sort == "worst" else self.sort,
            "n": "" if self.nights == NIGHTS else str(self.nights),
            "hide": self.hide,
            **changes,
        }
        kept = {key: value for key, value in state.items() if value}
        return f"?{urlencode(kept, quote_via=quote, safe='/(),')}"


def _asked(query: Mapping[str, str], nights: int) -> Asked:
    sort, hide = query.get("s", "worst"), query.get("hide", "")
    notes = []
    if sort not in SORTS:
        notes.append(f"“{sort[:40]}” is no order; the worst come first.")
    if hide not in HIDES:
        notes.append(f"“{hide[:40]}” cannot be hidden; everything is shown.")
    return Asked(
        text=" ".join(query.get("q", "")[:LONGEST_QUERY].split()),
        is_required=query.get("required", "") not in {"", "0"},
        sort=sort if sort in SORTS else "worst",
        hide=hide if hide in HIDES else "",
        selected=query.get("sel", ""),
        part=query.get("part", ""),
        nights=nights,
        notes=tuple(notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Neighbouring cells that say the same: one element, however many nights it spans."""

    mark: str
    span: int
    text: str
    words: str
    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One test as the grid shows it."""

    test: Test
    path: str
    leaf: str
    why: str
    link: str
    is_shown: bool
    is_selected: bool
    cells: Markup
    since: str
    detail: Detail | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows under one title."""

    title: str
    path: str
    note: str
    kind: str
    rows: tuple[Row, ...]
    is_open: bool

    @property
    def is_shown(self) -> bool:
        """Return whether the filter leaves anything of it."""
        return any(row.is_shown for row in self.rows)


class Strips:
    """The cells of a board's rows as HTML: the same for every filter, so each is made once, when it is first shown."""

    def __init__(self, board: NightBoard, github_url: str = GITHUB) -> None:
        self._board = board
        self._github_url = github_url
        self._made: dict[int, Markup] = {}

    def of(self, test: Test) -> Markup:
        """Return the cells of one of the board's tests."""
        made = self._made.get(id(test))
        if made is None:
            bands = _bands(test, self._board.nights, self._github_url)
            made = self._made[id(test)] = fragment("nightly_cells.html", "cells", bands)
        return made


def render_nightly(
    board: NightBoard,
    query: Mapping[str, str],
    community: Community,
    *,
    base_url: str = "",
    github_url: str = GITHUB,
    strips: Strips | None = None,
    viewer: Viewer = Viewer.ANYBODY,
    sayable: Sayable = NOTHING,
) -> str:
    """Return the page, or with `part=detail` only what is known of the selected test.

    `strips` are those of the board, where it is shown more than once; `sayable` what whoever looks can say.
    """
    asked = _asked(query, board.asked)
    selected = [test for test in board.tests if asked.selected and test.name == asked.selected]
    details = {
        id(test): detail(board, test, community, github_url, sayable=sayable) for test in selected
    }
    if asked.part == "detail":
        return render("nightly_detail.html", details=list(details.values()), name=asked.selected)
    shown = {id(test) for test in board.tests if asked.shows(test)}
    groups = _groups(board, asked, shown, details, strips or Strips(board, github_url))
    address = asked.link()
    place = f"/{community.key}/nightly{asked.link(sel=asked.selected)}".removesuffix("?")
    return render(
        "nightly.html",
        board=board,
        asked=asked,
        name=community.title,
        here="nightly",
        up="",
        viewer=viewer,
        sign_in=sign_in_address(base_url, place),
        groups=groups,
        shown=len(shown),
        ways_out=() if shown else _ways_out(board, asked),
        counts=_counts(board),
        months=_months(board.nights),
        width=-(-len(board.nights) // TEN),
        days=_days(board.nights),
        runs=[(f"runs/{run.run_id}", run) for night in board.nights[:1] for run in night.runs],
        warnings=_warnings(board),
        is_unknown=bool(asked.selected) and not selected,
        sorts=SORTS,
        hides=HIDES,
        lengths=sorted({*LENGTHS, board.asked}),
        links=community.links,
        canonical=f"{base_url.rstrip('/')}/{community.key}/nightly{address.removesuffix('?')}",
    )


def _counts(board: NightBoard) -> list[tuple[str, int, str]]:
    """Return how many tests of the newest night are in which state: (mark, number, word)."""
    if board.newest is None:
        return []
    counts = board.newest.counts
    return [(MARKS[state], counts[state], state.value) for state in IN_COUNTS if counts.get(state)]


def _warnings(board: NightBoard) -> list[str]:
    found = []
    if board.is_stale and board.heard_at is not None:
        found.append(
            f"Nothing has been heard from GitHub for {ago(board.now - board.heard_at)}; "
            "what follows may be out of date."
        )
    found.extend(
        f"{late.workflow} should have begun at {late.due_at:%H:%M} UTC on {late.due_at:%a} {late.due_at.day} "
        f"{late.due_at:%b} and has not been heard of; "
        f"its newest run began {ago(board.now - late.began_at)} ago."
        for late in board.late
    )
    return found


def _ways_out(board: NightBoard, asked: Asked) -> list[tuple[str, str, int]]:
    """Return what to leave out of a filter that matches nothing: (what, address, how many tests then match)."""
    words = asked.text.split()
    changes = [
        (f"“{word}”", {"q": " ".join(words[:index] + words[index + 1 :])})
        for index, word in enumerate(words)
    ]
    if asked.is_required:
        changes.append(("“required only”", {"required": ""}))
    if asked.hide:
        changes.append(("what is hidden", {"hide": ""}))
    found = []
    for what, change in changes[:6]:
        other = _asked(
            {
                "q": change.get("q", asked.text),
                "required": change.get("required", "1" if asked.is_required else ""),
                "hide": change.get("hide", asked.hide),
            },
            asked.nights,
        )
        found.append((what, asked.link(**change), sum(other.shows(test) for test in board.tests)))
    return found


def _months(nights: Sequence[Night]) -> list[tuple[str, int]]:
    names = [f"{night.day:%B %Y}" if night.day else "Runs" for night in nights]
    return [(name, len(list(same))) for name, same in groupby(names)]


def _days(nights: Sequence[Night]) -> list[tuple[str, str, str]]:
    older = [*nights[1:], None]
    return [_day(night, before) for night, before in zip(nights, older, strict=False)]


def _day(night: Night, older: Night | None) -> tuple[str, str, str]:
    """Return a column's head: (what it shows, its tooltip, its class)."""
    text = str(night.day.day) if night.day else night.label.removeprefix("#")
    title = f"{night.name} {night.day.year}" if night.day else night.name
    if not night.is_over:
        return text, f"{title}, running", "w"
    ended = {run.conclusion for run in night.runs} - {"", "success", "failure"}
    if ended:
        return text, f"{title}, {', '.join(sorted(ended)).replace('_', ' ')}", "off"
    missing = (night.day - older.day).days - 1 if night.day and older and older.day else 0
    if missing > 0:
        return text, f"{title}; no night on {counted(missing, 'day')} before it", "gap"
    return text, title, ""


def _groups(
    board: NightBoard,
    asked: Asked,
    shown: set[int],
    details: Mapping[int, Detail],
    strips: Strips,
) -> list[Group]:
    titles = _titles(board.tests)

    def row(test: Test, path: str, leaf: str, why: str = "") -> Row:
        return Row(
            test=test,
            path=path,
            leaf=leaf,
            why=why,
            link=asked.link(sel="" if test.name == asked.selected else test.name),
            is_shown=id(test) in shown or test.name == asked.selected,
            is_selected=test.name == asked.selected,
            cells=strips.of(test),
            since=_since(test),
            detail=details.get(id(test)),
        )

    urgent, rest = _attention(board) if asked.sort == "worst" else ({}, list(board.tests))
    shared = max((path for path, _, _ in titles.values()), key=len, default="")
    groups = [
        Group(
            title=title,
            path=shared,
            note=note,
            kind=kind,
            rows=tuple(
                row(test, *_split(test.name.removeprefix(shared)), _why(test)) for test in tests
            ),
            is_open=True,
        )
        for (title, kind, note), tests in urgent.items()
        if tests
    ]
    suites: dict[tuple[str, str], list[Test]] = defaultdict(list)
    for test in rest:
        path, title, _ = titles[id(test)]
        suites[path, title].append(test)
    is_filtered = bool(asked.words or asked.is_required or asked.hide)
    found = [
        Group(
            title=title,
            path=path,
            note=_note(tests),
            kind="",
            rows=tuple(row(test, "", titles[id(test)][2]) for test in _sorted(tests, asked.sort)),
            is_open=is_filtered
            or asked.sort == "name"
            or any(test.name == asked.selected for test in tests)
            or not all(_is_quiet(test) for test in tests),
        )
        for (path, title), tests in suites.items()
    ]
    order = {(path, title): _worst(tests) for (path, title), tests in suites.items()}
    if asked.sort == "worst":
        found.sort(
            key=lambda group: (not group.is_open, *order[group.path, group.title], group.title)
        )
    else:
        found.sort(key=lambda group: (group.title, group.path))
    return groups + found


Heading = tuple[str, str, str]


def _attention(board: NightBoard) -> tuple[dict[Heading, list[Test]], list[Test]]:
    """Return the tests somebody should look at, by what is wrong with them, and all the others."""
    is_running = board.newest is not None and board.newest.is_running
    when = "newest result" if is_running else "newest night"
    failed: Heading = ("Failed", "bad", f"in the {when}")
    unclear: Heading = (
        "No verdict",
        "odd",
        f"infrastructure, cancelled, not run or unknown in the {when}",
    )
    fixed: Heading = ("Fixed", "good", "failed the night before")
    found: dict[Heading, list[Test]] = {failed: [], unclear: [], fixed: []}
    rest = []
    for test in board.tests:
        state = test.settled.state
        if test.is_gone:
            rest.append(test)
        elif state is State.FAILED:
            found[failed].append(test)
        elif state in UNCLEAR:
            found[unclear].append(test)
        elif board.newest is not None and any(test is one for one in board.newest.fixed):
            found[fixed].append(test)
        else:
            rest.append(test)
    found[failed].sort(key=lambda test: (not test.is_required, test.streak, test.name))
    for heading in (unclear, fixed):
        found[heading].sort(key=lambda test: (not test.is_required, test.settled.state, test.name))
    return found, rest


def _is_quiet(test: Test) -> bool:
    """Return whether there is nothing to see in a row."""
    return test.is_all_clean or test.is_always_skipped or test.is_gone


def _worst(tests: Iterable[Test]) -> tuple[int, int]:
    rows = list(tests)
    return -max(test.fails for test in rows), -sum(test.fails + test.reruns for test in rows)


def _sorted(tests: Iterable[Test], sort: str) -> list[Test]:
    if sort == "name":
        return sorted(tests, key=lambda test: test.name)
    return sorted(
        tests,
        key=lambda test: (test.is_gone, -test.fails, -test.reruns, not test.is_required, test.name),
    )


def _note(tests: Sequence[Test]) -> str:
    size = counted(len(tests), "test")
    if all(test.is_all_clean for test in tests):
        return f"{size}, all passed in every night"
    if all(test.is_always_skipped for test in tests):
        return f"{size}, always skipped"
    if all(test.is_gone for test in tests):
        return f"{size}, not seen any more"
    failing = sum(bool(test.fails) for test in tests)
    if failing:
        return f"{size}, {failing} with failures"
    rerun = sum(bool(test.reruns) for test in tests)
    return f"{size}, no failures, {rerun} needed a rerun" if rerun else f"{size}, no failures"


def _titles(tests: Sequence[Test]) -> Mapping[int, tuple[str, str, str]]:
    """Return each test's place: the path all of its workflow share, its suite, and the rest of its name."""
    found: dict[int, tuple[str, str, str]] = {}
    by_workflow: dict[tuple[str, str], list[Test]] = defaultdict(list)
    for test in tests:
        by_workflow[test.repo, test.workflow].append(test)
    for (_, workflow), of_workflow in by_workflow.items():
        prefix = _shared([test.name for test in of_workflow])
        suites: dict[str, list[Test]] = defaultdict(list)
        for test in of_workflow:
            suites[_suite(test.name[len(prefix) :])].append(test)
        for suite, of_suite in suites.items():
            for test in of_suite:
                rest = test.name[len(prefix) :]
                if suite and len(of_suite) >= LEAST_GROUP:
                    leaf = rest[len(suite) :].removeprefix(LEVEL).strip() or rest
                    found[id(test)] = (prefix, suite, leaf)
                else:
                    found[id(test)] = (prefix, f"Other jobs of {workflow}", rest)
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


def _bands(test: Test, nights: Sequence[Night], github_url: str) -> tuple[Band, ...]:
    """Return the row's elements, newest first; a run of equal uneventful nights is one."""
    found = []
    index, cells = 0, test.cells
    while index < len(cells):
        cell = cells[index]
        end = index + 1
        if cell.state in BANDED:
            while end < len(cells) and _is_alike(cells[end], cell):
                end += 1
        found.append(_band(test, cell, nights[index], end - index, github_url))
        index = end
    return tuple(found)


def _is_alike(cell: Cell, other: Cell) -> bool:
    return cell.state is other.state and cell.reason == other.reason


def _band(test: Test, cell: Cell, night: Night, span: int, github_url: str) -> Band:
    state, mark = cell.state, MARKS[cell.state]
    if state in BANDED:
        words = state.value if span == 1 else f"{state.value} {span} nights"
        return Band(
            mark=mark, span=span, text=str(span) if mark == "p" and span > 1 else "",
            words=words, title=cell.reason, url="",
        )  # fmt: skip
    last = cell.last
    return Band(
        mark=mark,
        span=1,
        text=str(last.attempt or "") if state is State.RERUN and last else "",
        words=f"passed on attempt {last.attempt}" if state is State.RERUN and last else state.value,
        title=f"{night.name}: {_in_words(cell)}",
        url=job_link(test.repo, last, github_url) if last else "",
    )


def _in_words(cell: Cell) -> str:
    """Return what happened to a test in a night, in a line."""
    last = cell.last
    words: str = cell.state.value
    if last is None:
        return f"{words}, {cell.reason}" if cell.reason else words
    if cell.state is State.RERUN:
        words = f"passed on attempt {last.attempt}"
    if last.failed_step:
        words = f"{words} in “{last.failed_step}”"
    if cell.reruns and cell.state is not State.RERUN:
        words = f"{words}, attempt {last.attempt}"
    if last.conclusion == "timed_out":
        words = f"{words}, timed out"
    if cell.reason:
        words = f"{words}, {cell.reason}"
    return f"{words}, {took(last.took)}" if last.took else words


def _run_link(run: NightRun, github_url: str) -> str:
    return f"{github_url}/{run.repo}/actions/runs/{run.run_id}"


def nightly_json(board: NightBoard, query: Mapping[str, str], *, github_url: str = GITHUB) -> str:
    """Return the same facts for programs; the filter of the address applies, `sel` and `s` do not."""
    asked = _asked(query, board.asked)
    newest = board.newest
    document = {
        "verdict": board.verdict,
        "as_of": board.now,
        "heard_at": board.heard_at,
        "is_stale": board.is_stale,
        "is_overdue": board.is_overdue,
        "knows_required": board.knows_required,
        "newest": None if newest is None else {
            "night": newest.night.key,
            "is_running": newest.is_running,
            "total": newest.total,
            "done": newest.done,
            "expected": newest.expected,
            "counts": {state.value: number for state, number in newest.counts.items()},
            "failed": _names(newest.failed),
            "newly_failing": _names(newest.newly_failing),
            "still_failing": _names(newest.still_failing),
            "fixed": _names(newest.fixed),
            "did_not_run": _names(newest.did_not_run),
        },
        "nights": [_night_json(night, github_url) for night in board.nights],
        "tests": [_test_json(test, github_url) for test in board.tests if asked.shows(test)],
        "not_made": [_unmade_json(one) for one in board.unmade],
    }  # fmt: skip
    return msgspec.json.encode(document).decode()


def _names(tests: Iterable[Test]) -> list[str]:
    return [test.name for test in tests]


def _night_json(night: Night, github_url: str) -> dict[str, object]:
    return {
        "key": night.key,
        "day": night.day,
        "is_over": night.is_over,
        "runs": [
            {
                "repository": run.repo,
                "workflow": run.workflow,
                "run_id": run.run_id,
                "number": run.number,
                "attempt": run.attempt,
                "status": run.status,
                "conclusion": run.conclusion,
                "url": _run_link(run, github_url),
            }
            for run in night.runs
        ],
    }


def _test_json(test: Test, github_url: str) -> dict[str, object]:
    return {
        "repository": test.repo,
        "workflow": test.workflow,
        "name": test.name,
        "is_required": test.is_required,
        "is_gone": test.is_gone,
        "fails": test.fails,
        "runs": test.runs,
        "reruns": test.reruns,
        "streak": test.streak,
        "since": test.since.key if test.since else None,
        "weather": test.weather.word,
        "cells": [_cell_json(test, cell, github_url) for cell in test.cells],
    }


def _unmade_json(unmade: Unmade) -> dict[str, object]:
    return {
        "repository": unmade.repo,
        "workflow": unmade.workflow,
        "name": unmade.name,
        "how": unmade.how,
        "nights": [night.key for night in unmade.nights],
    }


def _cell_json(test: Test, cell: Cell, github_url: str) -> object:
    """Return a cell: the word alone where it passed at once, everything where there is something to say."""
    if cell.state is State.PASSED and len(cell.executions) == 1:
        return cell.state.value
    told: dict[str, object] = {"state": cell.state.value}
    if cell.reason:
        told["reason"] = cell.reason
    if cell.executions:
        told["executions"] = [
            {
                "attempt": execution.attempt or None,
                "state": execution.state.value,
                "conclusion": execution.conclusion,
                "failed_step": execution.failed_step,
                "started_at": execution.started_at,
                "seconds": int(execution.took.total_seconds()) if execution.took else None,
                "url": job_link(test.repo, execution, github_url),
            }
            for execution in cell.executions
        ]
    return told


def _nights(query: Query) -> int:
    """Return how many nights a query asks for; what it cannot be is the usual number."""
    asked = query.get("n", "")
    return min(int(asked), MOST_NIGHTS) if NUMBER.fullmatch(asked) else USUAL_NIGHTS


def _sayable(seen: Seen) -> Sayable:
    """Return what whoever looks can say about the jobs of the nights: those who are not signed in, nothing."""
    if seen.viewer is not Viewer.SIGNED_IN:
        return NOTHING
    knowledge = seen.knowledge
    muted = muted_jobs(knowledge.db, knowledge.community.key, knowledge.now)
    return Sayable(verbs=frozenset(knowledge.commands), muted=frozenset(muted))


def _stamp(seen: Seen, _query: Query) -> Hashable:
    """Return what the page changes with: what is heard of the repositories, the ages on it, and what can be said."""
    knowledge = seen.knowledge
    changed = last_change(knowledge.db, knowledge.community.repositories)
    return changed, int(knowledge.now.timestamp() // 60), _sayable(seen)


def _html(seen: Seen, query: Query) -> str:
    knowledge, board = seen.knowledge, seen.board(_nights(query))
    strips = seen.kept(board.tests, lambda: Strips(board, knowledge.github_url))
    return render_nightly(
        board,
        query,
        knowledge.community,
        base_url=knowledge.base_url,
        github_url=knowledge.github_url,
        strips=strips,
        viewer=seen.viewer,
        sayable=_sayable(seen),
    )


def _json(seen: Seen, query: Query) -> str:
    return nightly_json(seen.board(_nights(query)), query, github_url=seen.knowledge.github_url)


VIEW = View(address="nightly", html=_html, json=_json, stamp=_stamp)
