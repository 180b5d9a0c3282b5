"""What was answered where the place is ours: on the dashboard, nobody else keeps the message for us.

It is what was said then, as a comment on GitHub is: told again a week later, an answer would be another one. So it is
no read model, and a rebuild leaves it alone.
"""

from sqlalchemy import Column, Connection, String, Table, select

from chatops.engine.database import METADATA, Database
from chatops.engine.upsert import upsert
from chatops.names import CommandId

KEPT = Table(
    "kept_replies",
    METADATA,
    Column("command", String, primary_key=True),
    Column("reply", String, nullable=False),
)


def kept_reply(db: Connection, command: CommandId) -> str | None:
    """Return what was answered to a command on the dashboard, if anything was yet."""
    return db.scalar(select(KEPT.c.reply).where(KEPT.c.command == command))


class KeptReplies:
    """Writes them, and changes them as a story grows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def has(self, command: CommandId) -> bool:
        """Return whether a command has been answered."""
        with self._database.read() as db:
            return kept_reply(db, command) is not None

    def put(self, command: CommandId, reply: str) -> None:
        """Keep the answer to a command in place of an earlier one."""
        with self._database.write(durable=True) as db:
            upsert(
                db, KEPT, [{"command": command, "reply": reply}],
                newer=lambda new, old: new.command == old.command,
            )  # fmt: skip
