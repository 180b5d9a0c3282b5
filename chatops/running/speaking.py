"""`chatops run` and `chatops doctor`: the command line as a surface, and a look at what may be wrong."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from chatops.app import Service, revision
from chatops.config import Community
from chatops.engine.answer import Answer, as_text
from chatops.engine.bus import Bus
from chatops.engine.log import Batch
from chatops.engine.reply import Replier
from chatops.engine.work import Item
from chatops.errors import BadInput, ChatopsError
from chatops.events import Event, Fact, Recorded
from chatops.events.conversation import (
    CommandAccepted,
    CommandExplained,
    CommandReceived,
    CommandRefused,
)
from chatops.gateways.github import GitHubGateway
from chatops.names import CommandId, PullNumber, Repo
from chatops.ports import GitHub
from chatops.running.opening import check_readable, check_schema
from chatops.surfaces.comment_words import said_alone

SURFACE = "cli"
PATIENCE_SECONDS = 30.0
"""For a decision that another process has taken on."""

LOOK_SECONDS = 0.1
DECISIONS: Mapping[type[Event], str] = {
    CommandAccepted: "accepted",
    CommandExplained: "explained",
    CommandRefused: "refused",
}


class Terminal:
    """Replies on the command line: the last one is what is printed."""

    def __init__(self) -> None:
        self.text = ""

    def render(self, answer: Answer, received: CommandReceived) -> str:
        return as_text(answer)

    async def find(self, received: CommandReceived, *, again: bool) -> str | None:
        return None

    async def post(self, received: CommandReceived, rendered: str) -> str:
        self.text = rendered
        return "terminal"

    async def edit(self, received: CommandReceived, message: str, rendered: str) -> None:
        self.text = rendered


async def say_command(
    service: Service, line: str, *, number: int, person: str, repo: str, community: str
) -> Mapping[str, Any]:
    """Say one command, let everything that is due happen, and return what was decided and answered."""
    chosen = _community(service, community)
    if repo and repo not in chosen.repositories:
        known = ", ".join(chosen.repositories)
        raise BadInput([f"--repo: found {repo!r}, expected one of {known}"])
    received = asked(line, chosen, number=number, person=person, repo=repo)
    command = received.command
    terminal = Terminal()
    service.surfaces[SURFACE] = terminal
    await service.start(run_crew=False)
    try:
        fact = Fact(event=received, source=SURFACE, actor=person or None, correlation_id=command)
        appended = await service.writer.append_soon(Batch(facts=[fact]))
        problem = await _settled(service, command, appended.positions[0])
        if not problem and not terminal.text:
            # The service beside us was faster, and has no terminal.
            await _replier(service, terminal).perform(Item(Replier.name, command, 0, 0))
        story = await asyncio.to_thread(service.log.story, command)
    finally:
        await service.stop()
    return {
        "command": command,
        "decision": "undecided" if problem else _decision(story),
        "text": problem or terminal.text,
    }


def asked(
    line: str, community: Community, *, number: int = 0, person: str = "", repo: str = ""
) -> CommandReceived:
    """Return the request a line on the command line makes."""
    said = said_alone(line)
    if said is None:
        raise BadInput(["run: found nothing, expected a command such as '/retest'"])
    return CommandReceived(
        command=CommandId(f"command/{SURFACE}/{uuid4().hex}"),
        community=community.key,
        surface=SURFACE,
        verb=said.verb,
        words=said.words,
        said=said.said,
        by=person,
        repo=Repo(repo) or community.repositories[0],
        number=PullNumber(number),
    )


def _community(service: Service, key: str) -> Community:
    communities = service.configuration.communities
    if not key:
        return service.configuration.default_community
    if key not in communities:
        raise BadInput([f"--community: found {key!r}, expected one of {', '.join(communities)}"])
    return communities[key]


async def _settled(service: Service, command: CommandId, position: int) -> str:
    """Wait for the decision, ours or that of a process beside us; return why there is none yet, if so."""
    assert service.crew is not None
    deadline = service.clock.monotonic() + PATIENCE_SECONDS
    while True:
        await service.crew.settle()
        if _is_decided(await asyncio.to_thread(service.log.story, command)):
            return ""
        waiting = [
            item
            for item in await asyncio.to_thread(service.work.backlog)
            if (item.name, item.subject) == (Bus.name, str(position)) and item.tries
        ]
        if waiting or service.clock.monotonic() > deadline:
            reason = waiting[0].problem if waiting else "Another process has taken it on."
            return f"Not decided yet: {reason} It is recorded, and a running service tries again."
        await asyncio.sleep(LOOK_SECONDS)


def _is_decided(story: Sequence[Recorded]) -> bool:
    return any(isinstance(recorded.event, tuple(DECISIONS)) for recorded in story)


def _decision(story: Sequence[Recorded]) -> str:
    """Return the word for what was decided."""
    return next(DECISIONS[kind] for one in story if (kind := type(one.event)) in DECISIONS)


def _replier(service: Service, terminal: Terminal) -> Replier:
    return Replier(
        service.log,
        service.catalogues.commands,
        service.configuration,
        {SURFACE: terminal},
        append=service.writer.append_soon,
        knowledge=service.knowledge,
    )


async def examine(service: Service) -> Sequence[Mapping[str, Any]]:
    """Return what was checked: the name, whether it is well, and what to do if not."""
    communities = service.configuration.communities.values()
    repositories = [repo for community in communities for repo in community.repositories]
    findings = [
        _finding("configuration", found=f"{len(communities)} communities"),
        await asyncio.to_thread(_database, service),
    ]
    try:
        async with GitHubGateway.from_settings(service.settings) as github:
            findings += [await _github(github, repo) for repo in repositories]
    except BadInput as problem:
        findings.append(_finding("github", problem=str(problem)))
    if (rooms := service.slack_rooms()) is not None:
        found = await rooms.examine(service.settings)
        findings += [_finding(check, problem=problem) for check, problem in found.items()]
    return findings


def _finding(check: str, *, problem: str = "", found: str = "answers") -> Mapping[str, Any]:
    return {"ok": not problem, "check": check, "text": problem or found}


def _database(service: Service) -> Mapping[str, Any]:
    """Look at the database, and leave it as it is; an empty one is no fault before the first start."""
    try:
        check_schema(service)
        if not revision(service.database):
            return _finding("database", found="empty; `chatops serve` makes its tables")
        check_readable(service)
        state = service.readiness()
    except ChatopsError as problem:
        return _finding("database", problem=str(problem))
    finally:
        service.database.close()
    facts = ", ".join(
        f"{name.replace('_', ' ')}: {fact or 0}" for name, fact in state.facts.items()
    )
    return _finding("database", problem="" if state.is_ready else facts, found=facts)


async def _github(github: GitHub, repo: Repo) -> Mapping[str, Any]:
    try:
        async for _pull in github.pulls(repo):
            break
    except ChatopsError as problem:
        return _finding(f"github {repo}", problem=str(problem))
    return _finding(f"github {repo}")
