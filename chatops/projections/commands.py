"""What did people ask the bot for, what was decided, and how did it end?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, String, Table, func, select

from chatops.engine.clock import moment
from chatops.engine.projection import Projection, upsert
from chatops.events import Event, Recorded
from chatops.events.conversation import CommandAccepted, CommandReceived, CommandRefused
from chatops.events.reruns import RerunDeferred, RerunRequested, RetestFinished
from chatops.names import CommandId, PullNumber, Repo, RunId, Sha

MICROSECONDS = 1_000_000
RUNS_PER_QUESTION = 500


class Commands(Projection):
    """One row per command, and one per run that a command wants to run again, at once or when it has ended.

    Each column is written by one kind of event only, so that their order does not matter.
    """

    name: ClassVar[str] = "commands"
    reads: ClassVar[tuple[type[Event], ...]] = (
        CommandReceived,
        CommandAccepted,
        CommandRefused,
        RerunDeferred,
        RerunRequested,
        RetestFinished,
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
            row = rows.setdefault(event.command, dict.fromkeys(self.commands.columns.keys()))
            row["command"] = event.command
            row |= _columns(fact)
        upsert(db, self.commands, list(rows.values()), merge=True)
        upsert(db, self.reruns, list(reruns.values()))


LIVE = Commands()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A run that was asked to run again, by a command that has not ended."""

    repo: Repo
    run_id: RunId
    attempt: int


def unfinished_reruns(db: Connection, after: int) -> list[Unfinished]:
    """Return the runs that accepted commands received after a moment (seconds since 1970) still wait for."""
    commands, reruns = LIVE.commands.c, LIVE.reruns.c
    query = (
        select(reruns.repo, reruns.run_id, func.max(reruns.attempt).label("attempt"))
        .join(LIVE.commands, commands.command == reruns.command)
        .where(
            commands.decision == "accepted",
            commands.finished_at.is_(None),
            commands.received_at > after,
        )
        .group_by(reruns.repo, reruns.run_id)
        .order_by(reruns.run_id)
    )
    return [
        Unfinished(repo=row.repo, run_id=row.run_id, attempt=row.attempt)
        for row in db.execute(query)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as the audit shows it."""

    command: CommandId
    verb: str
    surface: str
    by: str
    repo: Repo
    number: PullNumber
    received_at: datetime | None
    decision: str
    reason: str
    finished_at: datetime | None


def newest_commands(db: Connection, limit: int) -> list[Command]:
    """Return the newest commands, newest first."""
    commands = LIVE.commands.c
    query = (
        select(LIVE.commands)
        .where(commands.received_at.is_not(None))
        .order_by(commands.received_at.desc(), commands.command)
        .limit(limit)
    )
    return [
        Command(
            command=row.command,
            verb=row.verb,
            surface=row.surface,
            by=row.said_by,
            repo=row.repo,
            number=row.number,
            received_at=moment(row.received_at),
            decision=row.decision or "undecided",
            reason=row.reason or "",
            finished_at=moment(row.finished_at),
        )
        for row in db.execute(query)
    ]


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
            }
        case CommandAccepted():
            return {"decision": "accepted", "reason": ""}
        case CommandRefused() as event:
            return {"decision": "refused", "reason": event.reason}
        case RetestFinished():
            return {"finished_at": fact.occurred_us // MICROSECONDS}
        case _:
            return {}
