"""The product in this process, on a database of its own, between neighbours that do not answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatops.app import Service
from chatops.config import read_configuration
from chatops.settings import Secret, Settings

NOWHERE = "http://127.0.0.1:9"
CONFIGURATION = """\
communities:
  acme:
    title: Acme
    slash_command: /acme
    repositories: [acme/rocket, acme/engine]
    nightly: [{name: Nightly, file: nightly.yaml}]
  other:
    title: Other
    repositories: [other/thing]
"""


def service(
    database_url: str, folder: Path, *, role: str = "worker", url: str = NOWHERE, token: str = ""
) -> Service:
    """Return the product; nothing of it runs yet."""
    path = folder / "chatops.yaml"
    path.write_text(CONFIGURATION)
    settings = Settings(
        config=path,
        database_url=database_url,
        github_api_url=url,
        github_token=Secret(token) if token else None,
        github_write_gap_ms=0,
    )
    return Service(settings, read_configuration(path), role=role)


@contextmanager
def opened(database_url: str, folder: Path) -> Iterator[Service]:
    """Open the product's database, to look into it."""
    made = service(database_url, folder)
    made.open_database()
    try:
        yield made
    finally:
        made.database.close()
