"""When was a group called last, and where?"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Connection, String, Table, select

from chatops.engine.clock import moment
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.pings import GroupsCalled

MICROSECONDS = 1_000_000


class Pings(Projection):
    """One row per place and group: when it was called there last."""

    name: ClassVar[str] = "pings"
    reads: ClassVar[tuple[type[Event], ...]] = (GroupsCalled,)

    pings: Table

    def declare(self) -> None:
        self.pings = self.table(
            "pings",
            Column("place", String, primary_key=True),
            Column("group_name", String, primary_key=True),
            Column("called_at", BigInteger, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        newest: dict[tuple[str, str], int] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, GroupsCalled)
            called_at = fact.occurred_us // MICROSECONDS
            for group in event.groups:
                known = newest.get((event.place, group), called_at)
                newest[event.place, group] = max(known, called_at)
        upsert(
            db,
            self.pings,
            [
                {"place": place, "group_name": group, "called_at": called_at}
                for (place, group), called_at in newest.items()
            ],
            newer=lambda new, old: new.called_at > old.called_at,
        )


LIVE = Pings()


def last_called(
    db: Connection, place: str, groups: Collection[str]
) -> Mapping[str, datetime | None]:
    """Return when each of these groups was called last in a place, for those that ever were."""
    pings = LIVE.pings.c
    query = select(pings.group_name, pings.called_at).where(
        pings.place == place, pings.group_name.in_(groups)
    )
    return {row.group_name: moment(row.called_at) for row in db.execute(query)}
