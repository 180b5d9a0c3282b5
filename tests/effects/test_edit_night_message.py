import pytest

from chatops.effects.edit_night_message import EditNightMessage
from chatops.errors import Refused
from chatops.ports import Ports
from tests.effects.outside import outside
from tests.views.test_night_threads import OVER

pytestmark = pytest.mark.anyio


async def test_without_slack_it_is_refused() -> None:
    async with outside() as world:
        ports = Ports(clock=world.ports.clock, github=world.ports.github)

        with pytest.raises(Refused):
            await EditNightMessage().perform(OVER, ports)
