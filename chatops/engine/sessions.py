"""Who is signed in on the dashboard: kept in the database, so that it outlives a restart and ends when it shall.

A browser holds a random token, and the table only its digest: whoever reads the table is nobody by it. Signing in is no
fact of the community's, so it is in neither the log nor a read model, and a rebuild leaves it alone.
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct
from sqlalchemy import BigInteger, Column, String, Table, delete, insert, or_, select, update

from chatops.engine.database import METADATA, Database
from chatops.names import Login
from chatops.ports import Account, Clock

IDLE = timedelta(days=14)
"""Whoever opens no page for so long has to sign in again."""
LONGEST = timedelta(days=90)
"""And so has everybody after this time."""
NOTED = timedelta(hours=1)
"""How exactly it is known when somebody was last here: a write for each page would be too many."""

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("login", String, nullable=False),
    Column("github_id", BigInteger, nullable=False),
    Column("csrf", String, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False, index=True),
)


class Session(Struct, frozen=True, kw_only=True):
    """Somebody who is signed in. `csrf` is what only our own forms know."""

    login: Login
    github_id: int
    csrf: str


class Sessions:
    """Begins, knows and ends them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, account: Account) -> str:
        """Begin one; return the token that its browser shall hold."""
        token, now = secrets.token_urlsafe(32), _seconds(self._clock.now())
        row = {
            "digest": _digest(token),
            "login": account.login,
            "github_id": account.id,
            "csrf": secrets.token_urlsafe(32),
            "began_at": now,
            "seen_at": now,
        }
        with self._database.write(durable=True) as db:
            db.execute(insert(SESSIONS), row)
        return token

    def of(self, token: str) -> Session | None:
        """Return whose a token is, while it is good; being here makes it good for longer."""
        sessions, now = SESSIONS.c, self._clock.now()
        query = select(SESSIONS).where(
            sessions.digest == _digest(token),
            sessions.seen_at > _seconds(now - IDLE),
            sessions.began_at > _seconds(now - LONGEST),
        )
        with self._database.read() as db:
            row = db.execute(query).first()
        if row is None:
            return None
        if row.seen_at <= _seconds(now - NOTED):
            self._note(row.digest, now)
        return Session(login=Login(row.login), github_id=row.github_id, csrf=row.csrf)

    def end(self, token: str) -> None:
        """End one, for whoever holds its token."""
        with self._database.write(durable=True) as db:
            db.execute(delete(SESSIONS).where(SESSIONS.c.digest == _digest(token)))

    def forget(self) -> int:
        """Drop those that are good no longer; return how many went."""
        sessions, now = SESSIONS.c, self._clock.now()
        is_over = or_(
            sessions.seen_at <= _seconds(now - IDLE), sessions.began_at <= _seconds(now - LONGEST)
        )
        with self._database.write(durable=False) as db:
            return db.execute(delete(SESSIONS).where(is_over)).rowcount

    def _note(self, digest: str, now: datetime) -> None:
        with self._database.write(durable=False) as db:
            db.execute(
                update(SESSIONS).where(SESSIONS.c.digest == digest).values(seen_at=_seconds(now))
            )


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _digest(token: str) -> str:
    return sha256(token.encode(errors="replace")).hexdigest()
