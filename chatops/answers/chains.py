"""What led to what: the events of one command, or what a single event belongs to.

What people said in Slack stays there: of a command given there, the chain shows neither its words nor its reply. Of an
event only fields that are known to be public are shown.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from chatops.config import Community
from chatops.engine.log import Log
from chatops.events import Event, Recorded
from chatops.events.conversation import CommandReceived
from chatops.names import RunId
from chatops.projections.commands import STORY, Command, command_called, commands_about_run

POSITION = re.compile(r"e([0-9]{1,18})|([0-9]{4,18})", re.IGNORECASE)
HASH = re.compile(r"[0-9a-f]{8,32}")
LONGEST = 200
MOST_SHOWN = 12
PRIVATE = frozenset({"slack"})
SPOKEN = frozenset({"words", "text", "note"})
"""Fields that hold what somebody said."""
SHOWN = (
    "verb", "words", "role", "reason", "text", "note", "effect", "workflow", "attempt", "scope", "jobs",
    "conclusion", "passed", "failed", "found", "gate", "add", "remove", "added", "removed", "reaction",
    "name", "state", "status", "failed_step", "title", "label", "labels", "base", "branch", "context",
    "contexts", "description", "milestone", "people", "teams", "reviewers", "assignees", "method", "until",
    "job", "pattern", "subjects", "old", "new", "seconds", "tries", "parked", "day",
)  # fmt: skip
"""Fields that are public, in the order in which they are shown."""
CALLED = {"role": "allowed by", "verb": "said", "passed": "passed now", "failed": "failed again"}
"""What a field is called where its own name says too little."""


class Happening(Struct, frozen=True, kw_only=True):
    """One event of a chain. `because_of` is the position of what led to it, where that is in the chain."""

    position: int
    id: str
    kind: str
    at: datetime
    after: timedelta | None
    source: str
    actor: str
    details: tuple[tuple[str, str], ...]
    because_of: int | None
    run_id: RunId
    attempt: int

    @property
    def words(self) -> str:
        """Return what happened, in the words of its kind."""
        return re.sub(r"[._]", " ", self.kind)


class Chain(Struct, frozen=True, kw_only=True):
    """What led to what, the first first. `command` is what a person asked for, where that is how it began.

    `related` are the commands that an event which belongs to none has to do with.
    """

    command: Command | None
    said: CommandReceived | None
    happenings: tuple[Happening, ...]
    related: tuple[Command, ...] = ()

    @property
    def took(self) -> timedelta:
        """Return how long it took, from the first to the last."""
        return self.happenings[-1].at - self.happenings[0].at


def names_an_event(text: str) -> bool:
    """Return whether a word is the name of an event or a command: `e123`, an id, or the id of a story."""
    return bool(POSITION.fullmatch(text) or HASH.fullmatch(text) or text.startswith(STORY))


def chain_of(log: Log, db: Connection, community: Community, name: str) -> Chain | None:
    """Return the chain an event belongs to, by its position or its command's id; nothing if this community has none."""
    if not names_an_event(name) or not name.isprintable():
        return None
    numbered = POSITION.fullmatch(name)
    fact = log.at(int(numbered.group(1) or numbered.group(2))) if numbered else None
    if fact is not None and not fact.correlation_id.startswith(STORY):
        return _alone(db, community, fact)
    # The beginning of an id may look like a position; where there is no such event, it was one.
    command = command_called(db, name if fact is None else fact.correlation_id)
    if command is None or command.community != community.key:
        return None
    return _story(log.story(command.command, db), command)


def is_private(surface: str) -> bool:
    """Return whether what was said on a surface stays there."""
    return surface in PRIVATE


def _story(facts: Sequence[Recorded], command: Command) -> Chain:
    positions = {fact.id: fact.position for fact in facts}
    said = next((fact.event for fact in facts if isinstance(fact.event, CommandReceived)), None)
    hidden = SPOKEN if is_private(command.surface) else frozenset()
    happenings = []
    before: datetime | None = None
    for fact in facts:
        happenings.append(_happening(fact, before, positions, hidden))
        before = fact.occurred_at
    return Chain(command=command, said=said, happenings=tuple(happenings))


def _alone(db: Connection, community: Community, fact: Recorded) -> Chain | None:
    """Return an event that belongs to no command, with those that asked for its run to run again."""
    if getattr(fact.event, "repo", "") not in community.repositories:
        return None
    run_id = RunId(getattr(fact.event, "run_id", 0))
    related = [
        command
        for asked in (commands_about_run(db, run_id) if run_id else ())
        if (command := command_called(db, asked.command)) is not None
    ]
    happening = _happening(fact, None, {}, frozenset())
    return Chain(command=None, said=None, happenings=(happening,), related=tuple(related))


def _happening(
    fact: Recorded,
    before: datetime | None,
    positions: dict[str, int],
    hidden: frozenset[str],
) -> Happening:
    at = fact.occurred_at
    return Happening(
        position=fact.position,
        id=fact.id,
        kind=fact.event.kind,
        at=at,
        after=None if before is None else max(at - before, timedelta()),
        source=fact.source,
        actor="" if is_private(fact.source) else fact.actor or "",
        details=tuple(_details(fact.event, hidden)),
        because_of=positions.get(fact.causation_id or ""),
        run_id=RunId(getattr(fact.event, "run_id", 0)),
        attempt=int(getattr(fact.event, "attempt", 0)),
    )


def _details(event: Event, hidden: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the public fields of an event, with what they hold in words."""
    there = {field.name: field.default for field in msgspec.structs.fields(event)}
    for name in SHOWN:
        if name not in there or name in hidden:
            continue
        value = getattr(event, name)
        if value in ("", 0, (), False, None):
            continue
        yield CALLED.get(name, name.replace("_", " ")), _said(value)


def _said(value: object) -> str:
    match value:
        case True:
            return "yes"
        case tuple():
            shown = ", ".join(_said(one) for one in value[:MOST_SHOWN])
            more = len(value) - MOST_SHOWN
            return f"{shown} and {more} more" if more > 0 else shown
        case msgspec.Struct():
            parts = [str(getattr(value, name, "")) for name in ("name", "conclusion")]
            return ": ".join(part for part in parts if part)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M} UTC"
        case _:
            text = str(value)
            return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
