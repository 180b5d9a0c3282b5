"""The nightly page: what failed last night, since when, and whose it is.

Everybody who works on the community opens it in the morning. It says the night in a sentence, then shows the tests
that failed, then every test over the nights. All of its state is in its address, and all of it works without scripts.
"""

import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import groupby

import msgspec
from markupsafe import Markup
from msgspec import Struct

from chatops.answers.ages import ago
from chatops.answers.night_cells import COUNTED
from chatops.answers.night_news import NightNews, night_news
from chatops.answers.nights import Cell, Night, NightBoard, State, Test, counted
from chatops.config import Community
from chatops.projections.freshness import last_change
from chatops.projections.mutes import muted_jobs
from chatops.views.feed import Entry, Feed
from chatops.views.filters import YES
from chatops.views.job_filters import facets_of
from chatops.views.night_asked import HIDES, SORTS, Asked, groups_of, read_asked
from chatops.views.night_groups import branches
from chatops.views.night_traits import (
    MUTED,
    STATUSES,
    Traits,
    is_new,
    qualifiers,
    read_traits,
)
from chatops.views.nightly_detail import MARKS, NOTHING, Sayable, detail, job_link
from chatops.views.nightly_told import NightlyDocument, names_of, nightly_document
from chatops.views.page import Viewer, fragment, render, sign_in_address, took
from chatops.views.pictures import Badge, Strip, counted_states
from chatops.views.table import Document
from chatops.views.view import USUAL_NIGHTS, Query, Seen, View, Word

GITHUB = "https://github.com"
LENGTHS = (10, 30, 60, 90)
BANDED = frozenset({State.PASSED, State.SKIPPED, State.NOT_RUN, State.NONE})
IN_COUNTS = (
    State.FAILED, State.INFRA, State.CANCELLED, State.NOT_RUN, State.UNKNOWN,
    State.RUNNING, State.QUEUED, State.RERUN, State.PASSED, State.SKIPPED, State.NONE,
)  # fmt: skip
MOST_NIGHTS = 400
NUMBER = re.compile(r"[1-9][0-9]{0,2}")
TEN = 10
NAMELESS = Community(title="", repositories=())


class Chip(Struct, frozen=True, kw_only=True):
    """A link that asks for one thing more, or no more where it is asked for already; and how many tests have it."""

    words: str
    number: int
    link: str
    is_on: bool
    mark: str = ""


class Band(Struct, frozen=True, kw_only=True):
    """Neighbouring cells that say the same: one element, however many nights it spans."""

    mark: str
    span: int
    text: str
    words: str
    title: str
    url: str


class Strips:
    """What is made of a board's tests once, whatever the filter: their cells as HTML, and what is known of them."""

    def __init__(
        self, board: NightBoard, github_url: str = GITHUB, community: Community = NAMELESS
    ) -> None:
        self._board = board
        self._github_url = github_url
        self._community = community
        self._made: dict[int, Markup] = {}

    def of(self, test: Test) -> Markup:
        """Return the cells of one of the board's tests."""
        made = self._made.get(id(test))
        if made is None:
            bands = _bands(test, self._board.nights, self._github_url)
            made = self._made[id(test)] = fragment("nightly_cells.html", "cells", bands)
        return made

    @cached_property
    def heads(self) -> Markup:
        """The heads of the nights' columns, the same in every group."""
        return fragment("nightly_cells.html", "heads", _days(self._board.nights))

    @cached_property
    def traits(self) -> Mapping[int, Traits]:
        """What is known of each test, by its id."""
        return read_traits(self._board, self._community)

    @cached_property
    def numbers(self) -> Mapping[tuple[str, str], int]:
        """How many tests have what can be asked for, by qualifier and value."""
        asking = qualifiers(self._community, ())
        return Counter(
            (one.name, value)
            for traits in self.traits.values()
            for one in asking
            for value in one.read(traits)
        )


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
    strips = strips or Strips(board, github_url, community)
    asked = _asked(query, board, community, sayable.muted)
    selected = [test for test in board.tests if asked.selected and test.name == asked.selected]
    details = {
        id(test): detail(board, test, community, github_url, sayable=sayable) for test in selected
    }
    if asked.part == "detail":
        return render("nightly_detail.html", details=list(details.values()), name=asked.selected)
    shown = sum(asked.shows(traits) for traits in strips.traits.values())
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
        branches=branches(board, asked, strips.traits, details, strips.of),
        shown=shown,
        ways_out=() if shown else _ways_out(board, asked, community, strips, sayable.muted),
        counts=_counts(board, asked),
        more=_more(asked, strips, sayable.muted),
        facets=_facets(asked, strips, community),
        examples=[one.example for one in qualifiers(community, ())],
        changes=_changes(board),
        reruns=_reruns(board),
        months=_months(board.nights),
        width=-(-len(board.nights) // TEN),
        days=board.nights,
        heads=strips.heads,
        runs=[(f"runs/{run.run_id}", run) for night in board.nights[:1] for run in night.runs],
        warnings=_warnings(board),
        is_unknown=bool(asked.selected) and not selected,
        sorts=SORTS,
        hides=HIDES,
        groups=groups_of(community.facets),
        lengths=sorted({*LENGTHS, board.asked}),
        links=community.links,
        canonical=f"{base_url.rstrip('/')}/{community.key}/nightly{address.removesuffix('?')}",
    )


