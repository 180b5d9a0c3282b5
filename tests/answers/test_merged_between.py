from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatops.answers.merged_between import NOTHING, MergedBetween, merged_between
from chatops.names import RunId, Sha
from chatops.projections.runs import Run, attempts_of_runs
from tests.projections.test_merges import merged
from tests.scene import HEAD, NOW, ended, scene

HOUR = timedelta(hours=1)


def between(
    folder: Path, limit: int = 9, *, good: dict[str, object] | None = None
) -> MergedBetween:
    """Return what was merged between a night that began five hours ago and one that began an hour ago."""
    facts = [
        ended(1, "Nightly", branch="main", sha=Sha("a" * 40), created_at=NOW - 5 * HOUR),
        ended(2, "Nightly", branch="main", sha=HEAD, created_at=NOW - HOUR),
        *(merged(number, number) for number in range(7)),
    ]
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        first, second = attempts_of_runs(knowledge.db, [RunId(1), RunId(2)])
        return merged_between(knowledge.db, replace(first, **(good or {})), second, limit)


def test_what_was_merged_after_the_good_night_began_and_before_the_bad_one_is_new_in_it(
    tmp_path: Path,
) -> None:
    assert [one.number for one in between(tmp_path).merges] == [1, 2, 3, 4]
    assert between(tmp_path, 1).count == 4


@pytest.mark.parametrize(
    "good",
    [{"created_at": None}, {"branch": ""}, {"branch": "stable"}, {"sha": HEAD}],
    ids=["when", "nowhere", "elsewhere", "same"],
)
def test_where_the_two_cannot_be_compared_nothing_is_named(
    tmp_path: Path, good: dict[str, object]
) -> None:
    assert between(tmp_path, good=good) == NOTHING


def test_without_a_good_night_nothing_is_named(tmp_path: Path) -> None:
    run: Run | None = None
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        assert merged_between(knowledge.db, run, run, 9) == NOTHING
