"""The page of one test: is it healthy, since when, and whose is it?

Whoever looks after a test, or is held up by it, follows its name here. It shows every night and every attempt, what
came of it in pull requests, and between which commits it broke. All of the page's state is in its address.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import TypedDict
from urllib.parse import quote

import msgspec
from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from chatops.answers.askers import who_asked
from chatops.answers.chain_answer import spoken
from chatops.answers.chains import is_private
from chatops.answers.likely_renames import likely_rename
from chatops.answers.night_cells import GREEN, NOT_THERE_YET, Cell, State
from chatops.answers.night_news import Turn, turns
from chatops.answers.nights import Night, Test, counted
from chatops.answers.one_test import Broke, InPull, OneTest, Window, one_test
from chatops.answers.shares import bounds
from chatops.engine.answer import said_as
from chatops.engine.command import Knowledge
from chatops.events import Recorded
from chatops.events.runs import JobCompleted, JobQueued, JobStarted
from chatops.names import Repo
from chatops.pages.audit import MARKS as OUTCOMES
from chatops.pages.audit import CommandTold, command_json, pull_url
from chatops.projections.renames import lineage
from chatops.views.addresses import Place, read_slug, slug
from chatops.views.charts import charts
from chatops.views.feed import Entry, Feed
from chatops.views.missing import Missing, nearest, quoted
from chatops.views.nightly_detail import (
    MARKS,
    Owners,
    happenings,
    job_link,
    owners_of,
    words_of,
)
from chatops.views.page import Viewer, render, sign_in_address, took
from chatops.views.pictures import UNKNOWN, Badge, Strip
from chatops.views.table import rows_under
from chatops.views.view import Query, Seen, View, Word

USUAL, MOST = 90, 400
LENGTHS = (30, USUAL, 180, MOST)
UNFOLDED = 30
SHA_SHOWN = 9
RENAMED = "renamed"
"""The command that says that two names are one test's."""
NUMBER = re.compile(r"[1-9][0-9]{0,2}")


class PullRow(Struct, frozen=True, kw_only=True):
    """What became of the test in one run of a pull request."""

    result: InPull
    pulls: tuple[tuple[int, str], ...]
    commit: str
    mark: str
    words: str
    attempts: str
    step: str
    took: str
    began_at: datetime | None
    url: str


class Range(Struct, frozen=True, kw_only=True):
    """Between which commits it broke, in words, and where GitHub compares them."""

    words: str
    url: str


class Perhaps(Struct, frozen=True, kw_only=True):
    """Another name that the test perhaps has or had, and what to say if it is so."""

    name: str
    address: str
    is_newer: bool
    says: str
    say: str


def render_one_test(
    knowledge: Knowledge, query: Mapping[str, str], *, viewer: Viewer = Viewer.ANYBODY
) -> str | None:
    """Return the page, nothing where this community knows no such test."""
    one = _found(knowledge, query)
    return None if one is None else _rendered(one, None, knowledge, query, viewer)


def _rendered(
    one: OneTest,
    perhaps: Perhaps | None,
    knowledge: Knowledge,
    query: Mapping[str, str],
    viewer: Viewer,
) -> str:
    github_url, name = knowledge.github_url, query.get("slug", "")
    place = f"/{knowledge.community.key}/tests/{quote(name)}?n={_length(query)}"
    nights = [happenings(one.repo, night, cell, github_url) for night, cell in _nights(one)]
    return render(
        "one_test.html",
        name=knowledge.community.title,
        here="test",
        up="../",
        viewer=viewer,
        sign_in=sign_in_address(knowledge.base_url, place),
        one=one,
        slug=name,
        length=_length(query),
        lengths=LENGTHS,
        nightly=f"../nightly?sel={quote(one.name, safe='')}" if one.test is not None else "",
        strip=_strip(one),
        strip_says=_strip_says(one),
        range=_range(one.broke, one.repo, github_url),
        merged=[
            (merge.number, merge.title, pull_url(one.repo, merge.number, github_url))
            for merge in one.merged.merges
        ],
        owners=_owners(one, knowledge),
        needed=_needed(one),
        perhaps=perhaps,
        longest=_longest(one),
        charts=charts(one),
        recent=list(chain.from_iterable(nights[:UNFOLDED])),
        older=list(chain.from_iterable(nights[UNFOLDED:])),
        older_nights=len(nights[UNFOLDED:]),
        tag=_tag,
        markdown=_markdown(one, knowledge, name),
        pulls=[_pull_row(result, one.repo, github_url) for result in one.in_pulls],
        asked=[
            (
                spoken(command), who_asked(command, knowledge), is_private(command.surface),
                OUTCOMES[command.outcome], command, run_id,
            )
            for command, run_id, _ in one.asked
        ],
    )  # fmt: skip


