import msgspec
import pytest

import chatops.commands
from chatops.config import Community, Configuration, Exceptions, Labels
from chatops.engine.catalogue import catalogue
from chatops.engine.command import Command
from chatops.engine.vocabulary import Vocabulary, misnamed, unknown
from tests.scene import COMMUNITY

COMMANDS = catalogue(chatops.commands, Command)


def vocabulary(**changes: object) -> Vocabulary:
    community: Community = msgspec.structs.replace(COMMUNITY, **changes)
    return Vocabulary(COMMANDS, community)


def test_no_two_commands_answer_to_one_word() -> None:
    words = [verb for command in COMMANDS for verb in command.verbs(COMMUNITY)]

    assert len(words) == len(set(words))
    assert all(verb == verb.lower() for verb in words)


def test_a_word_may_stand_for_a_command_with_words_of_its_own() -> None:
    meaning = vocabulary().meaning("retest-required")

    assert meaning is not None
    assert (meaning.command.name, meaning.words) == ("retest", ("required",))


def test_the_prefixes_of_a_communitys_labels_are_words() -> None:
    words = vocabulary(labels=Labels(prefixes=("area",)))

    assert {"area", "remove-area"} <= words.verbs
    assert not vocabulary().hears("area")


def test_a_command_that_is_switched_off_is_not_heard_under_any_word() -> None:
    words = vocabulary(commands_off=("retest",))

    assert words.meaning("retest") is None
    assert words.meaning("retest-required") is None
    assert "retest" not in words.commands


def test_a_repository_may_have_rules_of_its_own() -> None:
    words = vocabulary(
        commands_off=("who",), exceptions={"acme/docs": Exceptions(commands_off=("Retest",))}
    )
    docs = words.within("Acme/Docs")

    assert words.meaning("retest") is not None
    assert words.within("acme/rocket") is words
    assert docs.meaning("retest") is None
    assert docs.meaning("who") is None
    assert docs.meaning("label") is not None


def test_a_rule_about_a_command_that_is_not_there_is_named() -> None:
    community = msgspec.structs.replace(
        COMMUNITY,
        commands_off=("restest",),
        who_may={"hold": "write", "lable": "write"},
        also_may={"retest": ("mona",), "overide": ("mona",)},
        exceptions={"acme/rocket": Exceptions(commands_off=("x",), who_may={"retest": "admin"})},
    )
    commands = {command.name: command for command in COMMANDS}

    problems = misnamed(commands, Configuration(communities={"acme": community}))

    assert problems[:3] == [
        "communities.acme.commands_off: found 'restest', did you mean retest?",
        "communities.acme.who_may: found 'lable', did you mean label?",
        "communities.acme.also_may: found 'overide', did you mean override?",
    ]
    assert problems[3].startswith(
        "communities.acme.exceptions.acme/rocket.commands_off: found 'x', expected one of "
    )
    assert len(problems) == 4


@pytest.mark.parametrize("verb", ["retest", "restest", "rettest", "labell", "hstory"])
def test_ours_and_slips_of_ours_are_heard(verb: str) -> None:
    assert vocabulary().hears(verb)


@pytest.mark.parametrize(
    "verb", ["rebase", "squash", "bors", "usr", "hel", "help-me-please", "tmp"]
)
def test_what_other_bots_listen_to_is_not(verb: str) -> None:
    assert not vocabulary().hears(verb)


def test_an_unknown_word_comes_with_what_was_probably_meant() -> None:
    words = vocabulary()

    assert unknown("restest", words.verbs).text.endswith("Did you mean `/retest`?")
    assert unknown("brew-coffee", words.verbs).text.endswith("`/help` lists what I know.")
