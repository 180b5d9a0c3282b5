"""Results in pull requests by test: which tests block most of them, and does it help to run them again?

Whoever wants pull requests to get through opens it. A failure is a run in which the test failed in the end; what was
cancelled, skipped, or failed before the test began is counted apart.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict

import msgspec
from msgspec import Struct

from chatops.answers.nights import counted
from chatops.answers.open_queue import Queue
from chatops.answers.pull_results import Failure, PullResults, PullTest, pull_tests
from chatops.answers.reported_results import FAIL, PASS, SKIP, Reported, reported_results
from chatops.answers.shares import bounds
from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.names import PullNumber, Repo
from chatops.pages.audit import pull_url
from chatops.pages.pull import pull_address
from chatops.projections.reported_checks import reported_pulls
from chatops.views.filters import Filter, Qualifier, read_filter
from chatops.views.job_filters import job_qualifiers, required_qualifier
from chatops.views.listing import PAGE, Choices, cut, question
from chatops.views.page import Viewer, render, sign_in_address
from chatops.views.table import rows_under
from chatops.views.view import View, Word, page_size

ON_A_PAGE = 50
LONGEST = 500
PULLS_SHOWN = 8
FAILURES_SHOWN = 50
WINDOWS = {"7d": timedelta(days=7), "14d": timedelta(days=14), "30d": timedelta(days=30)}
USUAL, IN_FILES = "7d", "files"
"""The usual window, and the one of what only dashboards' files tell: they do not say when."""
Weight = Callable[[PullTest], Any]
SORTS: Mapping[str, tuple[str, Weight | None]] = {
    "blocks": ("pull requests blocked", None),
    "fails": ("most fails", lambda test: (-test.fails, test.full)),
    "reruns": ("most reruns that helped", lambda test: (-test.helped, -test.again, test.full)),
    "name": ("by name", lambda test: test.full),
}


class Asked(Struct, frozen=True, kw_only=True):
    """What the address asks for; whatever it cannot mean is left out and said in `notes`."""

    filter: Filter[PullTest]
    is_required: bool
    is_all: bool
    window: str
    sort: str
    page: int
    selected: str
    notes: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return what stands in the box."""
        return self.filter.text

    def shows(self, test: PullTest) -> bool:
        """Return whether the filter lets a test through."""
        return (
            self.filter.lets(test.full, test)
            and (test.is_required or not self.is_required)
            and (self.is_all or bool(test.fails or test.again))
        )

    def link(self, **changes: str) -> str:
        """Return the address of this list with something changed, from its first page on."""
        return question(
            {
                "q": self.text,
                "required": "1" if self.is_required else "",
                "all": "1" if self.is_all else "",
                "w": "" if self.window == USUAL else self.window,
                "s": "" if self.sort == "blocks" else self.sort,
                **changes,
            }
        )


class Row(Struct, frozen=True, kw_only=True):
    """One test of the list. `pulls` are those it failed on, with the address of each."""

    test: PullTest
    path: str
    leaf: str
    link: str
    now: int
    share: str
    within: str
    pulls: tuple[tuple[PullNumber, str], ...]
    more: int


class Failed(Struct, frozen=True, kw_only=True):
    """One failure of the selected test."""

    failure: Failure
    pulls: tuple[tuple[PullNumber, str], ...]
    url: str


class Listed(Struct, frozen=True, kw_only=True):
    """One page of the list, and the failures of the test that is looked at."""

    asked: Asked
    verdict: str
    rows: tuple[Row, ...]
    selected: Row | None
    failures: tuple[Failed, ...]
    found: int
    total: int
    newer: str
    older: str
    window: timedelta | None
    reported: Reported | None
    known_pulls: int
    """Of how many pull requests only dashboards' files tell."""


class PullTestTold(TypedDict):
    """One test, by what it did in pull requests."""

    repository: str
    workflow: str
    name: str
    is_required: bool
    blocked: int
    blocks_now: int
    failed_on: Sequence[int]
    fails: int
    passes: int
    no_verdict: int
    run_again: int
    helped: int
    fail_share_between: Sequence[float]


class FailureTold(TypedDict):
    """One run in which a test failed in the end."""

    pull_requests: Sequence[int]
    sha: str
    failed_step: str | None
    attempt: int
    started_at: datetime | None
    url: str


class OpenedTold(PullTestTold):
    """The test that is opened, with its failures."""

    failures: Sequence[FailureTold]


class ReportedTold(TypedDict):
    """How many results of each kind dashboards' files tell, each attempt counted, and of how many pull requests."""

    pull_requests: int
    passed: int
    failed: int
    skipped: int


