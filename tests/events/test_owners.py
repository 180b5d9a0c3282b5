import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.events import Event
from chatops.events.owners import OwnersChanged
from tests.events.kinds import instances, of_module, survives
from tests.scene import REPO

KINDS = of_module("owners")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_fact_survives_the_log(kind: type[Event], data: st.DataObject) -> None:
    survives(data.draw(instances(kind)))


def test_owners_that_return_to_what_they_were_are_a_new_fact() -> None:
    def seen(fingerprint: str, follows: str) -> str:
        return OwnersChanged(
            repo=REPO, branch="main", origin="OWNERS", fingerprint=fingerprint, follows=follows
        ).key()

    assert len({seen("a", ""), seen("b", "a"), seen("a", "b")}) == 3