class ExecutionTold(TypedDict):
    """One time that a test ran."""

    run_id: int
    attempt: int | None
    state: str
    conclusion: str
    failed_step: str | None
    started_at: datetime | None
    seconds: int | None
    url: str


class ResultTold(TypedDict):
    """What became of a test."""

    state: str
    reason: str | None
    executions: Sequence[ExecutionTold]


class NightTold(ResultTold):
    """What became of it in a night."""

    night: str


class PullResultTold(ResultTold):
    """What became of it in a run of a pull request."""

    numbers: Sequence[int]
    run_id: int
    workflow: str
    sha: str


class PullResultsTold(TypedDict):
    """How it did in pull requests."""

    verdict: str
    results: Sequence[PullResultTold]


class NeededTold(TypedDict):
    """Whether it is required."""

    is_required: bool
    since: datetime | None
    is_from_start: bool


class MutedTold(TypedDict):
    """By whom it was muted; a reason that was said in Slack stays there."""

    until: datetime
    by: str
    reason: str | None


class OwnersTold(TypedDict):
    """A group that looks after it."""

    group: str
    people: Sequence[str]


class MergedTold(TypedDict):
    """A pull request that was merged between two nights."""

    number: int
    title: str
    at: datetime | None
    url: str


class BrokeTold(TypedDict):
    """Between which commits it broke, and the newest pull requests that were merged in between."""

    last_good: str | None
    last_good_sha: str | None
    first_bad: str
    first_bad_sha: str | None
    nights_between: int
    compare: str | None
    merged: Sequence[MergedTold]
    merged_count: int


class WindowTold(TypedDict):
    """How often it passed lately, and between which shares that truly is."""

    oldest: str
    newest: str
    passes: int
    tries: int
    truly: Sequence[float] | None


class NightsTold(TypedDict):
    """How it did in the nights."""

    is_gone: bool
    fails: int
    runs: int
    reruns: int
    streak: int
    since: str | None
    longest_passing: int
    longest_failing: int
    broke: BrokeTold | None
    windows: Sequence[WindowTold]
    nights: Sequence[NightTold]


class RenamedTold(TypedDict):
    """A name that it had before."""

    name: str
    at: datetime | None
    by: str


class PerhapsTold(TypedDict):
    """Another name that it perhaps has or had, and what to say if it is so."""

    name: str
    page: str
    is_newer: bool
    says: str
    say: str


class CommandAbout(CommandTold):
    """A command about it, and what that ran again."""

    run_id: int
    after_attempt: int


class TestDocument(TypedDict):
    """One test: its nights, its pull requests, its people."""

    repository: str
    workflow: str
    name: str
    verdict: str
    as_of: datetime
    heard_at: datetime | None
    is_stale: bool
    required: NeededTold | None
    muted: MutedTold | None
    owners: Sequence[OwnersTold]
    nightly: NightsTold | None
    pull_requests: PullResultsTold
    renamed_from: Sequence[RenamedTold]
    perhaps_the_same: PerhapsTold | None
    commands: Sequence[CommandAbout]


