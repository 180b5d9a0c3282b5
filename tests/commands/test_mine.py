from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from chatops.commands.link import LinkAccount
from chatops.commands.mine import MyOwn
from chatops.config import Owner, OwnerGroup
from chatops.engine.answer import Answer, Tone, as_text
from chatops.engine.command import Knowledge
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.identities import IdentityLinked
from chatops.events.subscriptions import SubscriptionBegun, Topic
from chatops.names import CommandId, Login
from chatops.views.blocks import render_blocks
from tests.commands.nights import night
from tests.payloads import problems
from tests.scene import COMMUNITY, NOW, PULL, REPO, pull, received, scene, story

MEMBER = "U0MONA"
MAPPED = msgspec.structs.replace(
    COMMUNITY,
    maintainers=(
        OwnerGroup(regex="nozzle|tank", group="Fire", owners=(Owner(github="Mona"),)),
        OwnerGroup(
            regex="fin", group="Hull", owners=(Owner(slackurl=f"https://acme.example/{MEMBER}"),)
        ),
        OwnerGroup(regex="door", group="Crew", owners=(Owner(github="hubot"),)),
    ),
)
NIGHTS: list[Event] = [
    *night(1, nozzle="failure", tank="success", fin="success", door="failure"),
    *night(0, nozzle="failure", tank="success", fin="failure", door="failure"),
]
LINKED = IdentityLinked(
    command=CommandId("command/slack/1"), team="T1", user=MEMBER, login=Login("mona"), github_id=1, at=NOW
)  # fmt: skip


def begun(command: str) -> SubscriptionBegun:
    return SubscriptionBegun(
        command=CommandId(command), community="acme", subscriber="person/mona",
        topics=(Topic(what="nightly"),), by=Login("mona"), at=NOW,
    )  # fmt: skip


def answer(folder: Path, *events: Event, surface: str = "slack", by: str = MEMBER) -> Answer:
    asked = received(verb="mine", surface=surface, by=by, team="T1" if surface == "slack" else "")
    with scene(folder, [*NIGHTS, *events]) as world, world.knowledge(MAPPED) as known:
        knowledge: Knowledge = replace(known, commands={"link": LinkAccount})
        return MyOwn.tell(story(asked), knowledge)


def test_the_failing_jobs_of_ones_groups_are_told_and_nobody_elses(tmp_path: Path) -> None:
    told = answer(tmp_path, LINKED)

    text = as_text(told)
    assert text.startswith("2 jobs of yours fail, and no pull request of yours is open.")
    assert "My jobs: 2 of 3 jobs of Fire, Hull fail" in text
    assert "engine / nozzle, for 2 nights" in text
    assert "engine / fin, for 1 night" in text
    assert "door" not in text
    assert (told.tone, told.private, told.actions) == (Tone.BAD, True, ())


def test_who_is_not_linked_is_known_by_the_mapping_and_told_how_to_be(tmp_path: Path) -> None:
    told = answer(tmp_path, pull(author=Login("mona")))

    text = as_text(told)
    assert [action.verb for action in told.actions] == ["link"]
    assert text.startswith("1 job of yours fails; which pull requests are yours is not known.")
    assert "I do not know who you are on GitHub" in text
    assert "/acme link" in text
    assert f"#{PULL}" not in text


def test_ones_open_pull_requests_are_told_with_what_blocks_them(tmp_path: Path) -> None:
    text = as_text(answer(tmp_path, LINKED, pull(author=Login("Mona"), title="Add fins")))

    assert "1 pull request of yours is open" in text
    assert f"#{PULL} Add fins: " in text


def test_pull_requests_of_others_are_not_ones_own(tmp_path: Path) -> None:
    assert "Add fins" not in as_text(answer(tmp_path, LINKED, pull()))


def test_what_one_is_told_of_is_listed(tmp_path: Path) -> None:
    text = as_text(answer(tmp_path, LINKED, begun("command/slack/2")))

    assert "What I tell you of (1)" in text
    assert "nightly" in text


def test_on_github_nothing_is_listed_that_was_said_in_slack(tmp_path: Path) -> None:
    text = as_text(answer(tmp_path, LINKED, begun("command/slack/2"), surface="github", by="mona"))

    assert "What I tell you of (0)" in text


def test_it_takes_no_words() -> None:
    with pytest.raises(Refused, match="takes no words"):
        MyOwn.parse(["nightly"])


def test_hostile_titles_stay_text_and_the_message_within_slacks_limits(tmp_path: Path) -> None:
    hostile = pull(author=Login("mona"), title="<!channel> " + "x" * 5_000, repo=REPO)

    message = render_blocks(answer(tmp_path, LINKED, hostile))

    assert problems(message) == []
