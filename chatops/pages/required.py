"""What is required: each check with how it does, what no run produces, how the list changed, and what could change.

Maintainers open it before they change the list, and take the evidence for it with them: what the community's own rules
propose stands there as text to copy into a pull request.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypedDict

import msgspec
from markupsafe import Markup
from msgspec import Struct

from chatops.answers.nights import NightBoard, counted
from chatops.answers.owner_groups import is_failing
from chatops.answers.pull_results import PullResults
from chatops.answers.required_candidates import (
    Broken,
    Candidate,
    Candidates,
    required_candidates,
)
from chatops.answers.required_list import (
    ALWAYS,
    RECENT,
    Change,
    ListOf,
    Missing,
    Required,
    RequiredLists,
    required_lists,
)
from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.pages.people import test_address
from chatops.views.addresses import Place, slug
from chatops.views.evidence import day, moment, to_leave, to_require
from chatops.views.feed import Entry, Feed
from chatops.views.filters import Filter, Qualifier, read_filter
from chatops.views.job_filters import job_qualifiers
from chatops.views.listing import question
from chatops.views.night_traits import STATUSES
from chatops.views.nightly_detail import MARKS
from chatops.views.page import Viewer, render, shortened, sign_in_address, took
from chatops.views.table import rows_under
from chatops.views.view import Query, Seen, View, Word

LONGEST = 200
CANDIDATES_SHOWN = 25
CHANGES_SHOWN = 30
MINUTE = 60
STRIPS_KEPT = 512
EVERY_SET = "*"
"""Says in an address that checks of all sets are meant; what is always required has no set."""


def _worst(one: Required) -> tuple[object, ...]:
    test = one.test
    failing = test is not None and is_failing(test)
    fails = 0 if test is None else test.fails
    return not failing, -fails, -(one.in_pulls.fails if one.in_pulls else 0), one.name


SORTS: Mapping[str, tuple[str, Callable[[Required], Any]]] = {
    "worst": ("worst first", _worst),
    "list": ("as in the list", lambda _: ()),
    "name": ("by name", lambda one: (one.job, one.name)),
    "reruns": ("most reruns", lambda one: (-(one.in_pulls.again if one.in_pulls else 0), one.name)),
}


class Asked(Struct, frozen=True, kw_only=True):
    """What the address asks for; whatever it cannot mean is left out and said in `notes`."""

    filter: Filter[Required]
    of: str
    sort: str
    is_unowned: bool
    notes: tuple[str, ...]

    @property
    def is_filtered(self) -> bool:
        """Return whether anything is left out."""
        return bool(self.text or self.of != EVERY_SET or self.is_unowned)

    @property
    def text(self) -> str:
        """Return what stands in the box."""
        return self.filter.text

    def has(self, one: Required) -> bool:
        """Return whether a check is meant."""
        return (
            self.filter.lets(one.name, one)
            and (self.of == EVERY_SET or self.of in one.sets)
            and not (self.is_unowned and one.groups)
        )

    def link(self) -> str:
        """Return the part of the address that says all this."""
        return question(
            {
                "q": self.text,
                "set": "" if self.of == EVERY_SET else self.of or "always",
                "s": "" if self.sort == "worst" else self.sort,
                "unowned": "1" if self.is_unowned else "",
            }
        ).removesuffix("?")


class Row(Struct, frozen=True, kw_only=True):
    """One required check."""

    required: Required
    path: str
    leaf: str
    address: str
    mark: str
    word: str
    strip: Markup
    sets: str
    nights: str
    pulls: str


class Proposed(Struct, frozen=True, kw_only=True):
    """A change that the community's rules propose, with its evidence as Markdown."""

    name: str
    address: str
    words: str
    misses: str
    evidence: str


class SetTold(TypedDict):
    """A set of the list."""

    name: str
    names: Sequence[str]
    labels: Sequence[str]


class PathTold(TypedDict):
    """Which sets are needed where a path is changed."""

    pattern: str
    sets: Sequence[str]


class PatternTold(TypedDict):
    """A pattern of the list, and how many checks it means."""

    pattern: str
    set: str | None
    means: int


class ListTold(TypedDict):
    """The list of a repository as it is now."""

    repository: str
    branch: str
    origin: str
    since: datetime | None
    names: int
    always: Sequence[str]
    sets: Sequence[SetTold]
    paths: Sequence[PathTold]
    patterns: Sequence[PatternTold]