class PullTestsDocument(TypedDict):
    """The tests by how many pull requests they blocked."""

    verdict: str
    window_days: int | None
    heard_at: datetime | None
    is_cut: bool
    reported: ReportedTold | None
    tests: int
    found: int
    rows: Sequence[PullTestTold]
    selected: OpenedTold | None
    notes: Sequence[str]
    newer: str | None
    older: str | None


def listed(
    knowledge: Knowledge, results: PullResults, queue: Queue, query: Mapping[str, str]
) -> Listed:
    """Return the page of the list that an address asks for."""
    asked, size = _asked(query, knowledge.community), page_size(query, ON_A_PAGE)
    window = WINDOWS.get(asked.window)
    reported = reported_results(knowledge) if window is None else None
    tests = (
        pull_tests(knowledge, results, window)
        if window
        else list(reported.tests if reported else ())
    )
    chosen = [test for test in tests if asked.shows(test)]
    weight = SORTS[asked.sort][1]
    if weight is not None:
        chosen.sort(key=weight)
    page = cut(chosen, asked.page, size, asked.link)
    held = queue.failing_on()
    selected = next((test for test in tests if asked.selected == test.full), None)

    def row(test: PullTest) -> Row:
        return _row(test, asked, held.get((test.repo, test.full), 0), knowledge)

    return Listed(
        asked=asked,
        verdict=_verdict(
            tests,
            "of those that were imported" if window is None else f"in the last {window.days} days",
        ),
        rows=tuple(row(test) for test in page.rows),
        selected=row(selected) if selected is not None else None,
        failures=tuple(_failed(one, knowledge) for one in (selected.failures if selected else ()))[
            :FAILURES_SHOWN
        ],
        found=len(chosen),
        total=len(tests),
        newer=page.newer,
        older=page.older,
        window=window,
        reported=reported,
        known_pulls=reported_pulls(knowledge.db, knowledge.community.repositories),
    )


def render_pr_tests(
    knowledge: Knowledge,
    results: PullResults,
    queue: Queue,
    query: Mapping[str, str],
    *,
    viewer: Viewer = Viewer.ANYBODY,
) -> str:
    """Return the page."""
    page = listed(knowledge, results, queue, query)
    return render(
        "pr_tests.html",
        name=knowledge.community.title,
        here="pr-tests",
        up="",
        viewer=viewer,
        sign_in=sign_in_address(
            knowledge.base_url,
            f"/{knowledge.community.key}/pr-tests{page.asked.link()}".removesuffix("?"),
        ),
        page=page,
        heard_at=results.heard_at,
        is_cut=results.is_cut,
        runs=sum(len(day.runs) for day in results.within(page.window)) if page.window else 0,
        now=results.now,
        windows=[
            *((key, f"{window.days} days") for key, window in WINDOWS.items()),
            *([(IN_FILES, "in files")] if page.known_pulls else []),
        ],
        in_files=page.asked.link(w=IN_FILES, q="", required="", all="") if page.known_pulls else "",
        sorts=[(key, word) for key, (word, _) in SORTS.items()],
        is_unknown=bool(page.asked.selected) and page.selected is None,
    )


def pr_tests_json(
    knowledge: Knowledge, results: PullResults, queue: Queue, query: Mapping[str, str]
) -> str:
    """Return the same for programs."""
    page = listed(knowledge, results, queue, query)
    told: PullTestsDocument = {
        "verdict": page.verdict,
        "window_days": page.window.days if page.window else None,
        "heard_at": results.heard_at,
        "is_cut": results.is_cut,
        "reported": _reported_json(page.reported) if page.reported is not None else None,
        "tests": page.total,
        "found": page.found,
        "rows": [_row_json(row) for row in page.rows],
        "selected": None
        if page.selected is None
        else {
            **_row_json(page.selected),
            "failures": [
                {
                    "pull_requests": one.failure.numbers,
                    "sha": one.failure.sha,
                    "failed_step": one.failure.last.failed_step or None,
                    "attempt": one.failure.last.attempt,
                    "started_at": one.failure.last.started_at,
                    "url": one.url,
                }
                for one in page.failures
            ],
        },
        "notes": page.asked.notes,
        "newer": page.newer or None,
        "older": page.older or None,
    }
    return msgspec.json.encode(told).decode()


def _reported_json(reported: Reported) -> ReportedTold:
    return {
        "pull_requests": reported.pulls,
        "passed": reported.results.get(PASS, 0),
        "failed": reported.results.get(FAIL, 0),
        "skipped": reported.results.get(SKIP, 0),
    }


