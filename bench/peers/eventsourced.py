"""The `eventsourcing` package, as somebody who knows it would record deliveries with it.

Each fact is an aggregate whose id is made from the fact's key, so that the same fact heard twice is refused by the
database. `save` blocks, and so runs in a thread. The raw delivery is not kept, which makes its work less than ours.
"""

import asyncio
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError
from sqlalchemy import make_url

from bench.peers.door import Append
from chatops.engine.log import Appended, Batch


class Heard(Aggregate):
    """One fact that was heard."""

    class Recorded(Aggregate.Created):
        """It was heard for the first time. `stored` is the fact as the product's log would hold it."""

        key: str
        kind: str
        stored: str

    @event(Recorded)
    def __init__(self, key: str, kind: str, stored: str) -> None:
        self.key = key
        self.kind = kind
        self.stored = stored

    @staticmethod
    def create_id(key: str) -> UUID:
        """Return the id that a fact has, whenever and wherever it is heard."""
        return uuid5(NAMESPACE_URL, key)


class Hearing(Application[UUID]):
    """The log of what was heard."""

    log_section_size = 1_000

    def hear(self, batch: Batch) -> Appended:
        """Record the facts of a delivery; those that are known are duplicates."""
        heard = [
            Heard(fact.event.key(), fact.event.kind, msgspec.json.encode(fact.event).decode())
            for fact in batch.facts
        ]
        try:
            recordings = self.save(*heard)
        except IntegrityError:
            return Appended((), len(heard))
        return Appended(tuple(recording.notification.id for recording in recordings), 0)


def environment_of(address: str) -> dict[str, str]:
    """Return the package's settings for a database of ours."""
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(url.database)}
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(url.database),
        "POSTGRES_HOST": str(url.query["host"]),
        "POSTGRES_PORT": "5432",
        "POSTGRES_USER": str(url.username),
        "POSTGRES_PASSWORD": "none",
        "POSTGRES_POOL_SIZE": "5",
        "POSTGRES_MAX_OVERFLOW": "10",
        "POSTGRES_CONNECT_TIMEOUT": "30",
    }


def eventsourced(address: str) -> Append:
    """Return a way to append that is the package's."""
    hearing = Hearing(env=environment_of(address))

    async def append(batch: Batch) -> Appended:
        return await asyncio.to_thread(hearing.hear, batch)

    return append
