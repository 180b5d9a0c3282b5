"""`chatops run` and `chatops doctor`: the command line as a surface, and a look at what may be wrong."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from chatops.app import Service
from chatops.engine.answer import Answer, as_text
from chatops.engine.log import Batch
from chatops.errors import BadInput, ChatopsError
from chatops.events import Fact
from chatops.events.conversation import CommandAccepted, CommandReceived
from chatops.names import CommandId, PullNumber, Repo
from chatops.surfaces.comment_words import split_words

SURFACE = "cli"


class Terminal:
    """Replies on the command line: the last one is what is printed."""

    def __init__(self) -> None:
        self.text = ""

    def render(self, answer: Answer, received: CommandReceived) -> str:
        return as_text(answer)

    async def find(self, received: CommandReceived) -> str | None:
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
    chosen = service.configuration.communities.get(community) if community else None
    if community and chosen is None:
        known = ", ".join(service.configuration.communities)
        raise BadInput([f"--community: found {community!r}, expected one of {known}"])
    chosen = chosen or next(iter(service.configuration.communities.values()))
    words = split_words(line)
    if not words:
        raise BadInput(["run: found nothing, expected a command such as '/retest'"])
    terminal = Terminal()
    service.surfaces[SURFACE] = terminal
    await service.start(run_crew=False)
    try:
        command = CommandId(f"command/{SURFACE}/{uuid4().hex}")
        received = CommandReceived(
            command=command,
            community=chosen.key,
            surface=SURFACE,
            verb=words[0].lstrip("/").lower(),
            words=tuple(words[1:]),
            by=person,
            repo=Repo(repo) or chosen.repositories[0],
            number=PullNumber(number),
        )
        fact = Fact(event=received, source=SURFACE, actor=person or None, correlation_id=command)
        await service.writer.append_soon(Batch(facts=[fact]))
        assert service.crew is not None
        await service.crew.settle()
        story = await asyncio.to_thread(service.log.story, command)
    finally:
        await service.stop()
    accepted = any(isinstance(recorded.event, CommandAccepted) for recorded in story)
    return {
        "command": command,
        "decision": "accepted" if accepted else "refused",
        "text": terminal.text,
    }


async def examine(service: Service) -> Sequence[Mapping[str, Any]]:
    """Return what was checked: the name, whether it is well, and what to do if not."""
    findings: list[Mapping[str, Any]] = [
        {
            "ok": True,
            "check": "configuration",
            "text": f"{len(service.configuration.communities)} communities",
        }
    ]
    try:
        await service.start(run_crew=False)
    except ChatopsError as problem:
        return [*findings, {"ok": False, "check": "database", "text": str(problem)}]
    try:
        state = await asyncio.to_thread(service.readiness)
        findings.append({"ok": state.is_ready, "check": "database", "text": str(dict(state.facts))})
        for community in service.configuration.communities.values():
            findings += [await _github(service, repo) for repo in community.repositories]
    finally:
        await service.stop()
    return findings


async def _github(service: Service, repo: Repo) -> Mapping[str, Any]:
    assert service.github is not None
    try:
        async for _pull in service.github.pulls(repo):
            break
    except ChatopsError as problem:
        return {"ok": False, "check": f"github {repo}", "text": str(problem)}
    return {"ok": True, "check": f"github {repo}", "text": "answers"}
