from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatops.commands.link import LinkAccount
from chatops.engine.answer import Answer, Link, as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.identities import IdentityLinked, IdentityUnlinked, LinkOffered
from chatops.names import CommandId, Login
from tests.scene import COMMAND, NOW, received, scene, story

SAID = received(surface="slack", verb="link", by="U1", by_name="mona", team="T1", number=0)
LINKED = IdentityLinked(
    command=CommandId("command/slack/0"),
    team="T1",
    user="U1",
    login=Login("alice"),
    github_id=7,
    at=NOW,
)
ADDRESS = "https://ci.example/link/sealed"
Address = Callable[[CommandId], str]


def address(command: CommandId) -> str:
    assert command == COMMAND
    return ADDRESS


def decide(
    folder: Path,
    words: Sequence[str] = (),
    *events: Event,
    at: Address | None = address,
    **changes: object,
) -> Event:
    asked = Asked(
        received=received(
            **{"surface": "slack", "by": "U1", "by_name": "mona", "team": "T1"} | changes
        ),
        standing=Standing(),
        grant=Grant(ground="anyone"),
    )
    with scene(folder, events) as world, world.knowledge() as knowledge:
        known = replace(knowledge, link_address=at)
        (wanted,) = LinkAccount.parse(words).decide(asked, known)
    return wanted


def tell(folder: Path, *events: Event) -> Answer:
    with scene(folder) as world, world.knowledge() as knowledge:
        return LinkAccount.tell(story(SAID, *events), replace(knowledge, link_address=address))


def test_who_asks_is_offered_a_few_minutes_to_prove_who_they_are(tmp_path: Path) -> None:
    wanted = decide(tmp_path)

    assert wanted == LinkOffered(
        command=COMMAND,
        team="T1",
        user="U1",
        user_name="mona",
        expires_at=NOW + timedelta(minutes=10),
    )


def test_where_nobody_can_sign_in_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        decide(tmp_path, at=None)

    assert refused.value.reason == "not_configured"
    assert "is not set up" in refused.value.text


@pytest.mark.parametrize(("surface", "team"), [("github", "T1"), ("cli", "T1"), ("slack", "")])
def test_it_is_said_in_slack_or_not_at_all(tmp_path: Path, surface: str, team: str) -> None:
    with pytest.raises(Refused) as refused:
        decide(tmp_path, surface=surface, team=team)

    assert refused.value.reason == "not_here"


def test_a_link_can_be_taken_back(tmp_path: Path) -> None:
    wanted = decide(tmp_path, ["remove"], LINKED, at=None)

    assert isinstance(wanted, IdentityUnlinked)
    assert (wanted.team, wanted.user, wanted.login) == ("T1", "U1", "alice")


def test_what_is_not_there_cannot_be_taken_back(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        decide(tmp_path, ["remove"])

    assert refused.value.reason == "not_linked"


def test_other_words_are_refused() -> None:
    with pytest.raises(Refused, match=r"link remove"):
        LinkAccount.parse(["alice"])


def test_the_address_is_for_the_one_who_asked(tmp_path: Path) -> None:
    told = tell(tmp_path, LinkOffered(command=COMMAND, team="T1", user="U1", expires_at=NOW))

    assert told.private
    assert told.verdict[0] == Link("Sign in with GitHub", ADDRESS)


def test_who_is_linked_already_is_told_as_whom(tmp_path: Path) -> None:
    asked = received(verb="link", surface="slack", team="T1", by="U1")
    again = LinkOffered(command=COMMAND, team="T1", user="U1", expires_at=NOW)
    with scene(tmp_path, [LINKED]) as world, world.knowledge() as known:
        knowledge = replace(known, link_address=lambda _: ADDRESS)
        told = LinkAccount.tell(story(asked, again), knowledge)

    assert "You are alice on GitHub so far" in as_text(told)
    assert "Sign in with GitHub" in as_text(told)


def test_at_the_end_they_are_told_as_whom_they_are_known(tmp_path: Path) -> None:
    told = tell(tmp_path, LINKED)

    assert told.private
    assert "You are alice on GitHub" in as_text(told)


def test_who_took_it_back_is_told_so(tmp_path: Path) -> None:
    gone = IdentityUnlinked(command=COMMAND, team="T1", user="U1", login=Login("alice"), at=NOW)

    assert "no longer known as alice" in as_text(tell(tmp_path, gone))