def _asked(
    query: Mapping[str, str], board: NightBoard, community: Community, muted: Collection[str]
) -> Asked:
    return read_asked(query, board.asked, qualifiers(community, muted), facets_of(community).names)


def _chip(asked: Asked, name: str, value: str, words: str, number: int, mark: str = "") -> Chip:
    return Chip(
        words=words,
        number=number,
        link=asked.link(q=asked.filter.toggled(name, value)),
        is_on=asked.filter.asks_for(name, value),
        mark=mark,
    )


def _counts(board: NightBoard, asked: Asked) -> list[Chip]:
    """Return how many tests of the newest night are in which state; each leads to them."""
    counts = board.newest.counts if board.newest is not None else {}
    return [
        _chip(asked, "status", STATUSES[state], state.value, counts[state], MARKS[state])
        for state in IN_COUNTS
        if counts.get(state)
    ]


def _more(asked: Asked, strips: Strips, muted: Collection[str]) -> list[Chip]:
    """Return what else is often asked for, where any test has it."""
    numbers = strips.numbers
    unowned = sum(not traits.owners for traits in strips.traits.values())
    silent = sum(traits.full in muted for traits in strips.traits.values()) if muted else 0
    found = (
        _chip(asked, "required", YES, "required", numbers["required", YES]),
        _chip(asked, "changed", YES, "changed tonight", numbers["changed", YES]),
        _chip(asked, "flaky", YES, "flaky", numbers["flaky", YES]),
        _chip(asked, "is", MUTED, "muted", silent),
        _chip(asked, "owner", "none", "nobody’s", unowned),
    )
    return [chip for chip in found if chip.number]


def _facets(asked: Asked, strips: Strips, community: Community) -> list[tuple[str, list[Chip]]]:
    """Return what names tell, by kind, where any test has it."""
    known = facets_of(community)
    found = [
        (
            facet,
            [
                _chip(asked, facet, value, value, number)
                for value in known.values(facet)
                if (number := strips.numbers[facet, value])
            ],
        )
        for facet in known.names
    ]
    return [(facet, chips) for facet, chips in found if chips]


def _changes(board: NightBoard) -> str:
    """Return what has changed since the night before; nothing where none was, or the newest still runs."""
    newest = board.newest
    if newest is None or newest.is_running or len(board.nights) == 1:
        return ""
    new = [test for test in board.tests if is_new(test)]
    found = [
        f"{len(newest.newly_failing)} newly failing" if newest.newly_failing else "",
        f"{len(newest.fixed)} fixed" if newest.fixed else "",
        f"{counted(len(new), 'new test')}" if new else "",
    ]
    said = ", ".join(filter(None, found)) or "nothing has changed"
    return f"Since the night before: {said}."


