from collections.abc import Iterator
from typing import cast

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, inspect

from chatops.app import MIGRATIONS, catalogues, schema, upgrade_database
from chatops.engine.clock import SystemClock
from chatops.engine.codec import Codec
from chatops.engine.database import Database, open_database
from chatops.engine.log import Batch, Log
from chatops.events import Fact
from tests.scene import pull


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


def test_the_migrations_make_what_the_code_declares(database: Database) -> None:
    upgrade_database(database)

    with database.write(durable=True) as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        # One metadata at a time would report the others' tables as too many.
        differences = compare_metadata(context, cast("MetaData", schema()))

    assert differences == []


def test_a_second_upgrade_changes_nothing_and_keeps_what_is_there(database: Database) -> None:
    upgrade_database(database)
    log = Log(database, Codec(catalogues().events), SystemClock())
    fact = Fact(event=pull(), source="github", correlation_id="delivery/1")
    log.append([Batch(facts=[fact])])

    upgrade_database(database)

    assert [recorded.event for recorded in log.all()] == [pull()]


def test_every_migration_can_be_taken_back(database: Database) -> None:
    upgrade_database(database)
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    configuration.set_main_option("path_separator", "os")

    with database.write(durable=True) as db:
        configuration.attributes["connection"] = db
        command.downgrade(configuration, "base")

    with database.read() as db:
        assert inspect(db).get_table_names() == ["alembic_version"]