class CheckTold(TypedDict):
    """One required check, and how it did."""

    repository: str
    name: str
    sets: Sequence[str | None]
    state: str | None
    recent_passed: int
    recent_counted: int
    streak: int | None
    nights_passed: int | None
    nights_counted: int | None
    pulls_passed: int | None
    pulls_failed: int | None
    run_again: int | None
    helped: int | None
    groups: Sequence[str]
    page: str | None


class MissingTold(TypedDict):
    """A required check that no run produces."""

    repository: str
    name: str
    runs_of_its_workflow: int
    runs: int
    last_run: int | None
    last_at: datetime | None
    begin_alike: Sequence[str]
    in_the_nightly: bool


class RulesTold(TypedDict):
    """The community's rules for its list."""

    nights: int
    nights_again: int
    working_days: int


class CandidateTold(TypedDict):
    """A test that could be required."""

    name: str
    clean_nights: int
    nights_without_verdict: int
    required_until: datetime | None
    lacks: Sequence[str]
    evidence: str


class BrokenTold(TypedDict):
    """A required test that has been broken for too long, or soon will have been."""

    name: str
    nights: int
    since: str
    until: datetime | None
    is_due: bool
    evidence: str


class ChangeTold(TypedDict):
    """One change of a list."""

    repository: str
    seen_at: datetime
    names: int
    is_first: bool
    added: Sequence[str]
    removed: Sequence[str]
    path_rules_added: Sequence[str]
    path_rules_removed: Sequence[str]
    labels_changed: bool


class RequiredDocument(TypedDict):
    """What is required, how that changed, and what should change."""

    verdict: str
    heard_at: datetime | None
    runs_of_pull_requests: int
    required: int
    found: int
    lists: Sequence[ListTold]
    checks: Sequence[CheckTold]
    missing: Sequence[MissingTold]
    rules: RulesTold
    could_be_required: int
    candidates: Sequence[CandidateTold]
    broken: Sequence[BrokenTold]
    history: Sequence[ChangeTold]
    notes: Sequence[str]


def verdict(lists: RequiredLists, found: Candidates) -> str:
    """Return what is required and what has to be looked at, in a sentence or two."""
    if not lists.lists:
        return "Nobody has told what is required here."
    required = lists.required
    failing = sum(one.test is not None and is_failing(one.test) for one in required)
    tested = sum(one.test is not None for one in required)
    said = f"{counted(len(required), 'check')} {'is' if len(required) == 1 else 'are'} required"
    said += (
        f"; {failing} of the {tested} in the nightly {'fails' if failing == 1 else 'fail'}."
        if tested
        else "."
    )
    unowned = sum(not one.groups for one in required)
    more = [
        f"no run produces {len(lists.missing)}" if lists.missing else "",
        f"nobody looks after {unowned}" if unowned else "",
        f"{len(found.to_require)} more could be required" if found.to_require else "",
        _too_long(sum(one.is_due for one in found.broken)),
    ]
    told = [one for one in more if one]
    if not told:
        return said
    sentence = ", ".join(told)
    return f"{said} {sentence[0].upper()}{sentence[1:]}."


def _too_long(due: int) -> str:
    if not due:
        return ""
    return f"{due} {'has' if due == 1 else 'have'} been broken for too long"


def render_required(
    knowledge: Knowledge,
    board: NightBoard,
    results: PullResults,
    query: Mapping[str, str],
    *,
    viewer: Viewer = Viewer.ANYBODY,
) -> str:
    """Return the page."""
    lists = required_lists(knowledge, board, results)
    found = required_candidates(knowledge, board, results, lists)
    asked = _asked(query, lists, knowledge.community)
    chosen, changes = _chosen(lists, asked), _changes(lists)
    return render(
        "required.html",
        name=knowledge.community.title,
        here="required",
        up="",
        viewer=viewer,
        sign_in=sign_in_address(
            knowledge.base_url, f"/{knowledge.community.key}/required{asked.link()}"
        ),
        lists=lists,
        verdict=verdict(lists, found),
        is_stale=board.is_stale,
        asked=asked,
        sets=[("always", "always required"), *((one, one) for one in _sets(lists) if one)],
        sorts=[(key, word) for key, (word, _) in SORTS.items()],
        rows=[_row(one, board, knowledge) for one in chosen],
        total=len(lists.required),
        days=len(results.days),
        missing=[_missing_words(one) for one in lists.missing],
        practice=found.practice,
        candidates=[_to_require(one, knowledge) for one in found.to_require[:CANDIDATES_SHOWN]],
        candidates_more=max(0, len(found.to_require) - CANDIDATES_SHOWN),
        broken=[_to_leave(one, knowledge) for one in found.broken],
        changes=changes[:CHANGES_SHOWN],
        changes_more=max(0, len(changes) - CHANGES_SHOWN),
        is_cut=any(of.is_cut for of in lists.lists),
        has_several=len(lists.lists) > 1,
        always=ALWAYS,
    )


