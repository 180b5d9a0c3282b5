from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chatops.commands.ping import Ping
from chatops.config import Owner, OwnerGroup
from chatops.engine.answer import Answer, Person
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.pings import GroupsCalled
from chatops.views.blocks import render_blocks
from chatops.views.markdown import render_markdown
from tests.commands.issues import asking, refusal, wanted
from tests.commands.nights import night
from tests.payloads import problems
from tests.scene import COMMAND, COMMUNITY, NOW, received, scene, story

ALICE = Owner(github="alice", slackurl="https://acme.example/team/U0123456789")
BOB = Owner(fullname="Bob B. <!channel>")
GROUPS = (
    OwnerGroup(regex="fins", group="Fins", owners=(ALICE, BOB)),
    OwnerGroup(regex="engine", group="Engine", owners=(ALICE,)),
    OwnerGroup(regex="nose", group="Nose"),
)
OWNED = msgspec.structs.replace(COMMUNITY, maintainers=GROUPS)
NOBODY_AT_NIGHT = msgspec.structs.replace(OWNED, nightly=())


def called(place: str = "acme/rocket#7", *groups: str) -> GroupsCalled:
    return GroupsCalled(command=COMMAND, place=place, groups=groups or ("Fins",), about="fins")


def test_a_group_is_called_by_its_name(tmp_path: Path) -> None:
    asks = wanted(tmp_path, Ping, ["fins", "they", "fell", "off"], GroupsCalled, community=OWNED)

    assert (asks.place, asks.groups, asks.reason) == (
        "acme/rocket#7", ("Fins",), "they fell off",
    )  # fmt: skip


def test_a_job_calls_those_who_look_after_it(tmp_path: Path) -> None:
    facts = night(1, **{"engine / fins": "failure", "engine / tank": "success"})

    asks = wanted(tmp_path, Ping, ["*fins*"], GroupsCalled, *facts, community=OWNED)

    assert "Fins" in asks.groups


def test_without_a_nightly_the_mapping_is_asked_for_the_name_itself(tmp_path: Path) -> None:
    asks = wanted(tmp_path, Ping, ["big-engine"], GroupsCalled, community=NOBODY_AT_NIGHT)

    assert asks.groups == ("Engine",)


@pytest.mark.parametrize(
    ("about", "reason", "said"),
    [
        ("wheels", "nobody", "There are: `Fins`, `Engine`, `Nose`."),
        ("nose", "nobody", "Nobody is named for `Nose`"),
    ],
)
def test_where_nobody_looks_after_it_nobody_is_called(
    tmp_path: Path, about: str, reason: str, said: str
) -> None:
    refused = refusal(tmp_path, Ping, [about], community=NOBODY_AT_NIGHT)

    assert refused.reason == reason
    assert said in refused.text


def test_what_means_too_many_groups_is_not_meant(tmp_path: Path) -> None:
    many = tuple(OwnerGroup(regex="x", group=f"G{n}", owners=(ALICE,)) for n in range(4))
    community = msgspec.structs.replace(NOBODY_AT_NIGHT, maintainers=many)

    assert refusal(tmp_path, Ping, ["x"], community=community).reason == "too_wide"


def test_nobody_is_called_twice_in_a_while_in_the_same_place(tmp_path: Path) -> None:
    refused = refusal(tmp_path, Ping, ["Fins"], called(), community=OWNED)

    assert refused.reason == "called_already"
    assert f"{NOW:%Y-%m-%d at %H:%M} UTC" in refused.text
    assert f"again on {NOW + timedelta(hours=24):%Y-%m-%d at %H:%M} UTC" in refused.text


@pytest.mark.parametrize("before", [called("acme/rocket#8"), called("acme/rocket#7", "Engine")])
def test_another_place_or_group_may_be_called(tmp_path: Path, before: Event) -> None:
    asks = wanted(tmp_path, Ping, ["Fins"], GroupsCalled, before, community=OWNED)

    assert asks.groups == ("Fins",)


def test_outside_of_issues_the_place_is_the_channel(tmp_path: Path) -> None:
    asked = asking(surface="slack", number=0, channel="C1")

    assert (
        wanted(tmp_path, Ping, ["Fins"], GroupsCalled, asked=asked, community=OWNED).place
        == "slack/C1"
    )


def test_only_those_in_the_mapping_are_really_called(tmp_path: Path) -> None:
    event = msgspec.structs.replace(called(), about="@eve", reason="@acme/everybody <!here> [x](y)")
    with scene(tmp_path) as world, world.knowledge(OWNED) as knowledge:
        answer = Ping.tell(story(received(by="mona"), event), knowledge)

    markdown, message = render_markdown(answer, COMMAND), render_blocks(answer)

    assert "Fins: @alice, Bob B. \\<\\!channel\\>" in markdown
    assert "`mona` asks for a look at `@eve`." in markdown
    assert "@acme" not in markdown
    assert str(message).count("'type': 'user', 'user_id': 'U0123456789'") == 1
    assert "'type': 'broadcast'" not in str(message)
    assert problems(message) == []


@pytest.mark.parametrize(
    ("workspace", "calls"), [("", 1), ("acme.example", 1), ("other.slack.com", 0)]
)
def test_owners_in_another_workspace_are_named_and_not_called(
    tmp_path: Path, workspace: str, calls: int
) -> None:
    here = msgspec.structs.replace(OWNED, slack_workspace=workspace)
    with scene(tmp_path) as world, world.knowledge(here) as knowledge:
        message = render_blocks(Ping.tell(story(received(by="mona"), called()), knowledge))

    assert str(message).count("'type': 'user'") == calls
    assert ("alice" in str(message)) == (not calls)


@pytest.mark.parametrize(("team", "calls"), [("T1", 1), ("T2", 0)])
def test_in_another_workspace_than_their_own_owners_are_named_and_not_called(
    tmp_path: Path, team: str, calls: int
) -> None:
    here = msgspec.structs.replace(OWNED, slack_team="T1")
    asked = received(by="mona", surface="slack", team=team)
    with scene(tmp_path) as world, world.knowledge(here) as knowledge:
        message = render_blocks(Ping.tell(story(asked, called()), knowledge))

    assert str(message).count("'type': 'user'") == calls


def test_a_login_that_is_none_is_only_shown() -> None:
    person = Person(name="x @all", github="a/b @all", slack="<!here>")

    assert "@all" not in render_markdown(_saying(person), "m")
    assert (
        render_blocks(_saying(person))["blocks"][0]["elements"][0]["elements"][0]["type"] == "text"
    )


def _saying(person: Person) -> Answer:
    return Answer(verdict=(person,))


def test_whom_is_asked_where_nobody_is_named() -> None:
    with pytest.raises(Refused, match="Whom"):
        Ping.parse([])
