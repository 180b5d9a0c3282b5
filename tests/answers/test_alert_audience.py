from pathlib import Path

import msgspec

from chatops.answers.alert_audience import called_for, jobs_about
from chatops.config import Owner, OwnerGroup
from chatops.events.alerts import Alert, Called
from chatops.events.identities import IdentityLinked
from chatops.names import CommandId, Login
from tests.alerting import nights, required
from tests.scene import COMMUNITY, NOW, scene

OWNERS = (
    Owner(github="alice", slackurl="https://acme.slack.com/team/U0000ALICE"),
    Owner(github="bob", slackurl="https://zoo.slack.com/team/U00000BOB"),
)


def test_only_owners_of_the_channels_workspace_are_called(tmp_path: Path) -> None:
    community = msgspec.structs.replace(
        COMMUNITY,
        slack_workspace="acme.slack.com",
        maintainers=(OwnerGroup(regex="nozzle", group="Fins", owners=OWNERS),),
    )
    alert = Alert(alert="a", what="test", subject="Nightly / nozzle", jobs=("Nightly / nozzle",))

    with scene(tmp_path) as world, world.knowledge(community) as knowledge:
        assert called_for([alert], knowledge) == (
            Called(name="alice", slack="U0000ALICE"),
            Called(name="bob"),
        )


def test_who_has_shown_who_they_are_is_called_by_that(tmp_path: Path) -> None:
    linked = IdentityLinked(
        command=CommandId("command/slack/1"), team="T1", user="U0BOBBY", login=Login("bob"),
        github_id=1, at=NOW,
    )  # fmt: skip
    community = msgspec.structs.replace(
        COMMUNITY, maintainers=(OwnerGroup(regex="nozzle", group="Fins", owners=OWNERS),)
    )
    alert = Alert(alert="a", what="test", subject="Nightly / nozzle", jobs=("nozzle",))
    with scene(tmp_path, [linked]) as world, world.knowledge(community) as knowledge:
        called = called_for([alert], knowledge)

    assert [one.slack for one in called] == ["U0000ALICE", "U0BOBBY"]


def test_a_night_that_did_not_come_is_about_the_jobs_of_the_one_before(tmp_path: Path) -> None:
    late = Alert(alert="a", what="night", subject="Nightly")
    facts = [*nights(nozzle="..", tank=".."), required("nozzle")]
    with scene(tmp_path, facts) as world, world.knowledge(COMMUNITY) as knowledge:
        assert jobs_about(late, knowledge) == [("engine / nozzle", True), ("engine / tank", False)]


def test_an_outage_is_about_its_jobs_as_they_are_required_now(tmp_path: Path) -> None:
    outage = Alert(alert="a", what="runner", subject="Runner x", jobs=("engine / nozzle", "y"))
    with scene(tmp_path, [required("nozzle")]) as world, world.knowledge(COMMUNITY) as knowledge:
        assert jobs_about(outage, knowledge) == [("engine / nozzle", True), ("y", False)]


def test_what_is_no_longer_required_is_about_the_required_ones(tmp_path: Path) -> None:
    gone = Alert(alert="a", what="required", subject="The list", jobs=("y",), required=True)
    with scene(tmp_path, [required("nozzle")]) as world, world.knowledge(COMMUNITY) as knowledge:
        assert jobs_about(gone, knowledge) == [("y", True)]


def test_what_is_about_no_job_is_known_by_what_it_is_called(tmp_path: Path) -> None:
    other = Alert(alert="a", what="runner", subject="Runner x")
    with scene(tmp_path) as world, world.knowledge(COMMUNITY) as knowledge:
        assert jobs_about(other, knowledge) == [("Runner x", False)]
