"""What the `eventsourcing` package needs beyond what is installed here."""

from importlib.util import find_spec

from sqlalchemy import make_url


def lacking_for(address: str) -> str:
    """Return why the package cannot use a database, or nothing."""
    if find_spec("eventsourcing") is None:
        return "eventsourcing is missing"
    is_postgresql = make_url(address).get_backend_name() == "postgresql"
    return "psycopg-pool is missing" if is_postgresql and find_spec("psycopg_pool") is None else ""
