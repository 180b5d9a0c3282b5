from collections.abc import Iterator

import msgspec
import pytest

from chatops.engine.trace import Tracer
from chatops.engine.work import Item
from chatops.events import Event
from chatops.events.conversation import CommandAccepted, CommandReceived, CommandRefused
from chatops.events.reruns import RerunRequested, RerunStarted
from chatops.names import CommandId, Login, PullNumber, RunId
from tests.engine.worlds import COMMANDS, Town, Wall, town
from tests.scene import HEAD, PULL, REPO, received

pytestmark = pytest.mark.anyio

SLACK = CommandId("command/slack/1.2")
ACCEPTED = CommandAccepted(command=SLACK, login=Login("alice"))
ASKED = RerunRequested(
    command=SLACK, repo=REPO, sha=HEAD, run_id=RunId(1), attempt=1, workflow="CI", scope="failed",
    jobs=("test",),
)  # fmt: skip
STARTED = RerunStarted(command=SLACK, repo=REPO, run_id=RunId(1), attempt=2, workflow="CI")


@pytest.fixture
def here(database_url: str) -> Iterator[Town]:
    with town(database_url) as built:
        yield built


def tracer(here: Town, wall: Wall) -> Tracer:
    """Return what leaves traces on a wall."""
    return Tracer(
        here.log,
        COMMANDS,
        here.configuration,
        append=here.append,
        knowledge=here.knowledge,
        pull=wall,
        asking=[CommandReceived, RerunRequested],
    )


def said(**changes: object) -> CommandReceived:
    """Return a `retest` said in Slack."""
    slack = {"command": SLACK, "surface": "slack", "by": "U1", "comment_id": 0}
    return received(**slack | changes)


async def traced(here: Town, wall: Wall) -> None:
    """Let whatever there is be traced, twice."""
    for _ in range(2):
        await tracer(here, wall).perform(Item(Tracer.name, SLACK, here.log.head(), 0))


async def test_what_changes_a_pull_request_is_told_there_with_who_asked(here: Town) -> None:
    wall = Wall()
    here.add([said(words=("required",)), ACCEPTED, ASKED], SLACK)

    await traced(here, wall)

    assert "Asked from Slack by alice: retest required" in wall.note
    assert wall.writes == 1
    assert here.kinds()[-1] == "trace.posted"


async def test_who_was_named_in_slack_is_named_by_no_id(here: Town) -> None:
    wall = Wall()
    here.add([said(verb="retest", words=("<@U0OCTO|octo>",)), ACCEPTED, ASKED], SLACK)

    await traced(here, wall)

    assert "retest somebody in Slack" in wall.note
    assert "U0OCTO" not in wall.note


async def test_a_trace_is_changed_as_its_story_grows(here: Town) -> None:
    wall = Wall()
    here.add([said(), ACCEPTED, ASKED], SLACK)
    await traced(here, wall)
    first = wall.note

    here.add([STARTED], SLACK)
    await traced(here, wall)

    assert wall.note != first
    assert len(wall.notes) == 1
    assert here.kinds().count("trace.posted") == 1


async def test_a_trace_that_was_left_but_not_noted_is_found_again(here: Town) -> None:
    wall = Wall(notes={SLACK: "what a process that died wrote"})
    here.add([said(), ACCEPTED, ASKED], SLACK)

    await traced(here, wall)

    assert list(wall.notes) == [SLACK]
    assert "Asked from Slack" in wall.note


async def test_what_only_asks_or_is_refused_or_is_about_no_pull_request_leaves_none(
    here: Town,
) -> None:
    wall = Wall()
    stories: list[list[Event]] = [
        [said(verb="help"), ACCEPTED],
        [said(), CommandRefused(command=SLACK, reason="r", text="t")],
        [said(number=PullNumber(0)), ACCEPTED, ASKED],
        [said()],
    ]
    for number, story in enumerate(stories):
        command = CommandId(f"command/slack/{number}")
        here.add([msgspec.structs.replace(one, command=command) for one in story], command)
        await tracer(here, wall).perform(Item(Tracer.name, command, here.log.head(), 0))

    assert wall.notes == {}


async def test_what_was_said_on_the_pull_request_is_answered_there_anyway(here: Town) -> None:
    wall = Wall()
    here.add([said(surface="github"), ACCEPTED, ASKED], SLACK)
    await traced(here, wall)

    assert wall.notes == {}


async def test_only_commands_from_elsewhere_are_looked_at(here: Town) -> None:
    here.ask("help", number=PULL)
    here.add([said()], SLACK)

    subjects = [tracer(here, Wall()).subject(recorded) for recorded in here.story()]

    assert subjects == [None, SLACK]
