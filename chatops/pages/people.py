"""Who looks after which tests: the groups with theirs tonight, what is nobody's, and what the mapping gets wrong.

Maintainers open it to see which of theirs fail, and everybody who looks for somebody to ask. Nobody's address for mail
is on it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

import msgspec
from msgspec import Struct

from chatops.answers.nights import NightBoard, Test, counted
from chatops.answers.owner_groups import Kept, Ownership, is_failing, owner_groups
from chatops.answers.pull_results import PullResults
from chatops.answers.required_list import Required, required_today
from chatops.engine.command import Knowledge
from chatops.views.addresses import Place, slug
from chatops.views.filters import quoted
from chatops.views.listing import question
from chatops.views.nightly_detail import MARKS, Person, people_of
from chatops.views.page import Viewer, render, shortened, sign_in_address
from chatops.views.table import rows_under
from chatops.views.view import View

FAILING_SHOWN = 6
SHARED_SHOWN = 100


class TestRow(Struct, frozen=True, kw_only=True):
    """A test as the page names it."""

    test: Test
    name: str
    address: str
    mark: str
    word: str


class GroupRow(Struct, frozen=True, kw_only=True):
    """One entry of the mapping."""

    kept: Kept
    people: tuple[Person, ...]
    failing: tuple[TestRow, ...]
    more: int
    tonight: str
    """Where its tests are among those of the nights; empty where it has none."""


class RequiredRow(Struct, frozen=True, kw_only=True):
    """A required check that nobody looks after."""

    required: Required
    name: str
    address: str
    mark: str
    word: str


class PersonTold(TypedDict):
    """Somebody of a group."""

    name: str
    page: str | None


class GroupTold(TypedDict):
    """A group, and how the tests are that it looks after."""

    group: str
    regex: str
    people: Sequence[PersonTold]
    tests: int
    required: int
    passed: int
    failing: Sequence[str]
    without_verdict: int
    running_or_skipped: int


class EntryOfNothing(TypedDict):
    """An entry of the mapping that matches no test."""

    group: str
    regex: str


class SharedTest(TypedDict):
    """A test that several groups look after."""

    test: str
    groups: Sequence[str]


class PeopleDocument(TypedDict):
    """Who looks after which tests."""

    verdict: str
    heard_at: datetime | None
    night: str | None
    tests: int
    groups: Sequence[GroupTold]
    required: int
    required_without_owner: Sequence[str]
    tests_without_owner: Sequence[str]
    failing_without_owner: Sequence[str]
    matching_nothing: Sequence[EntryOfNothing]
    groups_without_people: Sequence[str]
    tests_of_several_groups: Sequence[SharedTest]
    oddities: Sequence[str]


def verdict(found: Ownership) -> str:
    """Return who looks after how much, in a sentence or two."""
    if not found.kept:
        return "Nobody is named for any test: the community's configuration has no maintainers."
    groups = counted(len(found.kept), "group")
    look = "looks" if len(found.kept) == 1 else "look"
    said = f"{groups} {look} after {found.owned} of {counted(found.tests, 'test')}."
    if not found.tests:
        said = f"{groups} {'is' if len(found.kept) == 1 else 'are'} named; no night has been recorded yet."
    if not found.required:
        return said
    nobody = len(found.required_unowned)
    if not nobody:
        return f"{said} Every required check has somebody."
    return (
        f"{said} Nobody looks after {nobody} of {counted(len(found.required), 'required check')}."
    )


def render_people(
    knowledge: Knowledge,
    board: NightBoard,
    results: PullResults,
    _query: Mapping[str, str],
    *,
    viewer: Viewer = Viewer.ANYBODY,
) -> str:
    """Return the page."""
    found = _found(knowledge, board, results)
    failing = [test for test in found.unowned if is_failing(test)]
    return render(
        "people.html",
        name=knowledge.community.title,
        here="people",
        up="",
        viewer=viewer,
        sign_in=sign_in_address(knowledge.base_url, f"/{knowledge.community.key}/people"),
        found=found,
        verdict=verdict(found),
        is_stale=board.is_stale,
        groups=[_group(one, knowledge) for one in found.kept],
        required=[_required(one, knowledge) for one in found.required_unowned],
        failing=[_test(test, knowledge) for test in failing],
        unowned=[_test(test, knowledge) for test in found.unowned],
        nothing=found.matching_nothing,
        empty=found.empty,
        shared=[(_test(test, knowledge), groups) for test, groups in found.shared[:SHARED_SHOWN]],
        shared_more=max(0, len(found.shared) - SHARED_SHOWN),
    )


def people_json(
    knowledge: Knowledge, board: NightBoard, results: PullResults, _query: Mapping[str, str]
) -> str:
    """Return the same for programs."""
    found = _found(knowledge, board, results)
    told: PeopleDocument = {
        "verdict": verdict(found),
        "heard_at": found.heard_at,
        "night": found.night.key if found.night is not None else None,
        "tests": found.tests,
        "groups": [_group_json(_group(one, knowledge)) for one in found.kept],
        "required": len(found.required),
        "required_without_owner": [one.name for one in found.required_unowned],
        "tests_without_owner": [test.name for test in found.unowned],
        "failing_without_owner": [test.name for test in found.unowned if is_failing(test)],
        "matching_nothing": [
            {"group": one.group.group, "regex": one.group.regex} for one in found.matching_nothing
        ],
        "groups_without_people": [one.group.group for one in found.empty],
        "tests_of_several_groups": [
            {"test": test.name, "groups": groups} for test, groups in found.shared
        ],
        "oddities": found.oddities,
    }
    return msgspec.json.encode(told).decode()


def _group_json(row: GroupRow) -> GroupTold:
    kept = row.kept
    return {
        "group": kept.group.group,
        "regex": kept.group.regex,
        "people": [{"name": one.name, "page": one.url or None} for one in row.people],
        "tests": len(kept.tests),
        "required": kept.required,
        "passed": kept.passed,
        "failing": [test.name for test in kept.failing],
        "without_verdict": kept.unclear,
        "running_or_skipped": kept.open,
    }


def _found(knowledge: Knowledge, board: NightBoard, results: PullResults) -> Ownership:
    lists = required_today(knowledge, board, results)
    return owner_groups(knowledge, board, results, lists)


def _group(kept: Kept, knowledge: Knowledge) -> GroupRow:
    failing = kept.failing
    return GroupRow(
        kept=kept,
        people=people_of(kept.group, knowledge.github_url),
        failing=_tests(failing[:FAILING_SHOWN], knowledge),
        more=max(0, len(failing) - FAILING_SHOWN),
        tonight=f"nightly{question({'q': f'owner:{quoted(kept.group.group)}'})}"
        if kept.tests
        else "",
    )


def _tests(tests: Sequence[Test], knowledge: Knowledge) -> tuple[TestRow, ...]:
    return tuple(_test(test, knowledge) for test in tests)


def _test(test: Test, knowledge: Knowledge) -> TestRow:
    place = Place(repo=test.repo, workflow=test.workflow, name=test.name)
    state = test.settled.state
    return TestRow(
        test=test,
        name=shortened(test.name),
        address=f"tests/{slug(place, knowledge.community.repositories[0])}",
        mark=MARKS[state],
        word=state.value,
    )


def _required(one: Required, knowledge: Knowledge) -> RequiredRow:
    state = one.state
    return RequiredRow(
        required=one,
        name=shortened(one.name),
        address=test_address(one, knowledge),
        mark=MARKS[state] if state is not None else "n",
        word=state.value if state is not None else "not in the nightly",
    )


def test_address(one: Required, knowledge: Knowledge) -> str:
    """Return where the page of a required check's test is; empty where nothing is known of it."""
    if one.test is not None:
        place = Place(repo=one.repo, workflow=one.test.workflow, name=one.test.name)
    elif one.in_pulls is not None and one.workflow:
        place = Place(repo=one.repo, workflow=one.workflow, name=one.job)
    else:
        return ""
    return f"tests/{slug(place, knowledge.community.repositories[0])}"


VIEW = View(
    address="people",
    document=PeopleDocument,
    html=lambda seen, query: render_people(
        seen.knowledge, seen.board(), seen.results(), query, viewer=seen.viewer
    ),
    json=lambda seen, query: people_json(seen.knowledge, seen.board(), seen.results(), query),
    rows=rows_under("groups"),
)
