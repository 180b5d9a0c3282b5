"""What is answered to a command that was said on the dashboard?"""

from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, select

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.conversation import AnswerGiven
from chatops.names import CommandId


class Answers(Projection):
    """One row per command that was answered there: the newest answer."""

    name: ClassVar[str] = "answers"
    reads: ClassVar[tuple[type[Event], ...]] = (AnswerGiven,)

    answers: Table

    def declare(self) -> None:
        self.answers = self.table(
            "answers",
            Column("command", String, primary_key=True),
            Column("number", BigInteger, nullable=False),
            Column("answer", Text, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        newest: dict[str, dict[str, Any]] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, AnswerGiven)
            known = newest.get(event.command)
            if known is None or event.number > known["number"]:
                newest[event.command] = {
                    "command": event.command,
                    "number": event.number,
                    "answer": event.answer,
                }
        upsert(
            db, self.answers, list(newest.values()), newer=lambda new, old: new.number > old.number
        )


LIVE = Answers()


def answer_given(db: Connection, command: CommandId) -> str | None:
    """Return what is answered to a command on the dashboard, nothing where there is no answer yet."""
    answers = LIVE.answers
    return db.scalar(select(answers.c.answer).where(answers.c.command == command))
