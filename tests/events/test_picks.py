import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.events import Event
from chatops.events.picks import PickRequested
from tests.events.kinds import instances, of_module, survives
from tests.scene import COMMAND, PULL, REPO

KINDS = of_module("picks")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_fact_survives_the_log(kind: type[Event], data: st.DataObject) -> None:
    survives(data.draw(instances(kind)))


def test_each_branch_is_a_request_of_its_own() -> None:
    def asked(branch: str) -> str:
        return PickRequested(
            command=COMMAND, repo=REPO, number=PULL, branch=branch, title="x", by="mona"
        ).key()

    assert asked("a") != asked("b")
