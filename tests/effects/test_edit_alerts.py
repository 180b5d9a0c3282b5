import pytest

from chatops.effects.edit_alerts import EditAlerts
from chatops.errors import Refused
from chatops.events.alerts import AlertMessageOutdated
from chatops.ports import Ports
from tests.alerting import CHANNEL, wanted
from tests.effects.outside import outside

pytestmark = pytest.mark.anyio

OUTDATED = AlertMessageOutdated(
    message="m", community="acme", channel=CHANNEL, name="1.5", because="x", news=wanted().news
)


async def test_without_slack_it_is_refused() -> None:
    async with outside() as world:
        ports = Ports(clock=world.ports.clock, github=world.ports.github)

        with pytest.raises(Refused):
            await EditAlerts().perform(OUTDATED, ports)


def test_what_it_would_do_is_said_in_a_sentence() -> None:
    assert EditAlerts().describe(OUTDATED).endswith(f"in the channel {CHANNEL} in Slack.")