def _reruns(board: NightBoard) -> str:
    """Return how often tests of the newest night were run again, and whether that helped."""
    again = [test for test in board.tests if test.cells[0].reruns]
    if not again:
        return ""
    helped = sum(test.cells[0].state is State.RERUN for test in again)
    return f"{counted(len(again), 'test')} run again, {helped} passed then"


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


def _ways_out(
    board: NightBoard,
    asked: Asked,
    community: Community,
    strips: Strips,
    muted: Collection[str],
) -> list[tuple[str, str, int]]:
    """Return what to leave out of a filter that matches nothing: (what, address, how many tests then match)."""
    changes = [
        (f"“{term.said}”", {"q": asked.filter.without(place)})
        for place, term in enumerate(asked.filter.terms)
    ]
    if asked.is_required:
        changes.append(("“required only”", {"required": ""}))
    if asked.hide:
        changes.append(("what is hidden", {"hide": ""}))
    found = []
    for what, change in changes[:6]:
        query = {
            "q": change.get("q", asked.text),
            "required": change.get("required", "1" if asked.is_required else ""),
            "hide": change.get("hide", asked.hide),
        }
        other = _asked(query, board, community, muted)
        number = sum(other.shows(traits) for traits in strips.traits.values())
        found.append((what, asked.link(**change), number))
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


def nightly_json(
    board: NightBoard,
    query: Mapping[str, str],
    community: Community = NAMELESS,
    *,
    github_url: str = GITHUB,
    strips: Strips | None = None,
    muted: Collection[str] = (),
) -> str:
    """Return the same facts for programs; the filter of the address applies, `sel`, `s` and `g` do not."""
    asked = _asked(query, board, community, muted)
    traits = (strips or Strips(board, github_url, community)).traits
    shown = (one for test in board.tests if asked.shows(one := traits[id(test)]))
    document = nightly_document(board, shown, asked.notes, github_url)
    return msgspec.json.encode(document).decode()


def _nights(query: Query) -> int:
    """Return how many nights a query asks for; what it cannot be is the usual number."""
    asked = query.get("n", "")
    return min(int(asked), MOST_NIGHTS) if NUMBER.fullmatch(asked) else USUAL_NIGHTS


def _sayable(seen: Seen) -> Sayable:
    """Return what is muted, and what whoever looks can say about it: those who are not signed in, nothing."""
    knowledge = seen.knowledge
    muted = muted_jobs(knowledge.db, knowledge.community.key, knowledge.now)
    verbs = frozenset(knowledge.commands) if seen.viewer is Viewer.SIGNED_IN else frozenset()
    return Sayable(verbs=verbs, muted=frozenset(muted))


