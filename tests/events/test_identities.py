import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.events import Event
from chatops.events.identities import IdentityLinked
from chatops.names import Login
from tests.events.kinds import instances, of_module, survives
from tests.scene import COMMAND, NOW

KINDS = of_module("identities")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_fact_survives_the_log(kind: type[Event], data: st.DataObject) -> None:
    survives(data.draw(instances(kind)))


def test_what_was_offered_once_is_taken_up_once_by_whomever() -> None:
    first, second = (
        IdentityLinked(
            command=COMMAND, team="T1", user="U1", login=Login(login), github_id=number, at=NOW
        )
        for number, login in enumerate(("alice", "bob"))
    )

    assert first.key() == second.key()