def _row_json(row: Row) -> PullTestTold:
    test = row.test
    low, high = bounds(test.fails, test.fails + test.passes)
    return {
        "repository": test.repo,
        "workflow": test.workflow,
        "name": test.name,
        "is_required": test.is_required,
        "blocked": test.blocked,
        "blocks_now": row.now,
        "failed_on": test.pulls,
        "fails": test.fails,
        "passes": test.passes,
        "no_verdict": test.unclear,
        "run_again": test.again,
        "helped": test.helped,
        "fail_share_between": [round(low, 4), round(high, 4)],
    }


def _qualifiers(community: Community) -> tuple[Qualifier[PullTest], ...]:
    """Return what can be asked of the tests besides their names."""
    return (
        required_qualifier(lambda test: test.is_required),
        *job_qualifiers(community, lambda test: test.name),
    )


def _asked(query: Mapping[str, str], community: Community) -> Asked:
    words = Choices(query)
    windows = (*WINDOWS, IN_FILES)
    window = words.of("w", windows, USUAL, "is no window here; the last 7 days are shown.")
    sort = words.of("s", SORTS, "blocks", "is no order; what blocks most comes first.")
    page = words.page()
    asked = read_filter(query.get("q", ""), _qualifiers(community))
    return Asked(
        filter=asked,
        is_required=words.has("required"),
        is_all=words.has("all"),
        window=window,
        sort=sort,
        page=page,
        selected=query.get("sel", ""),
        notes=(*asked.notes, *words.notes),
    )


def _verdict(tests: list[PullTest], when: str) -> str:
    if not tests:
        return f"No test has run in a pull request {when}."
    blocking = [test for test in tests if test.blocked]
    pulls = {(test.repo, number) for test in blocking for number in test.pulls}
    again = sum(test.again for test in tests)
    helped = sum(test.helped for test in tests)
    reruns = f" Running again helped in {helped} of {again} cases." if again else ""
    if not blocking:
        return f"No required test failed in the end in a pull request {when}.{reruns}"
    return (
        f"{counted(len(blocking), 'required test')} blocked {counted(len(pulls), 'pull request')} "
        f"{when}.{reruns}"
    )


def _row(test: PullTest, asked: Asked, now: int, knowledge: Knowledge) -> Row:
    path, _, leaf = test.full.rpartition(" / ")
    total = test.fails + test.passes
    low, high = bounds(test.fails, total)
    pulls = _pulls(test.repo, test.pulls, knowledge, is_known=asked.window != IN_FILES)
    is_selected = asked.selected == test.full
    return Row(
        test=test,
        path=f"{path} / " if path else "",
        leaf=leaf,
        link=asked.link(sel="" if is_selected else test.full),
        now=now,
        share=f"{test.fails / total * 100:.0f} %" if total else "–",
        within=f"{low * 100:.0f} to {high * 100:.0f} %" if total else "",
        pulls=pulls[:PULLS_SHOWN],
        more=max(0, len(pulls) - PULLS_SHOWN),
    )


def _pulls(
    repo: Repo, numbers: Iterable[PullNumber], knowledge: Knowledge, *, is_known: bool
) -> tuple[tuple[PullNumber, str], ...]:
    """Return pull requests, each with the address of its page; of one that only a file tells of, on GitHub."""
    if not is_known:
        return tuple((number, pull_url(repo, number, knowledge.github_url)) for number in numbers)
    return tuple((number, pull_address(knowledge.community, repo, number)) for number in numbers)


def _failed(failure: Failure, knowledge: Knowledge) -> Failed:
    pulls = _pulls(failure.repo, failure.numbers, knowledge, is_known=bool(failure.sha))
    url = f"{knowledge.github_url}/{failure.repo}/actions/runs/{failure.run_id}"
    if not failure.run_id:
        url = f"{pulls[0][1]}/checks"
    elif failure.last.job_id:
        url = f"{url}/job/{failure.last.job_id}"
    return Failed(failure=failure, pulls=pulls, url=url)


WORDS = (
    Word(name="q", meaning="Words of names, and what else is asked of the tests: see the page."),
    Word(
        name="w",
        meaning="How far back; `files` is what only imported files tell.",
        values=(*WINDOWS, IN_FILES),
    ),
    Word(name="s", meaning="In which order.", values=tuple(SORTS)),
    PAGE,
    Word(name="required", meaning="Only what is required.", values=("", "1")),
    Word(name="all", meaning="Also what never failed.", values=("", "1")),
    Word(name="sel", meaning="The full name of the row that is opened."),
)
"""What the page can be asked."""
VIEW = View(
    address="pr-tests",
    html=lambda seen, query: render_pr_tests(
        seen.knowledge, seen.results(), seen.queue(), query, viewer=seen.viewer
    ),
    json=lambda seen, query: pr_tests_json(seen.knowledge, seen.results(), seen.queue(), query),
    document=PullTestsDocument,
    words=WORDS,
    rows=rows_under("rows"),
)
