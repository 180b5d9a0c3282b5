from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chatops.events import Event
from chatops.events.pulls import PullChanged
from chatops.names import PullNumber
from chatops.projections.merges import merges_between
from tests.scene import NOW, REPO, pull, scene

HOUR = timedelta(hours=1)


def merged(number: int, hours_ago: float, **changes: object) -> PullChanged:
    at = NOW - hours_ago * HOUR
    described = {
        "number": PullNumber(number), "state": "closed", "merged": True, "merged_at": at, "updated_at": at,
        "title": f"Change {number}", "fingerprint": f"{number}", **changes,
    }  # fmt: skip
    return pull(**described)


def between(
    folder: Path,
    facts: Sequence[Event],
    after: float = 10,
    until: float = 0,
    *,
    base: str = "main",
    limit: int = 9,
) -> tuple[list[tuple[int, str, datetime | None]], int]:
    """Return what was merged between so many hours ago and so many."""
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        found, count = merges_between(
            knowledge.db, REPO, base, NOW - after * HOUR, NOW - until * HOUR, limit
        )
    return [(one.number, one.title, one.merged_at) for one in found], count


def test_what_was_merged_between_two_moments_is_there_the_newest_first(tmp_path: Path) -> None:
    facts = [
        merged(1, 10), merged(2, 5), merged(3, 0), merged(4, 3), merged(5, 4, base="stable"),
        pull(number=PullNumber(6), state="closed", updated_at=NOW - HOUR),
    ]  # fmt: skip

    found, count = between(tmp_path, facts)

    assert [number for number, _, _ in found] == [3, 4, 2]
    assert count == 3
    assert found[1] == (4, "Change 4", NOW - 3 * HOUR)


def test_few_are_named_and_all_are_counted(tmp_path: Path) -> None:
    found, count = between(tmp_path, [merged(one, one / 10) for one in range(1, 9)], limit=2)

    assert ([number for number, _, _ in found], count) == ([1, 2], 8)


@pytest.mark.parametrize("order", [1, -1])
def test_what_was_said_later_moves_no_merge(tmp_path: Path, order: int) -> None:
    facts = [
        merged(1, 5),
        merged(1, 1, merged_at=NOW - 5 * HOUR, title="Renamed", fingerprint="later"),
        # Of a fact that is older than the moment, it is known when it looked merged.
        merged(2, 4, merged_at=None),
        merged(2, 2, merged_at=None, fingerprint="later"),
    ]

    found, _ = between(tmp_path, facts[::order])

    assert found == [(2, "Change 2", NOW - 4 * HOUR), (1, "Change 1", NOW - 5 * HOUR)]
