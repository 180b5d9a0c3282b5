"""What is wrong now, or was: since when, who has seen it, and who looks after it?"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from sqlalchemy import BigInteger, Column, Connection, Row, String, Table, Text, and_, or_, select

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.alerts import Alert, AlertsAcknowledged, AlertsAssigned, AlertsTurned

SEEN, ASSIGNED = "seen", "assigned"
"""What people say of an alert."""
_ALERT = msgspec.json.Decoder(Alert)


class Alerts(Projection):
    """One row for each alert, with others for how it fails now, its end, and what people said of it last.

    Whatever is told twice is told by the earlier look, but for what changes: there the later one counts.
    """

    name: ClassVar[str] = "alerts"
    reads: ClassVar[tuple[type[Event], ...]] = (AlertsTurned, AlertsAcknowledged, AlertsAssigned)

    alerts: Table
    ends: Table
    changes: Table
    words: Table

    def declare(self) -> None:
        self.alerts = self.table(
            "alerts",
            Column("community", String, primary_key=True),
            Column("alert", String, primary_key=True),
            Column("look", String, nullable=False),
            Column("at", BigInteger, nullable=False),
            Column("data", Text, nullable=False),
        )
        self.ends = self.table(
            "alert_ends",
            Column("community", String, primary_key=True),
            Column("alert", String, primary_key=True),
            Column("look", String, nullable=False),
            Column("at", BigInteger, nullable=False),
            Column("over", String, nullable=False),
        )
        self.changes = self.table(
            "alert_changes",
            Column("community", String, primary_key=True),
            Column("alert", String, primary_key=True),
            Column("look", String, nullable=False),
            Column("at", BigInteger, nullable=False),
            Column("data", Text, nullable=False),
        )
        self.words = self.table(
            "alert_words",
            Column("community", String, primary_key=True),
            Column("alert", String, primary_key=True),
            Column("word", String, primary_key=True),
            Column("at", BigInteger, nullable=False),
            Column("command", String, nullable=False),
            Column("who", String, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        turned = [fact.event for fact in facts if isinstance(fact.event, AlertsTurned)]
        opened = [row for event in turned for row in _described(event, event.opened)]
        ended = [row for event in turned for row in _ended(event)]
        changed = [row for event in turned for row in _described(event, event.changed)]
        for table, rows in ((self.alerts, _first(opened)), (self.ends, _first(ended))):
            upsert(
                db,
                table,
                rows,
                newer=lambda new, old: or_(
                    new.at < old.at, and_(new.at == old.at, new.look < old.look)
                ),
            )
        upsert(
            db,
            self.changes,
            _last(changed),
            newer=lambda new, old: or_(
                new.at > old.at, and_(new.at == old.at, new.look > old.look)
            ),
        )
        words: dict[tuple[str, ...], dict[str, Any]] = {}
        for fact in facts:
            for row in _words(fact.event):
                place = (row["community"], row["alert"], row["word"])
                known = words.setdefault(place, row)
                if (row["at"], row["command"]) > (known["at"], known["command"]):
                    words[place] = row
        upsert(
            db,
            self.words,
            list(words.values()),
            newer=lambda new, old: or_(
                new.at > old.at, and_(new.at == old.at, new.command > old.command)
            ),
        )


LIVE = Alerts()


class Known(Struct, frozen=True, kw_only=True):
    """An alert, as it is known. `alert` is as it began, `signature` how it fails now."""

    alert: Alert
    opened_at: datetime
    closed_at: datetime | None
    over: str
    signature: str
    seen_by: str
    looked_after_by: str

    @property
    def is_open(self) -> bool:
        """Return whether it is not over."""
        return self.closed_at is None


def open_alerts(db: Connection, community: str) -> list[Known]:
    """Return what is wrong now, the newest first."""
    alerts, ends = LIVE.alerts.c, LIVE.ends.c
    query = (
        select(LIVE.alerts)
        .outerjoin(LIVE.ends, and_(ends.community == alerts.community, ends.alert == alerts.alert))
        .where(alerts.community == community, ends.alert.is_(None))
        .order_by(alerts.at.desc(), alerts.alert)
    )
    return _known(db, community, db.execute(query).all())


def alerts_named(db: Connection, community: str, names: Collection[str]) -> dict[str, Known]:
    """Return alerts by their names, those that are known."""
    alerts = LIVE.alerts.c
    query = select(LIVE.alerts).where(
        alerts.community == community, alerts.alert.in_(sorted(set(names)))
    )
    return {one.alert.alert: one for one in _known(db, community, db.execute(query).all())}


def newest_alerts(db: Connection, community: str, limit: int) -> list[Known]:
    """Return the newest alerts, whether they are over or not, the newest first."""
    alerts = LIVE.alerts.c
    query = (
        select(LIVE.alerts)
        .where(alerts.community == community)
        .order_by(alerts.at.desc(), alerts.alert)
        .limit(limit)
    )
    return _known(db, community, db.execute(query).all())


def _known(db: Connection, community: str, rows: Sequence[Row[Any]]) -> list[Known]:
    names = [row.alert for row in rows]
    ends = {row.alert: row for row in _of(db, LIVE.ends, community, names)}
    changes = {row.alert: row for row in _of(db, LIVE.changes, community, names)}
    words = {(row.alert, row.word): row.who for row in _of(db, LIVE.words, community, names)}
    found = []
    for row in rows:
        alert, end = _ALERT.decode(row.data), ends.get(row.alert)
        change = changes.get(row.alert)
        found.append(
            Known(
                alert=alert,
                opened_at=from_microseconds(row.at),
                closed_at=from_microseconds(end.at) if end is not None else None,
                over=end.over if end is not None else "",
                signature=_ALERT.decode(change.data).signature if change else alert.signature,
                seen_by=words.get((row.alert, SEEN), ""),
                looked_after_by=words.get((row.alert, ASSIGNED), ""),
            )
        )
    return found


def _of(db: Connection, table: Table, community: str, names: Sequence[str]) -> Iterable[Row[Any]]:
    if not names:
        return ()
    return db.execute(select(table).where(table.c.community == community, table.c.alert.in_(names)))


def _first(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each alert: that of the earliest look."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=_when):
        found.setdefault((row["community"], row["alert"]), row)
    return list(found.values())


def _last(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each alert: that of the latest look."""
    return list({(row["community"], row["alert"]): row for row in sorted(rows, key=_when)}.values())


def _when(row: dict[str, Any]) -> tuple[int, str]:
    return row["at"], row["look"]


def _described(event: AlertsTurned, alerts: Sequence[Alert]) -> list[dict[str, Any]]:
    return [
        {
            "community": event.community,
            "alert": alert.alert,
            "look": event.look,
            "at": microseconds(event.at),
            "data": msgspec.json.encode(alert).decode(),
        }
        for alert in alerts
    ]


def _ended(event: AlertsTurned) -> list[dict[str, Any]]:
    return [
        {
            "community": event.community,
            "alert": alert.alert,
            "look": event.look,
            "at": microseconds(event.at),
            "over": event.over,
        }
        for alert in (*event.closed, *(alert for alert in event.opened if alert.momentary))
    ]


def _words(event: Event) -> list[dict[str, Any]]:
    match event:
        case AlertsAcknowledged():
            word, who = SEEN, event.by
        case AlertsAssigned():
            word, who = ASSIGNED, event.to
        case _:
            return []
    return [
        {
            "community": event.community,
            "alert": alert,
            "word": word,
            "at": microseconds(event.at),
            "command": event.command,
            "who": who,
        }
        for alert in event.alerts
    ]
