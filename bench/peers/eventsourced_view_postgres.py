"""The view of the `eventsourcing` package's projection in PostgreSQL."""

from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from psycopg.sql import SQL

from bench.peers.eventsourced_view import CREATE, UPSERT, Values, View


class PostgresView(PostgresTrackingRecorder, View):
    """The table in PostgreSQL."""

    def __init__(
        self, datastore: PostgresDatastore, *, tracking_table_name: str = "tracking"
    ) -> None:
        super().__init__(datastore, tracking_table_name=tracking_table_name)
        self.sql_create_statements.append(SQL(CREATE).format())

    def put(self, values: Values, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(UPSERT.format("%s"), values, prepare=True)
            self._insert_tracking(cursor, tracking)
