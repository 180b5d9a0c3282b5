import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.events import Event
from chatops.events.digests import DigestWanted, DigestWithheld
from tests.events.kinds import instances, of_module, survives


@pytest.mark.parametrize("kind", of_module("digests"), ids=lambda kind: kind.kind)
@given(data=st.data())
def test_it_survives_the_log(kind: type[Event], data: st.DataObject) -> None:
    survives(data.draw(instances(kind)))


@given(wanted=instances(DigestWanted), withheld=instances(DigestWithheld))
def test_one_day_has_a_digest_or_a_reason_why_not(wanted: Event, withheld: Event) -> None:
    assert isinstance(wanted, DigestWanted)
    assert isinstance(withheld, DigestWithheld)

    assert (wanted.key(), withheld.key()) == (wanted.digest, withheld.digest)