def one_test_json(knowledge: Knowledge, query: Mapping[str, str]) -> str | None:
    """Return the same for programs."""
    one = _found(knowledge, query)
    return None if one is None else _told(one, None, knowledge)


def _told(one: OneTest, perhaps: Perhaps | None, knowledge: Knowledge) -> str:
    told: TestDocument = {
        "repository": one.repo,
        "workflow": one.workflow,
        "name": one.name,
        "verdict": one.verdict,
        "as_of": one.now,
        "heard_at": one.heard_at,
        "is_stale": one.is_stale,
        "required": None if one.needed is None else {
            "is_required": one.needed.is_required,
            "since": one.needed.since,
            "is_from_start": one.needed.is_from_start,
        },
        "muted": None if one.mute is None else {
            "until": one.mute.until, "by": one.mute.by, "reason": one.mute.reason or None,
        },
        "owners": [
            {"group": group, "people": [person.name for person in people]}
            for group, people in _owners(one, knowledge)
        ],
        "nightly": None if one.test is None else _nights_json(one, one.test, knowledge.github_url),
        "pull_requests": {
            "verdict": one.pulls_in_words,
            "results": [_pull_json(one.repo, result, knowledge.github_url) for result in one.in_pulls],
        },
        "renamed_from": [{"name": was.old, "at": was.at, "by": was.by} for was in one.renames],
        "perhaps_the_same": None if perhaps is None else {
            "name": perhaps.name,
            "page": f"tests/{perhaps.address}",
            "is_newer": perhaps.is_newer,
            "says": perhaps.says,
            "say": perhaps.say,
        },
        "commands": [
            {**command_json(command, who_asked(command, knowledge)), "run_id": run_id, "after_attempt": attempt}
            for command, run_id, attempt in one.asked
        ],
    }  # fmt: skip
    return msgspec.json.encode(told).decode()


def _nights_json(one: OneTest, test: Test, github_url: str) -> NightsTold:
    passed, failed = one.longest
    return {
        "is_gone": test.is_gone,
        "fails": test.fails,
        "runs": test.runs,
        "reruns": test.reruns,
        "streak": test.streak,
        "since": test.since.key if test.since else None,
        "longest_passing": passed,
        "longest_failing": failed,
        "broke": _broke_json(one, github_url),
        "windows": [_window_json(window) for window in one.windows],
        "nights": [
            {"night": night.key, **_cell_json(one.repo, cell, github_url)}
            for night, cell in _nights(one)
        ],
    }


def _window_json(window: Window) -> WindowTold:
    return {
        "oldest": window.oldest.key,
        "newest": window.newest.key,
        "passes": window.passes,
        "tries": window.tries,
        "truly": bounds(window.passes, window.tries) if window.tries else None,
    }


def _pull_json(repo: Repo, result: InPull, github_url: str) -> PullResultTold:
    return {
        "numbers": result.numbers,
        "run_id": result.run.run_id,
        "workflow": result.run.workflow,
        "sha": result.run.sha,
        **_cell_json(repo, result.cell, github_url),
    }


def _found(knowledge: Knowledge, query: Mapping[str, str]) -> OneTest | None:
    place = read_slug(query.get("slug", ""), knowledge.community.repositories[0])
    return None if place is None or not _can_be(place) else one_test(
        knowledge, place.repo, place.workflow, place.name, nights=_length(query)
    )  # fmt: skip


def _can_be(place: Place) -> bool:
    """Return whether a database takes these names."""
    return "\x00" not in f"{place.repo}{place.workflow}{place.name}"


def _length(query: Mapping[str, str]) -> int:
    asked = query.get("n", "")
    return min(int(asked), MOST) if NUMBER.fullmatch(asked) else USUAL


