from datetime import datetime, timedelta

import pytest

from chatops.answers.required_rule import RequiredRules, RequiredSince, rule_of
from chatops.events.gate import RequiredChecksChanged
from chatops.names import RunId
from tests.scene import NOW, REPO

DAY = timedelta(days=1)


def version(name: str, *, seen_at: datetime | None = None, first_run: int = 0) -> RequiredSince:
    rules = RequiredChecksChanged(
        repo=REPO, branch="main", origin="file", fingerprint=name, names=(name,)
    )
    return RequiredSince(seen_at=seen_at, first_run=RunId(first_run), rule=rule_of(rules))


NEW, OLD = version("new", seen_at=NOW), version("old", seen_at=NOW - 7 * DAY)
OF_2025, OF_2024 = version("of 2025", first_run=500), version("of 2024", first_run=100)
EVERY = RequiredRules(versions=(NEW, OLD, OF_2025, OF_2024))


@pytest.mark.parametrize(
    ("began_at", "run", "in_force"),
    [
        (NOW + DAY, 900, NEW),
        (NOW, 900, NEW),
        (NOW - timedelta(seconds=1), 900, OLD),
        # Before the first list that was read, those count that came with a dashboard's file.
        (NOW - 8 * DAY, 600, OF_2025),
        (None, 600, OF_2025),
        (None, 500, OF_2025),
        (None, 499, OF_2024),
        # What is older than every list is judged by the first one.
        (None, 1, OF_2024),
    ],
)
def test_a_run_is_judged_by_the_list_of_its_time(
    began_at: datetime | None, run: int, in_force: RequiredSince
) -> None:
    assert EVERY.at(began_at, RunId(run)) is in_force.rule


def test_before_the_first_list_and_without_a_moment_the_first_one_counts() -> None:
    seen = RequiredRules(versions=(NEW, OLD))

    assert seen.at(NOW - 30 * DAY, RunId(1)) is OLD.rule
    assert seen.at(None, RunId(1)) is OLD.rule
    assert seen.now is NEW.rule


def test_where_nobody_told_nothing_is_known() -> None:
    assert RequiredRules().now is None
    assert RequiredRules().at(NOW, RunId(1)) is None
