"""How the tests of commands about issues ask: words and an issue in, the one event that is wanted out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from chatops.config import Community
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked, Command
from chatops.errors import Refused
from chatops.events import Event
from chatops.names import Login
from chatops.ports import IssueState
from tests.scene import COMMUNITY, issue, received, scene, story

Kind = TypeVar("Kind", bound=Event)
TRIAGE = Grant(ground="permission triage")


def asking(about: IssueState | None = None, *, ground: str = "", **changes: object) -> Asked:
    """Return a request by mona, on a pull request or on what is given."""
    request = received(**changes)
    standing = Standing(login=Login(request.by), issue=about or issue())
    return Asked(
        received=request, standing=standing, grant=Grant(ground=ground) if ground else TRIAGE
    )


def wanted(
    folder: Path,
    command: type[Command],
    words: Sequence[str],
    kind: type[Kind],
    *facts: Event,
    asked: Asked | None = None,
    community: Community = COMMUNITY,
) -> Kind:
    """Return the one event that a command asks for."""
    with scene(folder, facts) as world, world.knowledge(community) as knowledge:
        (event,) = command.parse(words).decide(asked or asking(), knowledge)
    assert isinstance(event, kind)
    return event


def refusal(
    folder: Path,
    command: type[Command],
    words: Sequence[str],
    *facts: Event,
    asked: Asked | None = None,
    community: Community = COMMUNITY,
) -> Refused:
    """Return why a command is refused."""
    with pytest.raises(Refused) as refused:
        wanted(folder, command, words, Event, *facts, asked=asked, community=community)
    return refused.value


def undone(
    folder: Path, command: type[Command], *events: Event, about: IssueState | None = None
) -> list[Event]:
    """Return what would take a command back, whose story is told."""
    with scene(folder) as world, world.knowledge() as knowledge:
        return list(command.taken_back(story(*events), asking(about, command=UNDO), knowledge))


UNDO = "command/github/comment/2/0/0"
