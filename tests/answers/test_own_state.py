from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from msgspec.structs import replace

from chatops.answers.own_state import LAG_LIMIT, OwnState, Process, is_ready, own_state
from chatops.engine.projection import Progress
from chatops.events import Event
from chatops.names import Repo
from tests.scene import COMMUNITY, NOW, job, scene

PAD = Repo("acme/pad")
KNOWING = Process(projections=("freshness", "jobs"), schema="0014", newest_schema="0014")


def state(folder: Path, *events: Event, repositories: Sequence[Repo] = ()) -> OwnState:
    community = structs.replace(COMMUNITY, repositories=(*COMMUNITY.repositories, *repositories))
    with scene(folder, events) as world, world.knowledge(community) as knowledge:
        return own_state(knowledge, KNOWING)


@pytest.mark.parametrize(
    ("progress", "ready"),
    [
        ((), True),
        ((Progress("jobs", 5, 5, None),), True),
        ((Progress("jobs", 5, 4 + LAG_LIMIT, None),), True),
        ((Progress("jobs", 5, 5 + LAG_LIMIT, None),), False),
        ((Progress("jobs", 5, 5, None), Progress("runs", 5, 5, "Broken: It stumbled.")), False),
    ],
)
def test_a_process_is_ready_while_its_read_models_go_on(
    progress: tuple[Progress, ...], *, ready: bool
) -> None:
    assert is_ready(progress) is ready


def test_it_knows_how_far_it_is_and_how_old_what_it_knows_is(tmp_path: Path) -> None:
    found = state(tmp_path, job(1, 10), job(2, 10), repositories=[PAD])

    assert (found.head, found.last_event_at, found.lag) == (2, NOW, 0)
    assert [(one.name, one.position) for one in found.projections] == [
        ("freshness", 2),
        ("jobs", 2),
    ]
    assert [(repo, source) for repo, source, _ in found.heard] == [
        (COMMUNITY.repositories[0], "github")
    ]
    assert found.silent == (PAD,)
    assert (found.is_ready, found.is_stale, found.waiting, found.parked) == (True, False, 0, 0)


def test_an_empty_log_is_ready_and_has_heard_nothing(tmp_path: Path) -> None:
    found = state(tmp_path)

    assert (found.head, found.last_event_at, found.heard_at) == (0, None, None)
    assert (found.is_ready, found.is_stale) == (True, False)
    assert found.silent == COMMUNITY.repositories


def test_an_imported_file_is_not_hearing(tmp_path: Path) -> None:
    found = state(tmp_path, job(1, 10))
    imported = replace(found, heard=tuple((repo, "import", at) for repo, _, at in found.heard))

    assert found.heard_at == NOW
    assert imported.heard_at is None


def test_what_was_heard_long_ago_is_stale(tmp_path: Path) -> None:
    found = state(tmp_path, job(1, 10))

    assert not replace(found, now=NOW + timedelta(hours=26)).is_stale
    assert replace(found, now=NOW + timedelta(hours=26, seconds=1)).is_stale
