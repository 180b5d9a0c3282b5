from pathlib import Path

import msgspec
import pytest

from chatops.config import Community, Configuration, Labels
from chatops.running.completing import ANY_COMMUNITY, community, configuration, offered
from tests.engine.worlds import COMMANDS
from tests.scene import COMMUNITY

ACME = msgspec.structs.replace(
    COMMUNITY,
    labels=Labels(prefixes=("area",)),
    job_aliases={"snp": "*sev-snp*"},
    commands_off=("merge",),
)


def texts(typed: str, where: Community = ACME) -> list[str]:
    return [text for text, _ in offered(typed, where)]


def test_every_verb_that_is_heard_is_offered_and_none_that_is_switched_off() -> None:
    verbs = {verb for command in COMMANDS.values() for verb in command.verbs(ACME)}

    assert set(texts("")) == verbs - {"merge"}


def test_who_begins_with_a_slash_goes_on_with_one() -> None:
    assert texts("/Remove-a") == ["/remove-approve", "/remove-area"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("retest ", ["retest required", "retest all", "retest snp"]),
        ("/Retest r", ["/Retest required"]),
        ("test snp ", ["test snp all", "test snp ?", "test snp now"]),
        ("lifecycle f", ["lifecycle frozen"]),
        ("help unm", ["help unmute"]),
        ("mute ", ["mute snp"]),
        ("undo ", ["undo now"]),
        ("area ", []),
        ("no-such-verb ", []),
        ("zzz", []),
    ],
)
def test_after_a_verb_come_the_words_of_its_usage(typed: str, said: list[str]) -> None:
    assert texts(typed) == said


def test_each_verb_comes_with_what_it_does() -> None:
    told = dict(offered("lifec", ACME))

    assert told["lifecycle"].startswith("frozen|stale|rotten|active [now] – Label this issue")


def test_the_community_that_is_named_is_meant_else_the_first() -> None:
    other = msgspec.structs.replace(ACME, key="other")
    known = Configuration(communities={"acme": ACME, "other": other})

    assert community(known, "other") is other
    assert community(known, "") is ACME
    assert community(None, "other") is ANY_COMMUNITY


def test_a_configuration_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    assert configuration(tmp_path / "none.yaml") is None
