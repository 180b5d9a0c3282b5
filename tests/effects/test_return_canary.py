import pytest

from chatops.effects.return_canary import ReturnCanary
from chatops.events.canaries import CanaryReturned, CanarySeen
from tests.effects.outside import outside
from tests.scene import NOW

pytestmark = pytest.mark.anyio

SEEN = CanarySeen(canary="1", at=NOW)


async def test_it_comes_back_and_nobody_is_called() -> None:
    async with outside() as world:
        assert await ReturnCanary().perform(SEEN, world.ports) == [
            CanaryReturned(canary="1", at=NOW)
        ]
        assert world.hub.requests == []


def test_what_it_would_do_is_said_in_a_sentence() -> None:
    assert ReturnCanary().describe(SEEN).endswith("has come back, and call nobody.")
