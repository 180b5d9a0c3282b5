from pathlib import Path

import msgspec
import pytest

from chatops.config import Trust
from chatops.events import Event
from chatops.events.changes import LabelsRequested
from chatops.events.pulls import PullChanged
from chatops.events.statuses import StatusWritten
from chatops.events.trust import TrustGiven
from chatops.names import Login, Sha
from chatops.policies.add_trust_label import AddTrustLabel
from tests.scene import COMMAND, COMMUNITY, HEAD, NOW, PULL, REPO, decided, pull, received, scene

GIVEN = TrustGiven(
    command=COMMAND, repo=REPO, number=PULL, sha=HEAD, by=Login("mona"), decided_at=NOW
)
WRITTEN = StatusWritten(command=COMMAND, repo=REPO, sha=HEAD, context="x", state="success")


def asked_for(
    folder: Path, known: PullChanged, *told: Event, trust: Trust | None = None
) -> list[Event]:
    community = msgspec.structs.replace(COMMUNITY, trust=trust or Trust(adds_label=True))
    with scene(folder, [known]) as world:
        last = world.add([received(), *told, WRITTEN], correlation_id=COMMAND)[-1]
        return decided(world, AddTrustLabel(), last, community)


def test_the_label_follows_the_status(tmp_path: Path) -> None:
    (labels,) = asked_for(tmp_path, pull(labels=("bug",)), GIVEN)

    assert isinstance(labels, LabelsRequested)
    assert (labels.add, labels.before) == (("ok-to-test",), ("bug",))


@pytest.mark.parametrize(
    "known", [pull(), pull(labels=("OK-to-test",)), pull(labels=(), sha=Sha("b" * 40))]
)
def test_a_label_that_is_there_or_a_head_that_moved_needs_none(
    tmp_path: Path, known: PullChanged
) -> None:
    assert asked_for(tmp_path, known, GIVEN) == []


def test_where_the_community_does_not_want_it_no_label_is_set(tmp_path: Path) -> None:
    assert asked_for(tmp_path, pull(labels=()), GIVEN, trust=Trust()) == []


def test_the_status_of_another_command_sets_no_label(tmp_path: Path) -> None:
    assert asked_for(tmp_path, pull(labels=())) == []


def test_the_label_of_those_who_wait_goes(tmp_path: Path) -> None:
    trust = Trust(adds_label=True, waiting_label="needs-ok-to-test")

    (labels,) = asked_for(tmp_path, pull(labels=("needs-ok-to-test",)), GIVEN, trust=trust)

    assert isinstance(labels, LabelsRequested)
    assert (labels.add, labels.remove) == (("ok-to-test",), ("needs-ok-to-test",))
