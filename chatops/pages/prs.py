"""The open pull requests by what blocks them: what failed, what waits for somebody, what runs, what is ready.

Maintainers open it to see where they are needed. All of its state is in its address; it is sorted and cut into pages
on the server, and the numbers above the list count the whole of it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

import msgspec
from msgspec import Struct

from chatops.answers.blocked_by import Blocker
from chatops.answers.nights import counted
from chatops.answers.open_queue import Queue, Queued
from chatops.engine.command import Knowledge
from chatops.pages.pull import pull_address
from chatops.views.listing import PAGE, Choices, cut, question
from chatops.views.page import Viewer, render, shortened, sign_in_address
from chatops.views.table import rows_under
from chatops.views.view import View, Word, page_size

ON_A_PAGE = 50
LONGEST = 100
MOST_OFFERED = 200
MARKS = {
    Blocker.FAILED: "f",
    Blocker.WAITING: "h",
    Blocker.MISSING: "n",
    Blocker.RUNNING: "w",
    Blocker.NOTHING: "p",
    Blocker.DRAFT: "s",
    Blocker.UNKNOWN: "u",
}
"""The class of a kind; the style sheet gives it glyph and colour."""
WORDS = {
    Blocker.FAILED: "failed",
    Blocker.WAITING: "waiting for somebody",
    Blocker.MISSING: "not reported",
    Blocker.RUNNING: "running",
    Blocker.NOTHING: "nothing in the way",
    Blocker.DRAFT: "draft",
    Blocker.UNKNOWN: "not known",
}
ORDER = tuple(MARKS)


def _changed(row: Queued) -> float:
    return row.pull.updated_at.timestamp() if row.pull.updated_at is not None else 0.0


SORTS: Mapping[str, tuple[str, Callable[[Queued], Any]]] = {
    "changed": ("changed last", lambda row: -_changed(row)),
    "oldest": ("changed longest ago", _changed),
    "number": ("newest first", lambda row: -row.pull.number),
    "blocked": ("by what blocks it", lambda row: (ORDER.index(row.blocked.by), -_changed(row))),
    "reruns": ("most reruns", lambda row: (-row.reruns, -_changed(row))),
}


class Asked(Struct, frozen=True, kw_only=True):
    """What the address asks for; whatever it cannot mean is left out and said in `notes`."""

    author: str
    label: str
    blocked: Blocker | None
    sort: str
    page: int
    notes: tuple[str, ...]

    @property
    def is_filtered(self) -> bool:
        """Return whether anything is left out."""
        return bool(self.author or self.label or self.blocked)

    def is_near(self, row: Queued) -> bool:
        """Return whether a pull request is meant, by whatever it is blocked."""
        labels = {label.lower() for label in row.pull.labels}
        return (not self.author or row.pull.author.lower() == self.author.lower()) and (
            not self.label or self.label.lower() in labels
        )

    def link(self, **changes: str) -> str:
        """Return the address of this list with something changed, from its first page on."""
        return question(
            {
                "author": self.author,
                "label": self.label,
                "blocked": self.blocked or "",
                "s": "" if self.sort == "changed" else self.sort,
                **changes,
            }
        )


class Row(Struct, frozen=True, kw_only=True):
    """One pull request of the list."""

    queued: Queued
    name: str
    title: str
    address: str
    mark: str
    word: str
    what: str


class Listed(Struct, frozen=True, kw_only=True):
    """One page of the list, with how many there are of each kind, and the ways to the next pages."""

    asked: Asked
    rows: tuple[Row, ...]
    counts: Mapping[Blocker, int]
    found: int
    pages: int
    newer: str
    older: str


class PullTold(TypedDict):
    """One open pull request."""

    repository: str
    number: int
    title: str
    author: str
    labels: Sequence[str]
    sha: str
    updated_at: datetime | None
    blocked_by: Blocker
    missing: Sequence[str]
    failing: Sequence[str]
    required: int
    passed: int
    failed: int
    running: int
    reruns: int
    page: str


class PullsDocument(TypedDict):
    """The open pull requests, and by what they are blocked."""

    verdict: str
    heard_at: datetime | None
    open: int
    found: int
    blocked_by: Mapping[str, int]
    pull_requests: Sequence[PullTold]
    notes: Sequence[str]
    newer: str | None
    older: str | None


def listed(knowledge: Knowledge, queue: Queue, query: Mapping[str, str]) -> Listed:
    """Return the page of the list that an address asks for."""
    asked, size = _asked(query), page_size(query, ON_A_PAGE)
    near = [row for row in queue.rows if asked.is_near(row)]
    kinds = Counter(row.blocked.by for row in near)
    chosen = [row for row in near if asked.blocked in (None, row.blocked.by)]
    chosen.sort(key=SORTS[asked.sort][1])
    page = cut(chosen, asked.page, size, asked.link)
    return Listed(
        asked=asked,
        rows=tuple(_row(row, knowledge) for row in page.rows),
        counts={kind: kinds[kind] for kind in ORDER if kinds[kind]},
        found=len(chosen),
        pages=page.pages,
        newer=page.newer,
        older=page.older,
    )


def verdict(queue: Queue) -> str:
    """Return the open pull requests in a sentence."""
    total, kinds = len(queue.rows), Counter(row.blocked.by for row in queue.rows)
    if not total:
        return "No pull request is open."
    said = [
        f"{kinds[kind]} {one if kinds[kind] == 1 else many}"
        for kind, one, many in (
            (Blocker.FAILED, "failed a required check", "failed a required check"),
            (Blocker.WAITING, "waits for somebody", "wait for somebody"),
            (Blocker.MISSING, "misses a required check", "miss a required check"),
            (Blocker.RUNNING, "is still running", "are still running"),
            (Blocker.NOTHING, "has nothing in the way", "have nothing in the way"),
            (Blocker.DRAFT, "is a draft", "are drafts"),
            (Blocker.UNKNOWN, "cannot be judged", "cannot be judged"),
        )
        if kinds[kind]
    ]
    are = "is" if total == 1 else "are"
    return f"{counted(total, 'pull request')} {are} open: {_joined(said)}."


def _joined(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def render_prs(
    knowledge: Knowledge,
    queue: Queue,
    query: Mapping[str, str],
    *,
    viewer: Viewer = Viewer.ANYBODY,
) -> str:
    """Return the page."""
    page = listed(knowledge, queue, query)
    rows = queue.rows
    return render(
        "prs.html",
        name=knowledge.community.title,
        here="prs",
        up="",
        viewer=viewer,
        sign_in=sign_in_address(
            knowledge.base_url,
            f"/{knowledge.community.key}/prs{page.asked.link()}".removesuffix("?"),
        ),
        page=page,
        verdict=verdict(queue),
        total=len(rows),
        heard_at=queue.heard_at,
        now=queue.now,
        kinds=[
            (MARKS[kind], number, WORDS[kind], page.asked.link(blocked=kind), kind)
            for kind, number in page.counts.items()
        ],
        authors=sorted({row.pull.author for row in rows}, key=str.lower)[:MOST_OFFERED],
        labels=sorted({label for row in rows for label in row.pull.labels})[:MOST_OFFERED],
        choices=[(kind.value, WORDS[kind]) for kind in ORDER],
        sorts=[(key, word) for key, (word, _) in SORTS.items()],
    )


def prs_json(knowledge: Knowledge, queue: Queue, query: Mapping[str, str]) -> str:
    """Return the same for programs."""
    page = listed(knowledge, queue, query)
    told: PullsDocument = {
        "verdict": verdict(queue),
        "heard_at": queue.heard_at,
        "open": len(queue.rows),
        "found": page.found,
        "blocked_by": {kind.value: number for kind, number in page.counts.items()},
        "pull_requests": [
            {
                "repository": row.queued.pull.repo,
                "number": row.queued.pull.number,
                "title": row.queued.pull.title,
                "author": row.queued.pull.author,
                "labels": row.queued.pull.labels,
                "sha": row.queued.pull.sha,
                "updated_at": row.queued.pull.updated_at,
                "blocked_by": row.queued.blocked.by,
                "missing": row.queued.blocked.all,
                "failing": row.queued.failing,
                "required": row.queued.required,
                "passed": row.queued.passed,
                "failed": row.queued.failed,
                "running": row.queued.running,
                "reruns": row.queued.reruns,
                "page": row.address,
            }
            for row in page.rows
        ],
        "notes": page.asked.notes,
        "newer": page.newer or None,
        "older": page.older or None,
    }
    return msgspec.json.encode(told).decode()


def _asked(query: Mapping[str, str]) -> Asked:
    words = Choices(query)
    blocked = words.of(
        "blocked", list(Blocker), "", "is nothing that blocks; all pull requests are shown."
    )
    sort = words.of("s", SORTS, "changed", "is no order; what changed last comes first.")
    return Asked(
        author=_line(query.get("author", "")).removeprefix("@"),
        label=_line(query.get("label", "")),
        blocked=Blocker(blocked) if blocked else None,
        sort=sort,
        page=words.page(),
        notes=tuple(words.notes),
    )


def _line(text: str) -> str:
    """Return text on one line, without what nobody sees."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text[:LONGEST])
    return " ".join(printable.split())


def _row(row: Queued, knowledge: Knowledge) -> Row:
    """Return a pull request as the list shows it; where there is one repository, nobody needs its name."""
    community, pull = knowledge.community, row.pull
    repo = pull.repo if len(community.repositories) > 1 else ""
    return Row(
        queued=row,
        name=f"{repo}#{pull.number}",
        title=shortened(pull.title),
        address=pull_address(community, pull.repo, pull.number),
        mark=MARKS[row.blocked.by],
        word=WORDS[row.blocked.by],
        what="; ".join(row.blocked.all),
    )


ASKED = (
    Word(name="author", meaning="A login."),
    Word(name="label", meaning="A label they carry."),
    Word(name="blocked", meaning="By what they are blocked.", values=tuple(Blocker)),
    Word(name="s", meaning="In which order.", values=tuple(SORTS)),
    PAGE,
)
"""What the page can be asked."""
VIEW = View(
    address="prs",
    html=lambda seen, query: render_prs(seen.knowledge, seen.queue(), query, viewer=seen.viewer),
    json=lambda seen, query: prs_json(seen.knowledge, seen.queue(), query),
    document=PullsDocument,
    words=ASKED,
    rows=rows_under("pull_requests"),
)
