import msgspec

from chatops.answers.alert_audience import called_for
from chatops.config import Owner, OwnerGroup
from chatops.events.alerts import Alert, Called
from tests.scene import COMMUNITY

OWNERS = (
    Owner(github="alice", slackurl="https://acme.slack.com/team/U0000ALICE"),
    Owner(github="bob", slackurl="https://zoo.slack.com/team/U00000BOB"),
)


def test_only_owners_of_the_channels_workspace_are_called() -> None:
    community = msgspec.structs.replace(
        COMMUNITY,
        slack_workspace="acme.slack.com",
        maintainers=(OwnerGroup(regex="nozzle", group="Fins", owners=OWNERS),),
    )
    alert = Alert(alert="a", what="test", subject="Nightly / nozzle", jobs=("Nightly / nozzle",))

    assert called_for([alert], community) == (
        Called(name="alice", slack="U0000ALICE"),
        Called(name="bob"),
    )
