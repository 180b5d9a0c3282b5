import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.events import Event
from tests.events.kinds import instances, of_module, survives


@pytest.mark.parametrize("kind", of_module("deliveries"), ids=lambda kind: kind.kind)
@given(data=st.data())
def test_it_survives_the_log(kind: type[Event], data: st.DataObject) -> None:
    survives(data.draw(instances(kind)))
