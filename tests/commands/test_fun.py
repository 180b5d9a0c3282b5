from pathlib import Path

import pytest

from chatops.commands import fun
from chatops.commands.fun import Joke, Meow, Shrug, Woof
from chatops.engine.answer import as_text
from chatops.engine.command import Command
from chatops.names import CommandId
from tests.scene import received, scene, story

EVERYTHING = [Shrug, Meow, Woof, Joke]


def said(folder: Path, command: type[Command], number: int) -> str:
    asked = received(command=CommandId(f"command/{number}"), verb=command.name)
    with scene(folder) as world, world.knowledge() as knowledge:
        return as_text(command.tell(story(asked), knowledge))


@pytest.mark.parametrize("command", EVERYTHING, ids=lambda command: command.name)
def test_the_same_request_is_answered_the_same_each_time(
    tmp_path: Path, command: type[Command]
) -> None:
    assert said(tmp_path, command, 1) == said(tmp_path, command, 1)


def test_different_requests_are_not_always_answered_alike(tmp_path: Path) -> None:
    assert {said(tmp_path, Joke, number) for number in range(40)} == set(Joke.sayings)


def test_whatever_follows_is_no_mistake() -> None:
    assert isinstance(Meow.parse(["at", "@octocat"]), Meow)


def test_a_shrug_is_a_shrug() -> None:
    assert Shrug.sayings == (r"¯\_(ツ)_/¯",)


def test_none_of_them_is_forgotten_here() -> None:
    offered = {
        one for one in vars(fun).values() if isinstance(one, type) and "sayings" in vars(one)
    }

    assert offered == set(EVERYTHING)
