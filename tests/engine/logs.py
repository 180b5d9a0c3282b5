"""Logs to try things on: either database, with its tables made."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import chatops.events
import chatops.projections
from chatops.engine.catalogue import catalogue
from chatops.engine.clock import SystemClock
from chatops.engine.codec import Codec
from chatops.engine.database import METADATA, open_database
from chatops.engine.log import Batch, Log, index_stories
from chatops.engine.projection import Projection
from chatops.events import Event, Fact
from chatops.ports import Clock
from tests.scene import job

PROJECTIONS = catalogue(chatops.projections, Projection)


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 5, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


@contextmanager
def opened(address: str, *, make: bool = True, clock: Clock | None = None) -> Iterator[Log]:
    """Open a log; `make` its tables unless another one has."""
    database = open_database(address)
    if make:
        index_stories()
        with database.write(durable=True) as db:
            METADATA.create_all(db)
            for projection in PROJECTIONS:
                projection().metadata.create_all(db)
    try:
        yield Log(database, Codec(catalogue(chatops.events, Event)), clock or SystemClock())
    finally:
        database.close()


def fact(number: int, *, correlation_id: str = "delivery/1", **changes: object) -> Fact:
    """Return a fact that is new for each number."""
    event = job(number, 10, **changes)  # type: ignore[arg-type]  # of whatever kind each field is
    return Fact(event=event, source="github", correlation_id=correlation_id)


def batch(*numbers: int, guarded: bool = False) -> Batch:
    """Return a batch of such facts."""
    return Batch(facts=[fact(number) for number in numbers], guarded=guarded)