def required_json(
    knowledge: Knowledge, board: NightBoard, results: PullResults, query: Mapping[str, str]
) -> str:
    """Return the same for programs."""
    lists = required_lists(knowledge, board, results)
    found = required_candidates(knowledge, board, results, lists)
    asked = _asked(query, lists, knowledge.community)
    chosen = _chosen(lists, asked)
    told: RequiredDocument = {
        "verdict": verdict(lists, found),
        "heard_at": lists.heard_at,
        "runs_of_pull_requests": lists.runs,
        "required": len(lists.required),
        "found": len(chosen),
        "lists": [_list_json(of) for of in lists.lists],
        "checks": [_check_json(_row(one, board, knowledge)) for one in chosen],
        "missing": [_missing_json(one) for one in lists.missing],
        "rules": {
            "nights": found.practice.nights,
            "nights_again": found.practice.nights_again,
            "working_days": found.practice.working_days,
        },
        "could_be_required": len(found.to_require),
        "candidates": [_candidate_json(one, knowledge) for one in found.to_require],
        "broken": [_broken_json(one, knowledge) for one in found.broken],
        "history": [_change_json(one) for one in _changes(lists)],
        "notes": asked.notes,
    }
    return msgspec.json.encode(told).decode()


def _missing_json(one: Missing) -> MissingTold:
    return {
        "repository": one.required.repo,
        "name": one.required.name,
        "runs_of_its_workflow": one.runs,
        "runs": one.every,
        "last_run": one.last.run_id if one.last else None,
        "last_at": one.last.created_at if one.last else None,
        "begin_alike": one.near,
        "in_the_nightly": one.required.test is not None,
    }


def _candidate_json(one: Candidate, knowledge: Knowledge) -> CandidateTold:
    return {
        "name": one.test.name,
        "clean_nights": one.clean.nights,
        "nights_without_verdict": one.clean.between,
        "required_until": one.left_at,
        "lacks": one.misses,
        "evidence": _to_require(one, knowledge).evidence,
    }


def _broken_json(one: Broken, knowledge: Knowledge) -> BrokenTold:
    return {
        "name": one.required.name,
        "nights": one.test.streak,
        "since": one.since.key,
        "until": one.until,
        "is_due": one.is_due,
        "evidence": _to_leave(one, knowledge).evidence,
    }


def _change_json(one: Change) -> ChangeTold:
    return {
        "repository": one.repo,
        "seen_at": one.seen_at,
        "names": one.names,
        "is_first": one.is_first,
        "added": one.added,
        "removed": one.removed,
        "path_rules_added": [rule.pattern for rule in one.paths_added],
        "path_rules_removed": [rule.pattern for rule in one.paths_removed],
        "labels_changed": one.labels_changed,
    }


def _list_json(of: ListOf) -> ListTold:
    return {
        "repository": of.repo,
        "branch": of.rules.branch,
        "origin": of.rules.origin,
        "since": of.since,
        "names": len(of.required),
        "always": list(of.rules.names),
        "sets": [
            {"name": one.name, "names": one.names, "labels": one.labels} for one in of.rules.sets
        ],
        "paths": [{"pattern": rule.pattern, "sets": rule.sets} for rule in of.rules.paths],
        "patterns": [
            {"pattern": pattern, "set": set_ or None, "means": number}
            for pattern, set_, number in of.patterns
        ],
    }


