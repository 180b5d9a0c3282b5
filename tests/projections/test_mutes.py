from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.events import Event
from chatops.events.mutes import JobsMuted, JobsUnmuted
from chatops.names import CommandId
from chatops.projections.mutes import muted_jobs
from tests.scene import NOW, scene


def muted(place: int, *jobs: str, days: int = 1, community: str = "acme") -> JobsMuted:
    return JobsMuted(
        command=CommandId(f"command/{place}"), community=community, jobs=jobs, by="mona",
        reason=f"reason {place}", at=NOW + timedelta(minutes=place), until=NOW + timedelta(days=days),
    )  # fmt: skip


def unmuted(place: int, *jobs: str) -> JobsUnmuted:
    return JobsUnmuted(
        command=CommandId(f"command/{place}"), community="acme", jobs=jobs, by="mona",
        at=NOW + timedelta(minutes=place),
    )  # fmt: skip


def now_muted(folder: Path, facts: Sequence[Event], *, days: int = 0) -> dict[str, str]:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        found = muted_jobs(knowledge.db, "acme", NOW + timedelta(days=days))
    return {job: mute.reason for job, mute in found.items()}


@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_word_counts_whatever_comes_first(tmp_path: Path, order: int) -> None:
    facts = [muted(1, "a", "b", "c"), unmuted(2, "a"), muted(3, "b")]

    assert now_muted(tmp_path, facts[::order]) == {"b": "reason 3", "c": "reason 1"}


def test_a_mute_ends_by_itself(tmp_path: Path) -> None:
    assert now_muted(tmp_path, [muted(1, "a", days=3)], days=3) == {}


def test_each_community_has_its_own(tmp_path: Path) -> None:
    assert now_muted(tmp_path, [muted(1, "a", community="other")]) == {}


def test_who_muted_and_until_when_is_known(tmp_path: Path) -> None:
    with scene(tmp_path, [muted(1, "a")]) as world, world.knowledge() as knowledge:
        mute = muted_jobs(knowledge.db, "acme", NOW)["a"]

    assert (mute.command, mute.by, mute.until) == ("command/1", "mona", NOW + timedelta(days=1))
