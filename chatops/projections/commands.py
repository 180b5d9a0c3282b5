"""What did people ask the bot for, what was decided, and how did it end?"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Row,
    SmallInteger,
    String,
    Table,
    Tuple,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from chatops.engine.clock import moment, seconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.conversation import (
    CommandAccepted,
    CommandExplained,
    CommandReceived,
    CommandRefused,
    EffectFailed,
)
from chatops.events.reruns import RerunDeferred, RerunRequested, RetestFinished
from chatops.names import CommandId, PullNumber, Repo, RunId, Sha

MICROSECONDS = 1_000_000
RUNS_PER_QUESTION = 500
STORY = "command/"
EVENT_ID = re.compile(r"[0-9a-f]{8,32}")


class Outcome(StrEnum):
    """What became of a command, as far as that is known."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPLAINED = "explained"
    """Nothing was done: somebody only wanted to know what would be."""
    FAILED = "failed"
    """Something that it asked for could not be done."""
    UNDECIDED = "undecided"


class Commands(Projection):
    """One row per command, and one per run that a command wants to run again, at once or when it has ended.

    Each column is written by one kind of event only, so that their order does not matter. `id` is that of
    the request itself; `failed` is set where something that was asked for could not be done.
    """

    name: ClassVar[str] = "commands"
    reads: ClassVar[tuple[type[Event], ...]] = (
        CommandReceived,
        CommandAccepted,
        CommandRefused,
        CommandExplained,
        RerunDeferred,
        RerunRequested,
        RetestFinished,
        EffectFailed,
    )

    commands: Table
    reruns: Table

    def declare(self) -> None:
        self.commands = self.table(
            "commands",
            Column("command", String, primary_key=True),
            Column("community", String),
            Column("surface", String),
            Column("verb", String),
            Column("said_by", String),
            Column("repo", String),
            Column("number", Integer),
            Column("received_at", BigInteger),
            Column("decision", String),
            Column("reason", String),
            Column("finished_at", BigInteger),
            Column("id", String),
            Column("words", String),
            Column("failed", SmallInteger),
            Index(f"{self.prefix}commands_newest", "community", "received_at"),
            Index(f"{self.prefix}commands_of_person", "community", "said_by", "received_at"),
            Index(f"{self.prefix}commands_of_pull", "repo", "number", "received_at"),
            Index(f"{self.prefix}commands_by_id", "id"),
        )
        self.reruns = self.table(
            "reruns",
            Column("command", String, primary_key=True),
            Column("run_id", BigInteger, primary_key=True, autoincrement=False),
            Column("repo", String, nullable=False),
            Column("sha", String, nullable=False),
            Column("attempt", Integer, nullable=False),
            Index(f"{self.prefix}reruns_of_run", "run_id"),
            Index(f"{self.prefix}reruns_of_commit", "repo", "sha"),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows: dict[str, dict[str, Any]] = {}
        reruns: dict[tuple[str, int], dict[str, Any]] = {}
        for fact in facts:
            event: Any = fact.event
            if isinstance(event, RerunDeferred | RerunRequested):
                reruns[event.command, event.run_id] = {
                    "command": event.command,
                    "run_id": event.run_id,
                    "repo": event.repo,
                    "sha": event.sha,
                    "attempt": event.attempt,
                }
                continue
            command = event.stream_of if isinstance(event, EffectFailed) else event.command
            if not command.startswith(STORY):
                continue
            row = rows.setdefault(command, dict.fromkeys(self.commands.columns.keys()))
            row["command"] = command
            row |= _columns(fact)
        upsert(db, self.commands, list(rows.values()), merge=True)
        upsert(db, self.reruns, list(reruns.values()))


LIVE = Commands()


class AskedFor(Struct, frozen=True, kw_only=True):
    """A run that a command asked to run again, after `attempt`."""

    command: CommandId
    run_id: RunId
    attempt: int


def commands_about_run(db: Connection, run_id: RunId) -> list[AskedFor]:
    """Return which commands asked for a run to run again, in the order of their ids."""
    reruns = LIVE.reruns.c
    query = select(reruns.command, reruns.run_id, reruns.attempt).where(reruns.run_id == run_id)
    return [
        AskedFor(command=row.command, run_id=row.run_id, attempt=row.attempt)
        for row in db.execute(query.order_by(reruns.command))
    ]


def reruns_of_commit(db: Connection, repo: Repo, sha: Sha) -> list[AskedFor]:
    """Return which commands asked for which runs of a commit to run again."""
    reruns = LIVE.reruns.c
    query = (
        select(reruns.command, reruns.run_id, reruns.attempt)
        .where(reruns.repo == repo, reruns.sha == sha)
        .order_by(reruns.run_id, reruns.attempt, reruns.command)
    )
    return [
        AskedFor(command=row.command, run_id=row.run_id, attempt=row.attempt)
        for row in db.execute(query)
    ]


def runs_asked_for(db: Connection, run_ids: Collection[RunId]) -> set[RunId]:
    """Return those of many runs that any command asked to run again."""
    reruns, wanted = LIVE.reruns.c, sorted(run_ids)
    found = set[RunId]()
    for start in range(0, len(wanted), RUNS_PER_QUESTION):
        part = wanted[start : start + RUNS_PER_QUESTION]
        found.update(db.scalars(select(reruns.run_id).where(reruns.run_id.in_(part)).distinct()))
    return found


def commands_about_commit(db: Connection, repo: Repo, sha: Sha) -> int:
    """Return how many commands have asked to run something of this commit again."""
    reruns = LIVE.reruns.c
    query = select(func.count(reruns.command.distinct())).where(
        reruns.repo == repo, reruns.sha == sha
    )
    return db.scalar(query) or 0


def unfinished_commands(db: Connection, after: int) -> list[CommandId]:
    """Return the commands accepted since a moment (seconds since 1970) whose reruns have not all ended."""
    commands, reruns = LIVE.commands.c, LIVE.reruns.c
    query = (
        select(commands.command)
        .join(LIVE.reruns, reruns.command == commands.command)
        .where(
            commands.decision == "accepted",
            commands.finished_at.is_(None),
            commands.received_at > after,
        )
        .distinct()
        .order_by(commands.command)
    )
    return [CommandId(command) for command in db.scalars(query)]


def last_accepted(db: Connection, repo: Repo, number: PullNumber, verb: str) -> str:
    """Return who gave the newest accepted command of a verb on an issue or pull request, empty if nobody did."""
    commands = LIVE.commands.c
    query = (
        select(commands.said_by)
        .where(
            commands.repo == repo,
            commands.number == number,
            commands.verb == verb,
            commands.decision == "accepted",
        )
        .order_by(commands.received_at.desc(), commands.command.desc())
        .limit(1)
    )
    return db.scalar(query) or ""


class Command(Struct, frozen=True, kw_only=True):
    """A command as the audit shows it. `id` is that of the event that asked for it."""

    command: CommandId
    id: str
    community: str
    verb: str
    words: tuple[str, ...]
    surface: str
    by: str
    repo: Repo
    number: PullNumber
    received_at: datetime | None
    decision: str
    outcome: Outcome
    reason: str
    finished_at: datetime | None


class Asking(Struct, frozen=True, kw_only=True):
    """Which commands are asked for: what is empty does not matter."""

    community: str = ""
    by: str = ""
    verb: str = ""
    surface: str = ""
    outcome: Outcome | None = None
    repo: Repo = Repo("")
    number: PullNumber = PullNumber(0)


def newest_commands(
    db: Connection, asking: Asking, limit: int, *, before: Command | None = None
) -> list[Command]:
    """Return the newest commands, or those before another, newest first."""
    commands = LIVE.commands.c
    order = (commands.received_at.desc(), commands.command.desc())
    place: ColumnElement[bool] = commands.received_at.is_not(None)
    if before is not None:
        place = _place() < _place_of(before)
    return _commands(db, asking, limit, place, order)


def next_commands(db: Connection, asking: Asking, limit: int, *, after: Command) -> list[Command]:
    """Return the commands that came next after another, newest first."""
    commands = LIVE.commands.c
    order = (commands.received_at, commands.command)
    return _commands(db, asking, limit, _place() > _place_of(after), order)[::-1]


def command_called(db: Connection, name: str) -> Command | None:
    """Return a command by the id of its story, or by the beginning of its request's event id; nothing if not clear."""
    commands = LIVE.commands.c
    is_it: ColumnElement[bool] = commands.command == name
    if EVENT_ID.fullmatch(name):
        is_it = or_(is_it, commands.id.between(name, f"{name}g"))
    found = db.execute(
        select(LIVE.commands).where(is_it, commands.received_at.is_not(None)).limit(2)
    ).all()
    return _command(found[0]) if len(found) == 1 else None


def people(db: Connection, community: str, limit: int, *, surfaces: Collection[str]) -> list[str]:
    """Return who has asked for something on some surfaces, by name."""
    commands = LIVE.commands.c
    query = (
        select(commands.said_by)
        .where(
            commands.community == community,
            commands.received_at.is_not(None),
            commands.surface.in_(surfaces),
        )
        .distinct()
        .order_by(commands.said_by)
        .limit(limit)
    )
    return list(db.scalars(query))


def commands_of_person(
    db: Connection, repo: Repo, number: PullNumber, by: str, after: datetime
) -> list[Command]:
    """Return what somebody asked for in one place after a moment and was granted, newest first."""
    commands = LIVE.commands.c
    query = (
        select(LIVE.commands)
        .where(
            commands.said_by == by,
            commands.received_at >= int(after.timestamp()),
            commands.repo == repo,
            commands.number == number,
            commands.decision == "accepted",
        )
        .order_by(commands.received_at.desc(), commands.command.desc())
    )
    return [_command(row) for row in db.execute(query)]


def commands_of_person_anywhere(
    db: Connection, community: str, by: str, surface: str, after: datetime
) -> list[Command]:
    """Return what somebody asked for on a surface, wherever, since a moment and was granted, newest first."""
    commands = LIVE.commands.c
    query = (
        select(LIVE.commands)
        .where(
            commands.community == community,
            commands.said_by == by,
            commands.received_at >= int(after.timestamp()),
            commands.surface == surface,
            commands.decision == "accepted",
        )
        .order_by(commands.received_at.desc(), commands.command.desc())
    )
    return [_command(row) for row in db.execute(query)]


def commands_lately(db: Connection, community: str, by: str, surface: str, after: datetime) -> int:
    """Return how many commands somebody has said on a surface since a moment."""
    commands = LIVE.commands.c
    query = select(func.count()).where(
        commands.community == community,
        commands.said_by == by,
        commands.received_at >= int(after.timestamp()),
        commands.surface == surface,
    )
    return db.scalar(query) or 0


def command_of_id(db: Connection, command: CommandId) -> Command | None:
    """Return one command."""
    commands = LIVE.commands.c
    query = select(LIVE.commands).where(
        commands.command == command, commands.received_at.is_not(None)
    )
    row = db.execute(query).first()
    return None if row is None else _command(row)


def commands_about_runs(
    db: Connection, run_ids: Collection[RunId], limit: int
) -> list[tuple[Command, RunId, int]]:
    """Return the newest commands that asked for some runs to run again, each with a run and after which attempt."""
    commands, reruns = LIVE.commands.c, LIVE.reruns.c
    query = (
        select(LIVE.commands, reruns.run_id, reruns.attempt)
        .join(LIVE.reruns, commands.command == reruns.command)
        .where(reruns.run_id.in_(sorted(run_ids)), commands.received_at.is_not(None))
        .order_by(commands.received_at.desc(), commands.command.desc(), reruns.run_id)
        .limit(limit)
    )
    return [(_command(row), row.run_id, row.attempt) for row in db.execute(query)]


def _place() -> Tuple:
    commands = LIVE.commands.c
    return tuple_(commands.received_at, commands.command)


def _place_of(command: Command) -> Tuple:
    return tuple_(literal(seconds(command.received_at), BigInteger), literal(command.command))


def _commands(
    db: Connection,
    asking: Asking,
    limit: int,
    place: ColumnElement[bool],
    order: Sequence[ColumnElement[Any]],
) -> list[Command]:
    commands = LIVE.commands.c
    columns = {
        commands.community: asking.community,
        commands.said_by: asking.by,
        commands.verb: asking.verb,
        commands.surface: asking.surface,
        commands.repo: asking.repo,
        commands.number: asking.number,
    }
    wanted = [column == value for column, value in columns.items() if value]
    if asking.outcome is not None:
        wanted.append(_had(asking.outcome))
    query = select(LIVE.commands).where(place, *wanted).order_by(*order).limit(limit)
    return [_command(row) for row in db.execute(query)]


def _had(outcome: Outcome) -> ColumnElement[bool]:
    """Return the condition under which `_outcome` says so."""
    commands = LIVE.commands.c
    match outcome:
        case Outcome.REFUSED | Outcome.EXPLAINED:
            return commands.decision == outcome.value
        case Outcome.FAILED:
            decided = func.coalesce(commands.decision, "")
            return and_(commands.failed.is_not(None), decided.not_in(["refused", "explained"]))
        case Outcome.ACCEPTED:
            return and_(commands.decision == "accepted", commands.failed.is_(None))
        case Outcome.UNDECIDED:
            return and_(commands.decision.is_(None), commands.failed.is_(None))


def _outcome(row: Row[Any]) -> Outcome:
    if row.decision in (Outcome.REFUSED, Outcome.EXPLAINED):
        return Outcome(row.decision)
    if row.failed:
        return Outcome.FAILED
    return Outcome.ACCEPTED if row.decision else Outcome.UNDECIDED


def _command(row: Row[Any]) -> Command:
    return Command(
        command=row.command,
        id=row.id,
        community=row.community,
        verb=row.verb,
        words=tuple(msgspec.json.decode(row.words)),
        surface=row.surface,
        by=row.said_by,
        repo=row.repo,
        number=row.number,
        received_at=moment(row.received_at),
        decision=row.decision or "undecided",
        outcome=_outcome(row),
        reason=row.reason or "",
        finished_at=moment(row.finished_at),
    )


def _columns(fact: Recorded) -> dict[str, Any]:
    match fact.event:
        case CommandReceived() as event:
            return {
                "community": event.community,
                "surface": event.surface,
                "verb": event.verb,
                "said_by": event.by,
                "repo": event.repo,
                "number": event.number,
                "received_at": fact.occurred_us // MICROSECONDS,
                "id": fact.id,
                "words": msgspec.json.encode(event.words).decode(),
            }
        case CommandAccepted():
            return {"decision": "accepted", "reason": ""}
        case CommandRefused() as event:
            return {"decision": "refused", "reason": event.reason}
        case CommandExplained() as event:
            return {"decision": "explained", "reason": event.reason}
        case EffectFailed():
            return {"failed": 1}
        case RetestFinished():
            return {"finished_at": fact.occurred_us // MICROSECONDS}
        case _:
            return {}
