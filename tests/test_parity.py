"""The same words mean the same, wherever they are said: each command's own example, on each surface."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from chatops.config import Configuration
from chatops.engine.answer import Action
from chatops.engine.command import Command
from chatops.engine.sessions import Session
from chatops.engine.vocabulary import vocabularies
from chatops.engine.work import Item
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.events.identities import IdentityLinked
from chatops.intake.webhooks import Comment
from chatops.names import CommandId, Login
from chatops.running import speaking
from chatops.surfaces import dashboard, github
from chatops.surfaces.slack_words import Words
from chatops.views.offers import write_offer
from tests.commands.nights import night
from tests.engine.worlds import COMMANDS, town
from tests.scene import COMMUNITY, NOW, PULL, REPO, ended, job, pull, under_way

pytestmark = pytest.mark.anyio

CONFIGURATION = Configuration(communities={"acme": COMMUNITY})
PERSON = Login("mona")


def in_a_comment(text: str) -> CommandReceived:
    comment = Comment(
        repo=REPO, number=PULL, comment_id=1, place="comment", action="created", author=PERSON,
        author_is_bot=False, association="MEMBER", text=text, previous_text="", updated_at=NOW,
        sender=PERSON, is_pull=True,
    )  # fmt: skip
    heard = vocabularies(COMMANDS, CONFIGURATION)
    [fact] = github.asked(comment, CONFIGURATION, heard, "guid", [])
    assert isinstance(fact.event, CommandReceived)
    return fact.event


def in_slack(text: str) -> CommandReceived:
    form = {"command": "/acme", "text": text, "trigger_id": "1.x", "user_id": "U1"}
    fact = Words(CONFIGURATION, vocabularies(COMMANDS, CONFIGURATION)).slash(form)
    assert fact is not None
    assert isinstance(fact.event, CommandReceived)
    return fact.event


def on_the_command_line(text: str) -> CommandReceived:
    return speaking.asked(text, COMMUNITY, number=PULL, person=PERSON)


def on_the_dashboard(text: str) -> CommandReceived:
    form = {"community": "acme", "say": text, "number": str(PULL), "nonce": "a-page-s-own-nonce"}
    session = Session(login=PERSON, github_id=1, csrf="known to our pages")
    return dashboard.asked(form, CONFIGURATION, session)


def by_a_button(text: str) -> CommandReceived:
    said = on_the_dashboard(text)
    action = Action(text="Do it", verb=said.verb, words=said.words)
    form = {"offer": write_offer(action, said) or "", "nonce": "a-page-s-own-nonce"}
    session = Session(login=PERSON, github_id=1, csrf="known to our pages")
    return dashboard.asked(form, CONFIGURATION, session)


SURFACES: Mapping[str, Callable[[str], CommandReceived]] = {
    "github": in_a_comment,
    "slack": in_slack,
    "cli": on_the_command_line,
    "web": on_the_dashboard,
}


async def decided(folder: Path, received: CommandReceived) -> list[object]:
    """Let the bus decide a request of mona's about the pull request; return what it decided, without whose it is."""
    here_and_now = msgspec.structs.replace(received, repo=REPO, number=PULL, by=PERSON)
    with town(f"sqlite:///{folder / 'parity.db'}") as here:
        here.add(what_happened(), "delivery/1")
        here.catch_up()
        here.add([here_and_now], here_and_now.command)
        position = here.log.head()
        await here.bus.perform(Item("decide", str(position), position, 0))
        return [bare(fact.event, received.command) for fact in here.log.read(position)]


def what_happened() -> list[Event]:
    """Return a world in which most commands find something to do."""
    failed = [pull(), ended(10), job(1, 10, "a"), job(2, 10, "b"), under_way(11, "Static checks")]
    nights = night(1, nozzle=["failure", "success"]) + night(0, nozzle="success")
    linked = IdentityLinked(
        command=CommandId("command/slack/1"), team="T1", user="U1", login=PERSON, github_id=1, at=NOW
    )  # fmt: skip
    return [*failed, *nights, linked]


def bare(event: Event, command: str) -> object:
    """Return an event without the name of the command it belongs to."""
    plain = msgspec.to_builtins(event)
    return event.kind, {key: "this" if value == command else value for key, value in plain.items()}


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
async def test_a_command_is_heard_alike_everywhere(command: type[Command], surface: str) -> None:
    said = SURFACES[surface](command.example)

    there = in_a_comment(command.example)

    assert (said.verb, said.words) == (there.verb, there.words)
    assert said.surface == surface


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_a_button_says_what_somebody_would_type(command: type[Command]) -> None:
    pressed, typed = by_a_button(command.example), on_the_dashboard(command.example)

    assert (pressed.verb, pressed.words) == (typed.verb, typed.words)
    assert (pressed.repo, pressed.number) == (typed.repo, typed.number)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
async def test_a_command_is_decided_alike_everywhere(
    command: type[Command], tmp_path: Path
) -> None:
    decisions = {}
    for surface, hear in SURFACES.items():
        folder = tmp_path / surface
        folder.mkdir()
        decisions[surface] = await decided(folder, hear(command.example))

    assert decisions["slack"] == decisions["github"]
    assert decisions["cli"] == decisions["github"]
    assert decisions["web"] == decisions["github"]
    assert decisions["github"]