def _nights(one: OneTest) -> list[tuple[Night, Cell]]:
    """Return the nights since there is such a test."""
    if one.test is None:
        return []
    pairs = zip(one.nights, one.test.cells, strict=True)
    return [(night, cell) for night, cell in pairs if cell is not NOT_THERE_YET]


def _strip(one: OneTest) -> list[tuple[str, str]]:
    """Return the nights as signs; where there is something to say, with a word that appears under the pointer."""
    return [
        (
            MARKS[cell.state],
            "" if cell.state is State.PASSED else f"{night.name}: {cell.state.value}",
        )
        for night, cell in _nights(one)
    ]


def _strip_says(one: OneTest, most: int = MOST) -> str:
    """Return the strip in words, for those who cannot see it."""
    states = [cell.state for _, cell in _nights(one)[:most]]
    counts = {state: states.count(state) for state in State if state in states}
    said = ", ".join(f"{number} {state.value}" for state, number in counts.items())
    return f"The last {counted(len(states), 'night')}, the newest first: {said}."


@lru_cache(maxsize=200)
def _tag(mark: str, words: str) -> Markup:
    """Return a result as a sign with its word: there are few, on many lines."""
    return Markup('<span class="tag {}"><bdi>{}</bdi></span>').format(mark, words)


def _owners(one: OneTest, knowledge: Knowledge) -> Owners:
    return owners_of(knowledge.community, one.name, knowledge.github_url)


def _range(broke: Broke | None, repo: Repo, github_url: str) -> Range | None:
    if broke is None:
        return None
    if broke.good is None:
        return Range(
            words=f"The first bad night known is {broke.bad.name}; no good one is known.", url=""
        )
    between = (
        f", with {counted(broke.between, 'night')} without a verdict between"
        if broke.between
        else ""
    )
    good, bad = _night(broke.good.name, broke.good_sha), _night(broke.bad.name, broke.bad_sha)
    said = f"Last good {good}, first bad {bad}{between}."
    if not broke.good_sha or not broke.bad_sha:
        return Range(words=f"{said} Their commits are not known.", url="")
    if broke.good_sha == broke.bad_sha:
        return Range(
            words=f"{said} Both ran the same commit, so nothing in the repository changed.", url=""
        )
    return Range(words=said, url=f"{github_url}/{repo}/compare/{broke.good_sha}...{broke.bad_sha}")


def _night(name: str, sha: str) -> str:
    return f"{name} ({sha[:SHA_SHOWN]})" if sha else name


def _needed(one: OneTest) -> str:
    """Return whether it is required, and since when, as far as that is known."""
    needed = one.needed
    if needed is None:
        return "not known"
    word = "required" if needed.is_required else "not required"
    if needed.since is None:
        return word
    day = f"{needed.since:%a} {needed.since.day} {needed.since:%b %Y}"
    if not needed.is_from_start:
        return f"{word} since {day}"
    return f"{word}, as in every list since {day}"


def _longest(one: OneTest) -> str:
    passed, failed = one.longest
    return f"{counted(passed, 'night')} passed in a row, {failed} failed"


def _pull_row(result: InPull, repo: Repo, github_url: str) -> PullRow:
    cell, last = result.cell, result.cell.last
    return PullRow(
        result=result,
        pulls=tuple((number, pull_url(repo, number, github_url)) for number in result.numbers),
        commit=result.run.sha[:SHA_SHOWN],
        mark=MARKS[cell.state],
        words=words_of(last) if last and cell.state is State.UNKNOWN else cell.state.value,
        attempts=str(cell.reruns + 1),
        step=last.failed_step if last else "",
        took=took(last.took) if last else "",
        began_at=result.run.created_at,
        url=job_link(repo, last, github_url) if last else "",
    )


