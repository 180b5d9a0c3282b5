"""Who is somebody in Slack on GitHub, and somebody on GitHub in Slack?"""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from sqlalchemy import BigInteger, Column, Connection, String, Table, and_, func, or_, select

from chatops.engine.clock import microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.identities import IdentityLinked, IdentityUnlinked
from chatops.names import Login


class Identities(Projection):
    """One row per member of a Slack workspace who was ever linked, as said last; no login if it was taken back."""

    name: ClassVar[str] = "identities"
    reads: ClassVar[tuple[type[Event], ...]] = (IdentityLinked, IdentityUnlinked)

    identities: Table

    def declare(self) -> None:
        self.identities = self.table(
            "identities",
            Column("team", String, primary_key=True),
            Column("member", String, primary_key=True),
            Column("login", String, nullable=False),
            Column("github_id", BigInteger, nullable=False),
            Column("said_at", BigInteger, nullable=False),
            Column("command", String, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        newest: dict[tuple[str, str], dict[str, object]] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, IdentityLinked | IdentityUnlinked)
            key, row = (event.team, event.user), _row(event)
            seen = newest.get(key)
            if seen is None or _order(row) > _order(seen):
                newest[key] = row
        upsert(
            db,
            self.identities,
            list(newest.values()),
            newer=lambda new, old: or_(
                new.said_at > old.said_at,
                and_(new.said_at == old.said_at, new.command > old.command),
            ),
        )


LIVE = Identities()


class Identity(Struct, frozen=True, kw_only=True):
    """A GitHub account that somebody has proved to be theirs."""

    login: Login
    github_id: int


def identity(db: Connection, team: str, member: str) -> Identity | None:
    """Return who a member of a Slack workspace is on GitHub, if they are linked now."""
    identities = LIVE.identities.c
    query = select(identities.login, identities.github_id).where(
        identities.team == team, identities.member == member, identities.login != ""
    )
    row = db.execute(query).first()
    return None if row is None else Identity(login=Login(row.login), github_id=row.github_id)


class Member(Struct, frozen=True, kw_only=True):
    """A member of a Slack workspace, or a channel there."""

    team: str
    member: str


def member_called(db: Connection, login: str, team: str = "") -> Member | None:
    """Return who is linked now to a GitHub login, in whatever case it is written; of several, who was linked last.

    With a workspace only who is a member of that one.
    """
    identities = LIVE.identities.c
    there = [identities.team == team] if team else []
    query = (
        select(identities.team, identities.member)
        .where(func.lower(identities.login) == login.lower(), identities.login != "", *there)
        .order_by(identities.said_at.desc(), identities.command.desc())
        .limit(1)
    )
    row = db.execute(query).first()
    return None if row is None else Member(team=row.team, member=row.member)


def _row(event: IdentityLinked | IdentityUnlinked) -> dict[str, object]:
    is_linked = isinstance(event, IdentityLinked)
    return {
        "team": event.team,
        "member": event.user,
        "login": event.login if is_linked else "",
        "github_id": event.github_id if isinstance(event, IdentityLinked) else 0,
        "said_at": microseconds(event.at),
        "command": event.command,
    }


def _order(row: dict[str, object]) -> tuple[object, ...]:
    return row["said_at"], row["command"]
