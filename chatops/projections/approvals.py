"""Who said that a pull request looks good, who approved it, and does it still count?"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    and_,
    or_,
    select,
)

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.approvals import ApprovalGiven, ApprovalWithdrawn
from chatops.names import CommandId, Login, PullNumber, Repo, Sha

PULLS_PER_QUESTION = 500


class Approvals(Projection):
    """One row per person and grade: their last word on a pull request; and one per word that something put an end to.

    What ends by itself is kept apart: it is about one word, and a later one of the same person is not concerned.
    """

    name: ClassVar[str] = "approvals"
    reads: ClassVar[tuple[type[Event], ...]] = (ApprovalGiven, ApprovalWithdrawn)

    words: Table
    ended: Table

    def declare(self) -> None:
        self.words = self.table(
            "approval_words",
            Column("repo", String, primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("grade", String, primary_key=True),
            Column("login", String, primary_key=True),
            Column("said_at", BigInteger, nullable=False),
            Column("key", String, nullable=False),
            Column("command", String, nullable=False),
            Column("said_by", String, nullable=False),
            Column("sha", String, nullable=False),
            Column("stands_for", String, nullable=False),
            Column("withdrawn", Boolean, nullable=False),
            Column("keeps", Boolean, nullable=False),
            Column("no_issue", Boolean, nullable=False),
        )
        self.ended = self.table(
            "approvals_ended",
            Column("command", String, primary_key=True),
            Column("grade", String, primary_key=True),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        newest: dict[tuple[object, ...], dict[str, object]] = {}
        ended: dict[tuple[CommandId, str], None] = {}
        for fact in facts:
            event = fact.event
            if isinstance(event, ApprovalWithdrawn) and event.reason:
                ended[event.command, event.grade] = None
                continue
            row = _row(fact)
            place = (row["repo"], row["number"], row["grade"], row["login"])
            seen = newest.get(place)
            if seen is None or (row["said_at"], row["key"]) > (seen["said_at"], seen["key"]):
                newest[place] = row
        upsert(
            db,
            self.words,
            list(newest.values()),
            newer=lambda new, old: or_(
                new.said_at > old.said_at, and_(new.said_at == old.said_at, new.key > old.key)
            ),
        )
        upsert(db, self.ended, [{"command": command, "grade": grade} for command, grade in ended])


LIVE = Approvals()


class Word(Struct, frozen=True, kw_only=True):
    """What somebody last said of a pull request, and of which commit.

    `stands`: nobody and nothing took it back; `keeps`: no push does; `no_issue`: it needs to name none.
    """

    grade: str
    command: CommandId
    by: Login
    sha: Sha
    stands_for: frozenset[str]
    stands: bool
    keeps: bool
    no_issue: bool


def words_on(db: Connection, repo: Repo, number: PullNumber) -> list[Word]:
    """Return everybody's last word on a pull request, in the order in which they were said."""
    words, ended = LIVE.words.c, LIVE.ended.c
    query = (
        select(LIVE.words, ended.command.label("ended"))
        .outerjoin(LIVE.ended, and_(ended.command == words.command, ended.grade == words.grade))
        .where(words.repo == repo, words.number == number)
        .order_by(words.said_at, words.key)
    )
    return [_word(row) for row in db.execute(query)]


def words_on_pulls(
    db: Connection, repo: Repo, numbers: Sequence[PullNumber]
) -> dict[PullNumber, list[Word]]:
    """Return everybody's last word on several pull requests of a repository, by number, each in their order."""
    words, ended = LIVE.words.c, LIVE.ended.c
    found: dict[PullNumber, list[Word]] = defaultdict(list)
    for start in range(0, len(numbers), PULLS_PER_QUESTION):
        query = (
            select(LIVE.words, ended.command.label("ended"))
            .outerjoin(LIVE.ended, and_(ended.command == words.command, ended.grade == words.grade))
            .where(
                words.repo == repo, words.number.in_(numbers[start : start + PULLS_PER_QUESTION])
            )
            .order_by(words.said_at, words.key)
        )
        for row in db.execute(query):
            found[PullNumber(row.number)].append(_word(row))
    return found


def spoken_of(
    db: Connection, pulls: Collection[tuple[Repo, PullNumber]]
) -> set[tuple[Repo, PullNumber]]:
    """Return those of many pull requests of which anybody ever said anything."""
    words = LIVE.words.c
    query = (
        select(words.repo, words.number)
        .distinct()
        .where(
            words.repo.in_({repo for repo, _ in pulls}),
            words.number.in_({number for _, number in pulls}),
        )
    )
    return {(row.repo, row.number) for row in db.execute(query)} if pulls else set()


def _word(row: Row[Any]) -> Word:
    return Word(
        grade=row.grade,
        command=row.command,
        by=row.said_by,
        sha=row.sha,
        stands_for=frozenset(msgspec.json.decode(row.stands_for)),
        stands=not row.withdrawn and row.ended is None,
        keeps=row.keeps,
        no_issue=row.no_issue,
    )


def _row(fact: Recorded) -> dict[str, object]:
    event = fact.event
    assert isinstance(event, ApprovalGiven | ApprovalWithdrawn)
    if isinstance(event, ApprovalGiven):
        by, stands_for = event.by, event.stands_for
    else:
        by, stands_for = event.whose, ()
    return {
        "repo": event.repo,
        "number": event.number,
        "grade": event.grade,
        "login": by.lower(),
        "said_at": fact.occurred_us,
        "key": fact.key,
        "command": event.command,
        "said_by": by,
        "sha": event.sha,
        "stands_for": msgspec.json.encode(stands_for).decode(),
        "withdrawn": isinstance(event, ApprovalWithdrawn),
        "keeps": isinstance(event, ApprovalGiven) and event.keeps,
        "no_issue": isinstance(event, ApprovalGiven) and event.no_issue,
    }