def _broke_json(one: OneTest, github_url: str) -> BrokeTold | None:
    broke, repo = one.broke, one.repo
    if broke is None:
        return None
    found = _range(broke, repo, github_url)
    return {
        "last_good": broke.good.key if broke.good else None,
        "last_good_sha": broke.good_sha or None,
        "first_bad": broke.bad.key,
        "first_bad_sha": broke.bad_sha or None,
        "nights_between": broke.between,
        "compare": (found.url or None) if found else None,
        "merged": [
            {
                "number": merge.number,
                "title": merge.title,
                "at": merge.merged_at,
                "url": pull_url(repo, merge.number, github_url),
            }
            for merge in one.merged.merges
        ],
        "merged_count": one.merged.count,
    }


def _cell_json(repo: Repo, cell: Cell, github_url: str) -> ResultTold:
    return {
        "state": cell.state.value,
        "reason": cell.reason or None,
        "executions": [
            {
                "run_id": execution.run_id,
                "attempt": execution.attempt or None,
                "state": execution.state.value,
                "conclusion": execution.conclusion,
                "failed_step": execution.failed_step or None,
                "started_at": execution.started_at,
                "seconds": int(execution.took.total_seconds()) if execution.took else None,
                "url": job_link(repo, execution, github_url),
            }
            for execution in cell.executions
        ],
    }


def _moved(seen: Seen, query: Query) -> str | None:
    """Return the address under which a test is known by its new name."""
    knowledge = seen.knowledge
    usual = knowledge.community.repositories[0]
    place = read_slug(query.get("slug", ""), usual)
    if place is None or not _can_be(place):
        return None
    name = lineage(knowledge.db, [place.repo]).current(place.repo, place.name)
    return None if name == place.name else slug(replace(place, name=name), usual)


def _markdown(one: OneTest, knowledge: Knowledge, slug: str) -> tuple[str, ...]:
    """Return what shows the test in a README or an issue: its badge, its nights. Without our own address, nothing."""
    if not knowledge.base_url or one.test is None:
        return ()
    base = f"{knowledge.base_url.rstrip('/')}/{knowledge.community.key}"
    place = _place(slug)
    # A test's name may be Markdown itself, so it is not named.
    return tuple(
        f"[![{what}]({base}/{picture}/{place}.svg)](<{base}/{place}>)"
        for what, picture in (("How the test is", "badge"), ("Its last nights", "strip"))
    )


def _place(slug: str) -> str:
    return f"tests/{quote(slug, safe='~,')}"


def _one(seen: Seen, query: Query) -> OneTest | None:
    """Return the test, for whichever format it is asked first."""
    key = ("test", query.get("slug", ""), _length(query))
    return seen.once(key, lambda: _found(seen.knowledge, query))


def _perhaps(seen: Seen, one: OneTest) -> Perhaps | None:
    """Return which other test of the nights it perhaps is, where it began or stopped in one of them."""
    test, knowledge = one.test, seen.knowledge
    if test is None or RENAMED not in knowledge.commands:
        return None
    if test.cells[0].executions and test.cells[-1].executions:
        return None
    found = likely_rename(seen.board(), one.repo, one.name)
    if found is None:
        return None
    is_newer = found.old == one.name
    name = found.new if is_newer else found.old
    place = Place(repo=one.repo, workflow=one.workflow, name=name)
    night = "first in the night after this one was last seen" if is_newer else (
        "last in the night before this one began"
    )  # fmt: skip
    return Perhaps(
        name=name,
        address=slug(place, knowledge.community.repositories[0]),
        is_newer=is_newer,
        says=f"It ran {night}, and {found.shared} of the {found.words} words of both names are the same.",
        say=f"/{said_as(RENAMED, (found.old, '->', found.new))}",
    )


def _html(seen: Seen, query: Query) -> str | None:
    one = _one(seen, query)
    if one is None:
        return None
    return _rendered(one, _perhaps(seen, one), seen.knowledge, query, seen.viewer)


