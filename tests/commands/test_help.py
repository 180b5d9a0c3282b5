from pathlib import Path

import pytest

import chatops.commands
from chatops.commands.help import Help
from chatops.engine.answer import Code, as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.catalogue import catalogue
from chatops.engine.command import Asked, Command, Knowledge
from chatops.errors import Refused
from chatops.views.blocks import render_blocks
from tests.payloads import problems
from tests.scene import COMMUNITY, NOW, received, scene, story

COMMANDS = {command.name: command for command in catalogue(chatops.commands, Command)}


def told(folder: Path, *words: str, surface: str = "slack") -> str:
    asked = received(verb="help", words=words, surface=surface)
    with scene(folder) as world, world.knowledge() as known:
        knowledge = Knowledge(db=known.db, community=COMMUNITY, now=NOW, commands=COMMANDS)
        told = Asked(received=asked, standing=Standing(), grant=Grant(ground="anyone"))
        Help.parse(words).decide(told, knowledge)
        return as_text(Help.tell(story(asked), knowledge))


def test_every_command_is_listed_with_what_it_does(tmp_path: Path) -> None:
    text = told(tmp_path)

    for command in COMMANDS.values():
        assert f"/acme {command.name}" in text
        assert command.help.replace("`", "") in text


def test_what_only_answers_comes_first(tmp_path: Path) -> None:
    text = told(tmp_path)

    order = ["To ask", "/acme status", "To do on a pull request", "/acme retest", "To do besides"]
    places = [text.index(word) for word in [*order, "/acme subscribe"]]
    assert places == sorted(places)


def test_it_says_how_to_only_ask_what_would_be_done(tmp_path: Path) -> None:
    assert "With --dry-run after it" in told(tmp_path)


def test_one_command_can_be_asked_about(tmp_path: Path) -> None:
    text = told(tmp_path, "/Retest", surface="github")

    assert "/retest" in text
    assert "/status" not in text


def test_of_a_command_that_does_not_exist_it_is_said_where_those_are_that_do(
    tmp_path: Path,
) -> None:
    with pytest.raises(Refused, match=r"no command `frobnicate`. `/help` lists those there are"):
        told(tmp_path, "frobnicate")


def test_two_words_are_too_many() -> None:
    with pytest.raises(Refused, match="at most"):
        Help.parse(["a", "b"])


def test_words_in_what_a_command_does_are_written_as_code(tmp_path: Path) -> None:
    asked = received(verb="help", words=("label",), surface="github")
    with scene(tmp_path) as world, world.knowledge() as known:
        knowledge = Knowledge(db=known.db, community=COMMUNITY, now=NOW, commands=COMMANDS)
        answer = Help.tell(story(asked), knowledge)

    assert Code("remove-label") in answer.verdict


@pytest.mark.parametrize("word", ["label", "hold", "remove-label"])
def test_a_command_is_found_by_each_of_its_words(tmp_path: Path, word: str) -> None:
    assert "Say /label LABEL…" in told(tmp_path, word, surface="github")


def test_of_one_command_is_said_how_who_may_and_how_it_is_taken_back(tmp_path: Path) -> None:
    hold, retry = told(tmp_path, "hold"), told(tmp_path, "cancel", surface="github")

    assert "/acme remove-label" in hold
    assert "people with the role triage or more in acme/rocket" in hold
    assert "/acme undo takes it back" in hold
    assert "Example: /cancel" in retry
    assert "Not taken back: A workflow that was stopped cannot go on" in retry


def test_the_first_letters_list_the_commands_that_begin_so(tmp_path: Path) -> None:
    text = told(tmp_path, "re")

    assert text.startswith("What you may mean by re")
    begun = {verb for verb in COMMANDS if verb.startswith("re")}
    assert len(begun) > 1
    assert {verb for verb in COMMANDS if f"/acme {verb} " in f"{text} "} >= begun
    assert "/acme mute" not in text
    assert text.index("/acme retitle") < text.index("/acme remove-lifecycle")
    assert "/acme remove-label goes with /acme label LABEL…" in text


def test_letters_that_begin_one_command_only_mean_it(tmp_path: Path) -> None:
    assert "Example: /acme subscribe" in told(tmp_path, "subs")


def test_a_slip_is_understood(tmp_path: Path) -> None:
    assert "/acme retest [required" in told(tmp_path, "restest")


def test_slack_shows_every_command_within_its_limits(tmp_path: Path) -> None:
    asked = received(verb="help", surface="slack")
    with scene(tmp_path) as world, world.knowledge() as known:
        knowledge = Knowledge(db=known.db, community=COMMUNITY, now=NOW, commands=COMMANDS)
        message = render_blocks(Help.tell(story(asked), knowledge))

    shown = str(message["blocks"])
    assert all(f"/acme {name}" in shown for name in COMMANDS)
    assert problems(message) == []