def _check_json(row: Row) -> CheckTold:
    one = row.required
    passes, tries = one.recent
    return {
        "repository": one.repo,
        "name": one.name,
        "sets": [set_ or None for set_ in one.sets],
        "state": one.state,
        "recent_passed": passes,
        "recent_counted": tries,
        "streak": one.test.streak if one.test is not None else None,
        "nights_passed": one.test.runs - one.test.fails if one.test is not None else None,
        "nights_counted": one.test.runs if one.test is not None else None,
        "pulls_passed": one.in_pulls.passes if one.in_pulls else None,
        "pulls_failed": one.in_pulls.fails if one.in_pulls else None,
        "run_again": one.in_pulls.again if one.in_pulls else None,
        "helped": one.in_pulls.helped if one.in_pulls else None,
        "groups": one.groups,
        "page": row.address or None,
    }


def _qualifiers(community: Community) -> tuple[Qualifier[Required], ...]:
    """Return what can be asked of the checks besides their names."""
    return (
        Qualifier(
            name="status",
            read=lambda one: (STATUSES[one.state],) if one.state is not None else (),
            choices=tuple(STATUSES.values()),
        ),
        *job_qualifiers(community, lambda one: one.job),
    )


def _asked(query: Mapping[str, str], lists: RequiredLists, community: Community) -> Asked:
    of, sort = (_line(query.get(key, "")) for key in ("set", "s"))
    asked = read_filter(query.get("q", ""), _qualifiers(community))
    notes = []
    wanted = EVERY_SET if not of else ALWAYS if of == "always" else of
    if wanted not in (EVERY_SET, *_sets(lists)):
        notes.append(f"“{of}” is no set of the list; all checks are shown.")
        wanted = EVERY_SET
    if sort and sort not in SORTS:
        notes.append(f"“{sort}” is no order; the worst come first.")
        sort = ""
    return Asked(
        filter=asked,
        of=wanted,
        sort=sort or "worst",
        is_unowned=query.get("unowned", "") not in ("", "0"),
        notes=(*asked.notes, *notes),
    )