def _missing(seen: Seen, query: Query) -> Missing:
    """Return what is said where no test has this address: the tests of the nights with such a name."""
    usual = seen.knowledge.community.repositories[0]
    place = read_slug(query["slug"], usual)
    asked = place.name if place is not None else query["slug"].replace("~", " ")
    known = {test.name: test for test in seen.board().tests}
    return Missing(
        said=f"No test is known that is called {quoted(asked)}.",
        near=[
            (f"tests/{slug(Place(repo=test.repo, workflow=test.workflow, name=name), usual)}", name)
            for name in nearest(asked, known)
            for test in (known[name],)
        ],
        ways=[("nightly", "All tests")],
    )


def _json(seen: Seen, query: Query) -> str | None:
    one = _one(seen, query)
    return None if one is None else _told(one, _perhaps(seen, one), seen.knowledge)


def _feed(seen: Seen, query: Query) -> Feed | None:
    one = _one(seen, query)
    if one is None:
        return None
    place = _place(query.get("slug", ""))
    news = turns(one.test, one.nights) if one.test is not None else ()
    return Feed(
        title=f"{seen.knowledge.community.title}: {one.name}",
        place=place,
        entries=tuple(
            _entry(one, edge, at, place)
            for edge in news
            if (at := edge.night.ended_at or edge.night.began_at) is not None
        ),
    )


def _entry(one: OneTest, edge: Turn, at: datetime, place: str) -> Entry:
    last = edge.cell.last
    step = f" in “{last.failed_step}”" if edge.fails and last and last.failed_step else ""
    return Entry(
        key=f"edge/{one.repo}/{one.workflow}/{one.name}/{edge.night.key}",
        title=f"{'Broke' if edge.fails else 'Fixed'}, {edge.night.name}: {one.name}",
        at=at,
        place=place,
        said=f"It {edge.cell.state.value} in the night of {edge.night.name}{step}.",
        parts={},
    )


def _badge(seen: Seen, query: Query) -> Badge:
    one = _one(seen, query)
    if one is None or one.test is None:
        return UNKNOWN
    label = one.name.rpartition(" / ")[2]
    if one.is_stale or one.test.is_gone:
        return Badge(label=label, says="out of date" if one.is_stale else "gone", tone="unknown")
    state, since = one.test.settled.state, one.test.since
    if state is State.FAILED:
        said = f"failing since {since.label}" if since is not None else "failing"
        return Badge(label=label, says=said, tone="bad")
    tone = "again" if state is State.RERUN else "good" if state in GREEN else "unknown"
    return Badge(label=label, says=state.value, tone=tone)


def _nights_strip(seen: Seen, query: Query) -> Strip:
    one = _one(seen, query)
    if one is None or one.test is None:
        return Strip(title="No such test", says="Nothing is known of it.", marks=())
    return Strip(
        title=one.name,
        says=_strip_says(one, UNFOLDED),
        marks=tuple(MARKS[cell.state] for _, cell in _nights(one)[:UNFOLDED]),
    )


def _news(knowledge: Knowledge, recorded: Recorded) -> list[str]:
    """Return the page of the test whose job an event is about; what else changes it, changes slowly."""
    match recorded.event:
        case JobQueued() | JobStarted() | JobCompleted() as job:
            place = Place(repo=job.repo, workflow=job.workflow, name=job.name)
            return [f"tests/{slug(place, knowledge.community.repositories[0])}"]
        case _:
            return []


WORDS = (
    Word(name="slug", meaning="A test, as the address of its page has it."),
    Word(name="n", meaning="How many nights.", pattern=f"^{NUMBER.pattern}$"),
)
"""What the page can be asked."""
VIEW = View(
    address="tests/{slug}",
    moved=_moved,
    html=_html,
    missing=_missing,
    json=_json,
    document=TestDocument,
    words=WORDS,
    rows=rows_under("nightly", "nights"),
    feed=_feed,
    badge=_badge,
    strip=_nights_strip,
    news=_news,
)
