"""The ledger of flaky tests: what failed and passed on the same commit, how often, where, and does a rerun help?

Whoever is held up by a test, or decides what becomes of it, opens this. It is filtered, sorted and cut into pages on
the server; all of its state is in its address, and each row leads to the runs that prove it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypedDict
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from chatops.answers.flaky import FlakyTest, Ledger, Where, ledger
from chatops.answers.run_history import RunHistory
from chatops.answers.same_commit import Sighting
from chatops.answers.shares import bounds, within
from chatops.config import Community
from chatops.engine.answer import said_as
from chatops.engine.clock import moment
from chatops.engine.command import Knowledge
from chatops.names import PullNumber
from chatops.pages.pull import pull_address
from chatops.views.addresses import Place, slug
from chatops.views.filters import Filter, Qualifier, read_filter
from chatops.views.job_filters import job_qualifiers, required_qualifier
from chatops.views.listing import PAGE, Choices, cut, question
from chatops.views.night_traits import MUTED
from chatops.views.nightly_detail import MUTE, Owners, owners_of
from chatops.views.page import Viewer, render, sign_in_address, took
from chatops.views.table import rows_under
from chatops.views.view import View, Word, page_size

ON_A_PAGE = 50
LONGEST = 500
EVIDENCE_SHOWN = 50
PULLS_SHOWN = 6
SHA_SHOWN = 9
WINDOWS = {"1w": 1, "4w": 4, "13w": 13}
USUAL = "4w"
WINDOW_WORDS = {"1w": "this week", "4w": "4 weeks", "13w": "13 weeks"}
WHERE_WORDS = {
    Where.ANYWHERE: "anywhere",
    Where.NIGHTS: "in nights",
    Where.PULLS: "in pull requests",
}
SORTS: Mapping[str, tuple[str, Callable[[FlakyTest], Any]]] = {
    "cost": ("most time spent again", lambda test: (-test.seconds, -len(test.flakes), test.full)),
    "times": ("most often", lambda test: (-len(test.flakes), -test.seconds, test.full)),
    "newest": ("seen last", lambda test: (-test.last_at.timestamp(), test.full)),
    "oldest": ("seen first", lambda test: (test.first_at.timestamp(), test.full)),
    "name": ("by name", lambda test: (test.name, test.workflow)),
}


class Asked(Struct, frozen=True, kw_only=True):
    """What the address asks for; whatever it cannot mean is left out and said in `notes`."""

    filter: Filter[FlakyTest]
    where: Where
    is_required: bool
    is_unmuted: bool
    window: str
    sort: str
    page: int
    selected: str
    notes: tuple[str, ...]

    @property
    def is_filtered(self) -> bool:
        """Return whether any test is left out."""
        return bool(self.text or self.is_required or self.is_unmuted)

    @property
    def text(self) -> str:
        """Return what stands in the box."""
        return self.filter.text

    def shows(self, test: FlakyTest) -> bool:
        """Return whether the filter lets a test through."""
        return (
            self.filter.lets(test.full, test)
            and (test.is_required or not self.is_required)
            and (test.mute is None or not self.is_unmuted)
        )

    def link(self, **changes: str) -> str:
        """Return the address of this list with something changed, from its first page on."""
        return question(
            {
                "q": self.text,
                "where": "" if self.where is Where.ANYWHERE else self.where.value,
                "required": "1" if self.is_required else "",
                "unmuted": "1" if self.is_unmuted else "",
                "w": "" if self.window == USUAL else self.window,
                "s": "" if self.sort == "cost" else self.sort,
                **changes,
            }
        )


class Row(Struct, frozen=True, kw_only=True):
    """One test of the list. `pulls` are those in which it flaked, with the address of each."""

    test: FlakyTest
    path: str
    leaf: str
    address: str
    evidence: str
    newest_run: str
    helped: str
    share: str
    spent: str
    pulls: tuple[tuple[PullNumber, str], ...]
    more: int
    owners: Owners
    say: str
    say_address: str

    @property
    def groups(self) -> str:
        """Return who looks after it, in short."""
        return ", ".join(group for group, _ in self.owners)


class Tried(Struct, frozen=True, kw_only=True):
    """One try on a commit: how it ended, and the page of its run."""

    mark: str
    words: str
    address: str


class Proof(Struct, frozen=True, kw_only=True):
    """One commit on which the selected test failed and passed."""

    at: datetime
    where: str
    pulls: tuple[tuple[PullNumber, str], ...]
    sha: str
    commit: str
    commit_url: str
    tries: tuple[Tried, ...]
    spent: str


class Listed(Struct, frozen=True, kw_only=True):
    """One page of the list, and what proves that the selected test is flaky."""

    asked: Asked
    ledger: Ledger
    rows: tuple[Row, ...]
    selected: Row | None
    proofs: tuple[Proof, ...]
    more_proofs: int
    found: int
    newer: str
    older: str


class FlakyTold(TypedDict):
    """One test that failed and passed on the same commit."""

    repository: str
    workflow: str
    name: str
    page: str
    is_required: bool
    muted_until: datetime | None
    owners: Sequence[str]
    flakes: int
    in_nights: int
    in_pull_requests: int
    pull_requests: Sequence[int]
    runs: int
    run_again: int
    helped: int
    helped_between: Sequence[float] | None
    seconds_spent_again: int
    first_seen: datetime
    last_seen: datetime
    newest_run: str


class TryTold(TypedDict):
    """One try of a proof."""

    said: str
    page: str


class ProofTold(TypedDict):
    """One commit on which a test failed and passed."""

    at: datetime
    where: str
    pull_requests: Sequence[int]
    sha: str | None
    tries: Sequence[TryTold]


class ProvenTold(FlakyTold):
    """The test that is opened, with its proofs."""

    proofs: Sequence[ProofTold]
    more_proofs: int


class FlakyDocument(TypedDict):
    """The ledger of flaky tests."""

    verdict: str
    since: date
    where: Where
    heard_at: datetime | None
    is_cut: bool
    nights: int
    nights_in_files: int
    not_counted: str | None
    heads: int
    run_again: int
    helped: int
    tests: int
    found: int
    rows: Sequence[FlakyTold]
    selected: ProvenTold | None
    notes: Sequence[str]
    newer: str | None
    older: str | None


def listed(knowledge: Knowledge, history: RunHistory, query: Mapping[str, str]) -> Listed:
    """Return the page of the list that an address asks for."""
    asked, size = _asked(query, knowledge.community), page_size(query, ON_A_PAGE)
    found = ledger(knowledge, history, weeks=WINDOWS[asked.window], where=asked.where)
    chosen = sorted(filter(asked.shows, found.tests), key=SORTS[asked.sort][1])
    page = cut(chosen, asked.page, size, asked.link)
    selected = next((test for test in found.tests if asked.selected == test.full), None)
    proven = selected.flakes if selected is not None else ()
    return Listed(
        asked=asked,
        ledger=found,
        rows=tuple(_row(test, asked, knowledge) for test in page.rows),
        selected=_row(selected, asked, knowledge) if selected is not None else None,
        proofs=tuple(_proof(one, knowledge) for one in proven[:EVIDENCE_SHOWN]),
        more_proofs=max(0, len(proven) - EVIDENCE_SHOWN),
        found=len(chosen),
        newer=page.newer,
        older=page.older,
    )


def render_flaky(
    knowledge: Knowledge,
    history: RunHistory,
    query: Mapping[str, str],
    *,
    viewer: Viewer = Viewer.ANYBODY,
) -> str:
    """Return the page."""
    page = listed(knowledge, history, query)

    def mute_address(row: Row) -> str:
        """Return where whoever looks can say it: after signing in, or, where nobody can, in words to copy."""
        match viewer:
            case Viewer.SIGNED_IN:
                return row.say_address
            case Viewer.STRANGER:
                form = f"/{knowledge.community.key}/{row.say_address}"
                return sign_in_address(knowledge.base_url, form)
            case Viewer.ANYBODY | Viewer.LOOKING_BACK:
                return page.asked.link(sel=row.test.full)

    return render(
        "flaky.html",
        name=knowledge.community.title,
        here="flaky",
        up="",
        viewer=viewer,
        sign_in=sign_in_address(
            knowledge.base_url,
            f"/{knowledge.community.key}/flaky{page.asked.link(sel=page.asked.selected)}".removesuffix("?"),
        ),
        page=page,
        mute_address=mute_address,
        heard_at=history.heard_at,
        is_cut=history.is_cut,
        now=history.now,
        windows=list(WINDOW_WORDS.items()),
        places=[(where.value, word) for where, word in WHERE_WORDS.items()],
        sorts=[(key, word) for key, (word, _) in SORTS.items()],
        is_unknown=bool(page.asked.selected) and page.selected is None,
    )  # fmt: skip


def flaky_json(knowledge: Knowledge, history: RunHistory, query: Mapping[str, str]) -> str:
    """Return the same for programs."""
    page = listed(knowledge, history, query)
    found = page.ledger
    told: FlakyDocument = {
        "verdict": found.verdict,
        "since": found.since,
        "where": found.where,
        "heard_at": history.heard_at,
        "is_cut": history.is_cut,
        "nights": found.nights,
        "nights_in_files": found.in_files,
        "not_counted": found.not_counted or None,
        "heads": found.heads,
        "run_again": found.again,
        "helped": found.helped,
        "tests": len(found.tests),
        "found": page.found,
        "rows": [_row_json(row) for row in page.rows],
        "selected": None
        if page.selected is None
        else {
            **_row_json(page.selected),
            "proofs": [
                {
                    "at": one.at,
                    "where": one.where,
                    "pull_requests": [number for number, _ in one.pulls],
                    "sha": one.sha or None,
                    "tries": [{"said": tried.words, "page": tried.address} for tried in one.tries],
                }
                for one in page.proofs
            ],
            "more_proofs": page.more_proofs,
        },
        "notes": page.asked.notes,
        "newer": page.newer or None,
        "older": page.older or None,
    }
    return msgspec.json.encode(told).decode()


def _row_json(row: Row) -> FlakyTold:
    test = row.test
    low, high = bounds(test.helped, test.again)
    return {
        "repository": test.repo,
        "workflow": test.workflow,
        "name": test.name,
        "page": row.address,
        "is_required": test.is_required,
        "muted_until": test.mute.until if test.mute else None,
        "owners": [group for group, _ in row.owners],
        "flakes": len(test.flakes),
        "in_nights": test.in_nights,
        "in_pull_requests": test.in_pulls,
        "pull_requests": test.pulls,
        "runs": test.runs,
        "run_again": test.again,
        "helped": test.helped,
        "helped_between": [round(low, 4), round(high, 4)] if test.again else None,
        "seconds_spent_again": test.seconds,
        "first_seen": test.first_at,
        "last_seen": test.last_at,
        "newest_run": row.newest_run,
    }


def _qualifiers(community: Community) -> tuple[Qualifier[FlakyTest], ...]:
    """Return what can be asked of the tests besides their names."""
    return (
        required_qualifier(lambda test: test.is_required),
        Qualifier(
            name="is",
            read=lambda test: (MUTED,) if test.mute is not None else (),
            choices=(MUTED,),
        ),
        *job_qualifiers(community, lambda test: test.name),
    )


def _asked(query: Mapping[str, str], community: Community) -> Asked:
    words = Choices(query)
    where = words.of("where", list(Where), Where.ANYWHERE, "is no place here; all are shown.")
    window = words.of("w", WINDOWS, USUAL, "is no window here; the last 4 weeks are shown.")
    sort = words.of("s", SORTS, "cost", "is no order; what costs most comes first.")
    page = words.page()
    asked = read_filter(query.get("q", ""), _qualifiers(community))
    return Asked(
        filter=asked,
        where=Where(where),
        is_required=words.has("required"),
        is_unmuted=words.has("unmuted"),
        window=window,
        sort=sort,
        page=page,
        selected=query.get("sel", ""),
        notes=(*asked.notes, *words.notes),
    )


def _row(test: FlakyTest, asked: Asked, knowledge: Knowledge) -> Row:
    community = knowledge.community
    path, _, leaf = test.full.rpartition(" / ")
    place = Place(repo=test.repo, workflow=test.workflow, name=test.name)
    pulls = _pulls(test.flakes, knowledge)
    # Whoever mutes means a job of the nights.
    is_to_mute = test.is_nightly and test.mute is None and MUTE in knowledge.commands
    said = f"/{said_as(MUTE, (test.name,))} for 7d " if is_to_mute else ""
    is_selected = asked.selected == test.full
    return Row(
        test=test,
        path=f"{path} / " if path else "",
        leaf=leaf,
        address=f"tests/{slug(place, community.repositories[0])}",
        evidence=asked.link(sel="" if is_selected else test.full),
        newest_run=_run_address(test.flakes[0]),
        helped=within(test.helped, test.again) if test.again else "",
        share=within(len(test.flakes), test.runs) if len(test.flakes) <= test.runs else "",
        spent=took(timedelta(seconds=test.seconds)) if test.seconds else "",
        pulls=pulls[:PULLS_SHOWN],
        more=max(0, len(pulls) - PULLS_SHOWN),
        owners=owners_of(community, test.name, knowledge.github_url),
        say=said and f"{said}REASON",
        say_address=said
        and f"commands?{urlencode({'say': said, 'repo': test.repo}, quote_via=quote)}",
    )


def _run_address(one: Sighting) -> str:
    return f"runs/{one.tries[-1].run_id}"


def _pulls(flakes: Iterable[Sighting], knowledge: Knowledge) -> tuple[tuple[PullNumber, str], ...]:
    """Return the pull requests of some commits, each once, with the address of its page."""
    found = {
        number: pull_address(knowledge.community, one.repo, number)
        for one in flakes
        for number in one.numbers
    }
    return tuple(found.items())


def _proof(one: Sighting, knowledge: Knowledge) -> Proof:
    created = one.created_at
    return Proof(
        at=one.at,
        where=f"night of {created:%a} {created.day} {created:%b}" if one.is_night else "",
        pulls=_pulls([one], knowledge),
        sha=one.sha,
        commit=one.sha[:SHA_SHOWN],
        commit_url=f"{knowledge.github_url}/{one.repo}/commit/{one.sha}" if one.sha else "",
        tries=tuple(
            Tried(
                mark="p" if tried.has_passed else "f",
                words=_tried(tried.attempt, tried.started_s, has_passed=tried.has_passed),
                address=f"runs/{tried.run_id}{f'/{tried.attempt}' if tried.attempt else ''}",
            )
            for tried in one.tries
        ),
        spent=took(timedelta(seconds=one.seconds)) if one.seconds else "",
    )


def _tried(attempt: int, started_s: int | None, *, has_passed: bool) -> str:
    word = "passed" if has_passed else "failed"
    began = moment(started_s)
    which = f"attempt {attempt}" if attempt else "another run"
    return f"{which}: {word}{f', {began:%H:%M} UTC' if began else ''}"


WORDS = (
    Word(name="q", meaning="Words of names, and what else is asked of the tests: see the page."),
    Word(name="where", meaning="Where they were seen to be flaky.", values=tuple(Where)),
    Word(name="w", meaning="How far back.", values=tuple(WINDOWS)),
    Word(name="s", meaning="In which order.", values=tuple(SORTS)),
    PAGE,
    Word(name="required", meaning="Only what is required.", values=("", "1")),
    Word(name="unmuted", meaning="Only what nobody has muted.", values=("", "1")),
    Word(name="sel", meaning="The full name of the row that is opened."),
)
"""What the page can be asked."""
VIEW = View(
    address="flaky",
    html=lambda seen, query: render_flaky(
        seen.knowledge, seen.history(), query, viewer=seen.viewer
    ),
    json=lambda seen, query: flaky_json(seen.knowledge, seen.history(), query),
    document=FlakyDocument,
    words=WORDS,
    rows=rows_under("rows"),
)
