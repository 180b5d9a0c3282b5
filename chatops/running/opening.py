"""A look at the database before it is touched: is it ours, and do we know its schema?"""

from sqlalchemy import inspect

from chatops.app import MIGRATIONS, Service, revision
from chatops.engine.log import EVENTS
from chatops.errors import ChatopsError


def check_schema(service: Service) -> None:
    """Refuse a database that a newer version has changed, or that somebody else's tables are in."""
    found, known = revision(service.database), _known()
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


def check_readable(service: Service) -> None:
    """Refuse to look into a database whose schema is not ours by now: who only reads changes nothing."""
    check_schema(service)
    found, newest = revision(service.database), _known()[-1]
    if not found:
        raise ChatopsError(
            "The database is empty. `chatops serve` makes its tables, and so does `chatops db upgrade`."
        )
    if found != newest:
        raise ChatopsError(
            f"The database is at schema {found!r}, and this version reads {newest!r}; I only look, and leave it as it "
            f"is. `chatops db upgrade` brings it there, and so does `chatops serve`; or look with the older version."
        )


def _known() -> list[str]:
    """Return the revisions this version knows, the oldest first."""
    return sorted(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py"))
