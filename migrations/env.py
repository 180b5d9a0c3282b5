"""Brings a database to the newest schema: alembic asks the composition root what there should be."""

import os

from alembic import context
from sqlalchemy import Connection

from chatops.app import schema
from chatops.engine.database import open_database


def migrate(connection: Connection) -> None:
    """Run the migrations on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=schema(),
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    database = open_database(os.environ.get("CHATOPS_DATABASE_URL", "sqlite:///chatops.db"))
    with database.write(durable=True) as connection:
        migrate(connection)
    database.close()
