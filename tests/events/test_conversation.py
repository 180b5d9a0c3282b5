import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.events import Event
from chatops.events.conversation import CommandAccepted, CommandRefused
from tests.events.kinds import instances, of_module, survives
from tests.scene import COMMAND

KINDS = of_module("conversation")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_fact_survives_the_log(kind: type[Event], data: st.DataObject) -> None:
    survives(data.draw(instances(kind)))


def test_a_command_is_decided_once_whatever_the_decision() -> None:
    accepted = CommandAccepted(command=COMMAND)
    refused = CommandRefused(command=COMMAND, reason="r", text="t")

    assert accepted.key() == refused.key()
