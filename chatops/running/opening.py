"""A look at the database before it is touched: is it ours, and do we know its schema?"""

from sqlalchemy import inspect

from chatops.app import MIGRATIONS, Service, revision
from chatops.engine.log import EVENTS
from chatops.errors import ChatopsError


def check_schema(service: Service) -> None:
    """Refuse a database that a newer version has changed, or that somebody else's tables are in."""
    found = revision(service.database)
    known = sorted(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py"))
    if found and found not in known:
        raise ChatopsError(
            f"The database is at schema {found!r}, and this version knows up to {known[-1]!r}: it was changed by a "
            f"newer version, or belongs to another program. Use the newer version, or another database."
        )
    if not found:
        with service.database.read() as db:
            is_foreign = inspect(db).has_table(EVENTS.name)
        if is_foreign:
            raise ChatopsError(
                f"The database has a table {EVENTS.name!r} that is not ours. Use a database of its own for chatops."
            )
