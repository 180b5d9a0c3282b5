from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chatops.config import Community, Trust
from chatops.events import Event
from chatops.events.cancels import CancelRequested
from chatops.events.changes import LabelsRequested
from chatops.events.pulls import PullChanged
from chatops.events.runs import RunStarted
from chatops.events.statuses import StatusRequested
from chatops.events.trust import TrustGiven, TrustWithdrawn
from chatops.names import CommandId, Login, Sha
from chatops.policies.hold_back_pushes import HoldBackPushes
from tests.scene import (
    COMMUNITY,
    HEAD,
    NOW,
    PULL,
    REPO,
    Scene,
    decided,
    ended,
    pull,
    scene,
    under_way,
)

MINUTE = timedelta(minutes=1)
STRICT = msgspec.structs.replace(COMMUNITY, trust=Trust(adds_label=True, again_after_push=True))
FIRST = pull(sha=Sha("b" * 40), updated_at=NOW - 10 * MINUTE)
PUSH = pull(association="NONE")


def run(
    run_id: int, trigger: str = "pull_request_target", workflow: str = "CI", minutes: float = 0
) -> RunStarted:
    return under_way(run_id, workflow, trigger=trigger, created_at=NOW + minutes * MINUTE)


def asked_for(
    folder: Path, *facts: Event, push: PullChanged = PUSH, community: Community = STRICT
) -> list[Event]:
    with scene(folder, facts or [FIRST]) as world:
        last = world.add([push])[-1]
        return decided(world, HoldBackPushes(), last, community)


def test_a_push_from_outside_takes_the_label_off_and_says_what_is_missing(tmp_path: Path) -> None:
    withdrawn, labels, status = asked_for(tmp_path)

    assert isinstance(withdrawn, TrustWithdrawn)
    assert (withdrawn.sha, withdrawn.by) == (HEAD, "")
    assert isinstance(labels, LabelsRequested)
    assert labels.remove == ("ok-to-test",)
    assert isinstance(status, StatusRequested)
    assert (status.sha, status.state) == (HEAD, "pending")
    assert "/ok-to-test" in status.description


def test_what_it_started_with_rights_is_stopped_and_nothing_else(tmp_path: Path) -> None:
    runs = [
        run(10),
        run(11, "pull_request"),
        run(12, workflow="Gatekeeper"),
        run(13, minutes=2),
        ended(14, "Old", trigger="pull_request_target"),
    ]

    found = asked_for(tmp_path, FIRST, *runs)

    assert [one.run_id for one in found if isinstance(one, CancelRequested)] == [10]


@pytest.mark.parametrize(
    "push",
    [
        pull(association="MEMBER"),
        pull(association="COLLABORATOR"),
        pull(labels=("bug",)),
        pull(state="closed"),
    ],
)
def test_a_push_from_inside_or_without_the_label_is_left_alone(
    tmp_path: Path, push: PullChanged
) -> None:
    assert asked_for(tmp_path, push=push) == []


def test_where_the_community_does_not_want_it_nothing_happens(tmp_path: Path) -> None:
    assert asked_for(tmp_path, community=COMMUNITY) == []


def test_the_commit_it_was_opened_with_is_no_push(tmp_path: Path) -> None:
    assert asked_for(tmp_path, pull(labels=(), number=PULL + 1)) == []


def test_a_label_that_came_after_the_commit_was_meant_for_it(tmp_path: Path) -> None:
    unlabelled = pull(labels=(), association="NONE", fingerprint="0")
    labelled = pull(association="NONE", updated_at=NOW + MINUTE)

    assert asked_for(tmp_path, FIRST, unlabelled, push=labelled) == []


def test_a_commit_that_was_let_in_is_left_alone(tmp_path: Path) -> None:
    given = TrustGiven(
        command=CommandId("command/1"), repo=REPO, number=PULL, sha=HEAD, by=Login("mona"), decided_at=NOW
    )  # fmt: skip

    assert asked_for(tmp_path, FIRST, given) == []


def held_back(world: Scene) -> None:
    """Let a push come, and be held back."""
    (push,) = world.add([PUSH])
    world.add(decided(world, HoldBackPushes(), push, STRICT))


def test_what_the_push_starts_a_moment_later_is_stopped_as_well(tmp_path: Path) -> None:
    with scene(tmp_path, [FIRST]) as world:
        held_back(world)
        late, other = world.add([run(10, minutes=0.5), run(11, minutes=2)])

        (stop,) = decided(world, HoldBackPushes(), late, STRICT)
        assert decided(world, HoldBackPushes(), other, STRICT) == []

    assert isinstance(stop, CancelRequested)
    assert stop.run_id == 10


def test_once_somebody_lets_it_in_nothing_is_stopped_any_more(tmp_path: Path) -> None:
    given = TrustGiven(
        command=CommandId("command/1"), repo=REPO, number=PULL, sha=HEAD, by=Login("mona"),
        decided_at=NOW + MINUTE,
    )  # fmt: skip
    with scene(tmp_path, [FIRST]) as world:
        held_back(world)
        world.add([given])
        (late,) = world.add([run(10, minutes=0.5)])

        assert decided(world, HoldBackPushes(), late, STRICT) == []


def test_nothing_is_stopped_that_was_not_held_back(tmp_path: Path) -> None:
    with scene(tmp_path, [FIRST, PUSH]) as world:
        (late,) = world.add([run(10)])

        assert decided(world, HoldBackPushes(), late, STRICT) == []