def _stamp(seen: Seen, _query: Query) -> Hashable:
    """Return what the page changes with: what is heard of the repositories, the ages on it, and what can be said."""
    knowledge = seen.knowledge
    changed = last_change(knowledge.db, knowledge.community.repositories)
    return changed, int(knowledge.now.timestamp() // 60), _sayable(seen)


def _strips(seen: Seen, board: NightBoard) -> Strips:
    knowledge = seen.knowledge
    return seen.kept(board.tests, lambda: Strips(board, knowledge.github_url, knowledge.community))


def _html(seen: Seen, query: Query) -> str:
    knowledge, board = seen.knowledge, seen.board(_nights(query))
    return render_nightly(
        board,
        query,
        knowledge.community,
        base_url=knowledge.base_url,
        github_url=knowledge.github_url,
        strips=_strips(seen, board),
        viewer=seen.viewer,
        sayable=_sayable(seen),
    )


def _json(seen: Seen, query: Query) -> str:
    knowledge, board = seen.knowledge, seen.board(_nights(query))
    return nightly_json(
        board,
        query,
        knowledge.community,
        github_url=knowledge.github_url,
        strips=_strips(seen, board),
        muted=_sayable(seen).muted,
    )


def _rows(document: Document) -> Iterator[Mapping[str, object]]:
    """Yield each test with a column for each night, the newest first."""
    nights = [night["key"] for night in document["nights"]]
    for test in document["tests"]:
        states = [cell if isinstance(cell, str) else cell["state"] for cell in test["cells"]]
        known = {key: value for key, value in test.items() if key != "cells"}
        yield {**known, **dict(zip(nights, states, strict=True))}


def _feed(seen: Seen, _query: Query) -> Feed:
    title = f"{seen.knowledge.community.title} nightly"
    entries = [
        _entry(news, at)
        for news in night_news(seen.board())
        if (at := news.night.ended_at or news.night.began_at) is not None
    ]
    return Feed(title=title, place="nightly", entries=tuple(entries))


def _entry(news: NightNews, at: datetime) -> Entry:
    failed, new = len(news.failed), len(news.newly_failing)
    required = f", {news.required_failed} of them required" if news.required_failed else ""
    said = f"{failed} of {counted(news.ran, 'test')} with a result failed{required}."
    if not failed:
        said = f"No test failed; {counted(news.ran, 'test')} passed."
    return Entry(
        key=f"night/{news.night.key}",
        title=f"{news.night.name}: {failed} failed, {new} newly, {len(news.fixed)} fixed",
        at=at,
        place="nightly",
        said=said,
        parts={"Newly failing": names_of(news.newly_failing), "Fixed": names_of(news.fixed)},
    )


def _badge(seen: Seen, _query: Query) -> Badge:
    board = seen.board()
    says, tone = _in_a_word(board)
    return Badge(label="nightly", says=says, tone=tone)


def _in_a_word(board: NightBoard) -> tuple[str, str]:
    """Return how the newest night is: in a few words, and how good that is."""
    newest = board.newest
    if newest is None:
        return "no night yet", "unknown"
    late = {one.workflow for one in board.late}
    if board.is_stale or late >= {run.workflow for run in newest.night.runs}:
        return f"none since {newest.night.label}", "unknown"
    failed = len(newest.failed)
    if newest.is_running:
        return f"running, {failed or 'none'} failed so far", "bad" if failed else "running"
    if failed:
        return f"{failed} of {newest.total} failed", "bad"
    ran = sum(newest.counts.get(state, 0) for state in COUNTED)
    if late:
        return f"{ran} of {newest.total} passed, {len(late)} late", "unknown"
    return (f"{ran} of {newest.total} passed", "good") if ran else ("no result", "unknown")


def _strip(seen: Seen, _query: Query) -> Strip:
    board = seen.board()
    title = f"{seen.knowledge.community.title} nightly"
    states = board.states
    return Strip(
        title=f"{title}, {'required tests' if board.knows_required else 'every test'}",
        says=f"The last {counted(len(states), 'night')}, the newest first: {counted_states(states)}.",
        marks=tuple(MARKS[state] for state in states),
    )


WORDS = (
    Word(name="q", meaning="Words of names, and what else is asked of the tests: see the page."),
    Word(name="required", meaning="Only what is required.", values=("", "1")),
    Word(name="s", meaning="In which order, for the page.", values=tuple(SORTS)),
    Word(name="hide", meaning="What is left out.", values=tuple(HIDES)),
    Word(
        name="g",
        meaning="What tests are put together by: `suite`, `tree`, `owner`, `none`, or a facet of the community.",
    ),
    Word(name="n", meaning="How many nights.", pattern=f"^{NUMBER.pattern}$"),
    Word(name="open", meaning="Keys of groups that are open, for the page."),
    Word(name="shut", meaning="Keys of groups that are shut, for the page."),
    Word(name="sel", meaning="The full name of the row that is opened."),
)
"""What the page can be asked."""
VIEW = View(
    address="nightly",
    html=_html,
    json=_json,
    stamp=_stamp,
    document=NightlyDocument,
    words=WORDS,
    rows=_rows,
    feed=_feed,
    badge=_badge,
    strip=_strip,
)