def _line(text: str) -> str:
    """Return text on one line, without what nobody sees."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text[:LONGEST])
    return " ".join(printable.split())


def _sets(lists: RequiredLists) -> list[str]:
    found = [ALWAYS, *(one.name for of in lists.lists for one in of.rules.sets)]
    return list(dict.fromkeys(found))


def _chosen(lists: RequiredLists, asked: Asked) -> list[Required]:
    return sorted(filter(asked.has, lists.required), key=SORTS[asked.sort][1])


def _row(one: Required, board: NightBoard, knowledge: Knowledge) -> Row:
    state, (passes, tries) = one.state, one.recent
    path, _, leaf = one.name.rpartition(" / ")
    cells = one.test.cells[:RECENT] if one.test is not None else ()
    return Row(
        required=one,
        path=shortened(f"{path} /") if path else "",
        leaf=shortened(leaf),
        address=test_address(one, knowledge),
        mark=MARKS[state] if state is not None else "",
        word=state.value if state is not None else "",
        strip=_strip(
            tuple(
                (MARKS[cell.state], f"{night.name}: {cell.state.value}")
                for night, cell in zip(board.nights, cells, strict=False)
            )
        ),
        sets=", ".join(set_ or "always" for set_ in one.sets),
        nights=f"{passes} of {tries}" if tries else "",
        pulls=_pulls(one),
    )


@lru_cache(maxsize=STRIPS_KEPT)
def _strip(nights: tuple[tuple[str, str], ...]) -> Markup:
    """Return some nights as a strip; most checks have the same one."""
    if not nights:
        return Markup("")
    cells = Markup("").join(
        Markup('<span class="{}" title="{}"></span>').format(mark, words) for mark, words in nights
    )
    says = "; ".join(words for _, words in nights)
    return Markup('<span class="strip small" role="img" aria-label="{}">{}</span>').format(
        says, cells
    )


def _pulls(one: Required) -> str:
    tally = one.in_pulls
    return (
        f"{tally.passes} of {tally.passes + tally.fails}"
        if tally and (tally.passes or tally.fails)
        else ""
    )


def _missing_words(one: Missing) -> tuple[str, str, Sequence[str]]:
    """Return a name that nothing produces, why we say so, and what begins alike."""
    workflow = one.required.workflow
    if one.runs:
        said = f"{counted(one.runs, 'run')} of “{shortened(workflow)}” on pull requests had no such job."
    else:
        said = (
            f"None of {counted(one.every, 'run')} on pull requests is of “{shortened(workflow)}”."
        )
    if one.last is None:
        said += " No run that is known ever had it."
    elif one.last.created_at is not None:
        said += f" The last run that had it, in “{shortened(one.last.workflow)}”, began on {day(one.last.created_at)}."
    if one.required.test is not None and not one.required.test.is_gone:
        said += " The nightly has a test of this name, but the gate does not look there."
    return shortened(one.required.name), said, [shortened(name) for name in one.near]


def _to_require(one: Candidate, knowledge: Knowledge) -> Proposed:
    test, row = one.test, one.clean
    place = Place(repo=test.repo, workflow=test.workflow, name=test.name)
    address = f"tests/{slug(place, knowledge.community.repositories[0])}"
    words = f"passed at once in {counted(row.nights, 'night')} in a row"
    if one.left_at is not None:
        words += f", required until {day(one.left_at)}"
    if one.usual is not None and one.usual.total_seconds() < MINUTE:
        words += f", takes only {took(one.usual)}"
    return Proposed(
        name=shortened(test.name),
        address=address,
        words=words,
        misses="; ".join(one.misses),
        evidence=to_require(one, address, knowledge),
    )


def _to_leave(one: Broken, knowledge: Knowledge) -> Proposed:
    words = f"failing for {counted(one.test.streak, 'night')}, since {one.since.name}"
    if one.until is not None:
        until = moment(one.until)
        words += (
            f"; by the rule it should have left the list on {until}"
            if one.is_due
            else f"; its people have until {until}"
        )
    address = test_address(one.required, knowledge)
    return Proposed(
        name=shortened(one.required.name),
        address=address,
        words=words,
        misses="" if one.required.groups else "nobody looks after it",
        evidence=to_leave(one, address, knowledge),
    )


def _changes(lists: RequiredLists) -> list[Change]:
    """Return how the lists changed, the newest change first."""
    every = [change for of in lists.lists for change in of.changes]
    return sorted(every, key=lambda change: change.seen_at, reverse=True)


def _feed(seen: Seen, _query: Query) -> Feed:
    knowledge = seen.knowledge
    lists = required_lists(knowledge, seen.board(), seen.results())
    entries = tuple(_entry(one) for one in _changes(lists)[:CHANGES_SHOWN])
    title = f"{knowledge.community.title}: what is required"
    return Feed(title=title, place="required", entries=entries)


def _entry(one: Change) -> Entry:
    rules = len(one.paths_added) + len(one.paths_removed)
    changes = [
        f"{len(one.added)} added" if one.added else "",
        f"{len(one.removed)} removed" if one.removed else "",
        f"{counted(rules, 'path rule')} changed" if rules else "",
        "labels changed" if one.labels_changed else "",
    ]
    said = ", ".join(filter(None, changes)) or "changed"
    # Of the first list that is known, everything would be an addition.
    parts = {} if one.is_first else {
        "Added": one.added,
        "Removed": one.removed,
        "Path rules added": tuple(rule.pattern for rule in one.paths_added),
        "Path rules removed": tuple(rule.pattern for rule in one.paths_removed),
    }  # fmt: skip
    return Entry(
        key=f"required/{one.repo}/{one.seen_at.isoformat()}",
        title=f"{one.repo}: {'the first list that is known' if one.is_first else said}",
        at=one.seen_at,
        place="required",
        said=f"The list has {counted(one.names, 'name')}.",
        parts=parts,
    )


WORDS = (
    Word(name="q", meaning="Words of names, and what else is asked of the tests: see the page."),
    Word(name="set", meaning="A set of the list; `always` is what every pull request needs."),
    Word(name="s", meaning="In which order.", values=tuple(SORTS)),
    Word(name="unowned", meaning="Only what nobody looks after.", values=("", "1")),
)
"""What the page can be asked."""
VIEW = View(
    address="required",
    html=lambda seen, query: render_required(
        seen.knowledge, seen.board(), seen.results(), query, viewer=seen.viewer
    ),
    json=lambda seen, query: required_json(seen.knowledge, seen.board(), seen.results(), query),
    document=RequiredDocument,
    words=WORDS,
    rows=rows_under("checks"),
    feed=_feed,
)
