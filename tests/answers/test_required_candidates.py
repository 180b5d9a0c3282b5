from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from chatops.answers.nights import night_board
from chatops.answers.required_candidates import (
    Candidate,
    Candidates,
    clean,
    required_candidates,
    working_days_later,
)
from chatops.config import Community, Gate, Practice
from chatops.events import Event
from tests.builders import (
    CANCELLED,
    FAIL,
    MORNING,
    PASS,
    REPO,
    RUNNING,
    SCHEDULE,
    SETUP,
    SKIPPED,
    NightOf,
    Ran,
    nights_database,
)
from tests.rules import AGAIN, BROKEN, COMMUNITY, GOOD, GOOD_BUT, LISTS, in_pulls, known, nights

AGAIN_GREEN = (FAIL, PASS)


def candidates(
    folder: Path, *facts: Iterable[Event], community: Community = COMMUNITY
) -> Candidates:
    with known(folder, [fact for some in facts for fact in some], community) as made:
        return required_candidates(made.knowledge, made.board, made.results, made.lists)


def by_name(found: Candidates) -> dict[str, Candidate]:
    return {one.test.name: one for one in found.to_require}


def test_ten_clean_nights_make_a_candidate_and_two_where_it_was_required_before(
    tmp_path: Path,
) -> None:
    found = candidates(tmp_path, LISTS, nights(), in_pulls())

    assert [one.test.name for one in found.to_require] == [GOOD, AGAIN, GOOD_BUT]
    good, again = by_name(found)[GOOD], by_name(found)[AGAIN]
    assert (good.clean.nights, good.clean.between, good.wanted, good.left_at) == (11, 1, 10, None)
    assert (again.clean.nights, again.wanted) == (3, 2)
    assert again.left_at == MORNING - timedelta(days=30)
    assert good.usual == timedelta(minutes=20)


def test_what_a_candidate_lacks_is_said_and_puts_it_behind_the_others(tmp_path: Path) -> None:
    found = by_name(candidates(tmp_path, LISTS, nights(), in_pulls()))

    assert found[GOOD].misses == ()
    assert found[GOOD_BUT].misses == ("it failed in pull requests",)
    assert found[AGAIN].misses == ("no pull request has a result of it",)


def test_nobody_to_look_after_it_is_a_lack(tmp_path: Path) -> None:
    alone = structs.replace(COMMUNITY, maintainers=())
    found = by_name(candidates(tmp_path, LISTS, nights(), in_pulls(), community=alone))

    assert found[GOOD].misses == ("nobody looks after it",)


def test_the_community_says_how_many_nights_it_wants(tmp_path: Path) -> None:
    gate = Gate(workflow="Gatekeeper", practice=Practice(nights=12, nights_again=4))
    found = candidates(tmp_path, LISTS, nights(), community=structs.replace(COMMUNITY, gate=gate))

    assert list(by_name(found)) == [GOOD_BUT]


@pytest.mark.parametrize(
    ("newest_first", "nights", "between"),
    [
        ((PASS, PASS, PASS), 3, 0),
        ((PASS, FAIL, PASS), 1, 0),
        ((PASS, AGAIN_GREEN, PASS), 1, 0),
        ((PASS, SETUP, PASS), 2, 1),
        ((PASS, CANCELLED, PASS), 2, 1),
        ((SETUP, PASS, PASS), 2, 1),
        ((PASS, PASS, SETUP), 2, 0),
        ((PASS, SETUP, FAIL), 1, 0),
        ((PASS, SKIPPED, PASS), 2, 0),
        ((RUNNING, PASS, PASS), 2, 0),
        ((FAIL, PASS, PASS), 0, 0),
    ],
)
def test_only_a_pass_at_the_first_attempt_counts_and_only_a_failure_ends_the_row(
    tmp_path: Path, newest_first: tuple[Ran | tuple[Ran, ...], ...], nights: int, between: int
) -> None:
    facts = []
    for ago, outcome in enumerate(newest_first):
        attempts = outcome if isinstance(outcome, tuple) else (outcome,)
        of = NightOf(
            ago=ago,
            attempts=[{"test": one} for one in attempts],
            is_over=outcome is not RUNNING,
        )
        facts += list(of.facts())
    with nights_database(tmp_path, facts) as db:
        board = night_board(db, [REPO], [SCHEDULE], now=MORNING)
        row = clean(board, board.tests[0])

    assert (row.nights, row.between) == (nights, between)


def test_a_broken_check_has_its_working_days_and_is_then_due(tmp_path: Path) -> None:
    (broken,) = candidates(tmp_path, LISTS, nights()).broken

    assert (broken.required.job, broken.test.streak) == (BROKEN, 4)
    assert broken.since.name == "Wed 19 Aug"
    assert broken.until == datetime(2026, 8, 20, 1, 30, tzinfo=UTC)
    assert broken.is_due


def test_before_its_working_days_are_over_a_broken_check_is_not_due(tmp_path: Path) -> None:
    gate = Gate(workflow="Gatekeeper", practice=Practice(working_days=3))
    community = structs.replace(COMMUNITY, gate=gate)
    (broken,) = candidates(tmp_path, LISTS, nights(), community=community).broken

    # The weekend is none: Thursday, Friday, Monday.
    assert broken.until == datetime(2026, 8, 24, 1, 30, tzinfo=UTC)
    assert not broken.is_due


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-08-19T10:00", 1, "2026-08-20T10:00"),
        ("2026-08-21T10:00", 1, "2026-08-24T10:00"),
        ("2026-08-22T10:00", 1, "2026-08-25T00:00"),
        ("2026-08-23T23:59", 1, "2026-08-25T00:00"),
        ("2026-08-20T10:00", 5, "2026-08-27T10:00"),
    ],
)
def test_saturdays_and_sundays_are_no_working_days(start: str, days: int, end: str) -> None:
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)

    assert working_days_later(begin, days) == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_without_a_list_nothing_is_proposed(tmp_path: Path) -> None:
    found = candidates(tmp_path, nights())

    assert (found.to_require, found.broken) == ((), ())
