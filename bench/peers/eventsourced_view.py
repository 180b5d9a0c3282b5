"""A read model of the `eventsourcing` package, as its documentation has it: one row and its tracking per event.

Its notification log is read in sections of a thousand, as the package's own followers do, and each event is written
with the position it was read at, in one transaction. Its SQLite recorder offers no subscription, so none is used.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import islice

from eventsourcing.persistence import InfrastructureFactory, Tracking, TrackingRecorder
from eventsourcing.projection import Projection
from eventsourcing.sqlite import SQLiteDatastore, SQLiteTrackingRecorder
from eventsourcing.system import NotificationLogReader

from bench.history import told
from bench.peers.eventsourced import Heard, Hearing, environment_of
from chatops.app import catalogues
from chatops.engine.codec import Codec
from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.events.runs import JobCompleted, JobQueued, JobStarted
from chatops.projections.jobs import WEIGHT

CREATE = (
    "CREATE TABLE IF NOT EXISTS jobs (job_id BIGINT PRIMARY KEY, run_id BIGINT, attempt INTEGER, "
    "name TEXT, weight INTEGER, conclusion TEXT, failed_step TEXT, runner TEXT)"
)
UPSERT = (
    "INSERT INTO jobs VALUES ({0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}) ON CONFLICT (job_id) DO UPDATE SET "
    "run_id = excluded.run_id, attempt = excluded.attempt, name = excluded.name, weight = excluded.weight, "
    "conclusion = excluded.conclusion, failed_step = excluded.failed_step, runner = excluded.runner "
    "WHERE excluded.weight > jobs.weight"
)
FACTS_AT_ONCE = 50
"""How many facts are saved together while the log is filled, which is not measured; a thousand make libpq's pipeline
wait for itself."""

Job = JobQueued | JobStarted | JobCompleted
Values = tuple[int, int, int, str, int, str, str, str]


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many events became rows, and how many a second."""

    events: int
    rate: float


class View(TrackingRecorder, ABC):
    """A table of jobs that knows up to where it was told."""

    @abstractmethod
    def put(self, values: Values, tracking: Tracking) -> None:
        """Write one row and the tracking, in one transaction."""


class SqliteView(SQLiteTrackingRecorder, View):
    """The table in SQLite."""

    def __init__(self, datastore: SQLiteDatastore) -> None:
        super().__init__(datastore)
        self.create_table_statements.append(CREATE)

    def put(self, values: Values, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(UPSERT.format("?"), values)
            self._insert_tracking(cursor, tracking)


class Jobs(Projection[View]):
    """Which jobs ran, and how did they end? The question of the product's own projection of that name."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._codec = Codec(catalogues().events)

    def process_event(self, domain_event: object, tracking: Tracking) -> None:
        assert isinstance(domain_event, Heard.Recorded)
        event = self._codec.decode(domain_event.kind, 1, domain_event.stored.encode())
        assert isinstance(event, Job)
        ended = event if isinstance(event, JobCompleted) else None
        values = (
            event.job_id, event.run_id, event.attempt, event.name, WEIGHT[type(event)],
            ended.conclusion if ended else "", ended.failed_step if ended else "", event.runner,
        )  # fmt: skip
        self.view.put(values, tracking)


def replayed(address: str, events: int) -> Replayed:
    """Fill a log of the package's with jobs, and measure how fast its projection makes rows of them."""
    environment = environment_of(address)
    hearing = Hearing(env=environment)
    facts = (Fact(event=one, source="github", correlation_id="bench") for one in _jobs(events))
    while batch := list(islice(facts, FACTS_AT_ONCE)):
        hearing.hear(Batch(facts=batch))
    factory = InfrastructureFactory[View].construct(environment)
    jobs = Jobs(factory.tracking_recorder(_view(address)))
    reader = NotificationLogReader(hearing.notification_log, section_size=Hearing.log_section_size)
    count, began = 0, time.perf_counter()
    for section in reader.select(start=1):
        for notification in section:
            event = hearing.mapper.to_domain_event(notification)
            jobs.process_event(event, Tracking(hearing.name, notification.id))
            count += 1
    took = time.perf_counter() - began
    hearing.close()
    return Replayed(count, count / took)


def _jobs(events: int) -> Iterator[Event]:
    return islice((event for event in told(2 * events) if isinstance(event, Job)), events)


def _view(address: str) -> type[View]:
    """Return the view's class; PostgreSQL's needs more than every machine has installed."""
    if address.startswith("sqlite"):
        return SqliteView
    view: type[View] = import_module("bench.peers.eventsourced_view_postgres").PostgresView
    return view
