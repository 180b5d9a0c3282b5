"""The product, started as an operator would: `chatops serve`, settings in the environment, a configuration file."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import msgspec

from bench.deliveries import REPO, SECRET, WORKFLOW
from bench.processes import Served, environment, free_port, get, served
from chatops.app import Service, upgrade_database
from chatops.config import read_configuration
from chatops.settings import read_settings

CONFIGURATION = f"""\
communities:
  acme:
    title: Acme
    slash_command: /acme
    repositories: [{REPO}]
    nightly: [{{name: {WORKFLOW}, file: nightly.yaml}}]
"""
NOWHERE = "http://127.0.0.1:9"
"""Where nobody listens: what needs no GitHub must not ask for it."""
CATCH_UP_SECONDS = 120.0


def settings_of(folder: Path, database: str, **added: str) -> dict[str, str]:
    """Return the product's environment; its configuration file is written beside the rest of a run."""
    file = folder / "chatops.yaml"
    file.write_text(CONFIGURATION)
    return environment(
        **{
            "CHATOPS_CONFIG": str(file),
            "CHATOPS_DATABASE_URL": database,
            "CHATOPS_GITHUB_WEBHOOK_SECRET": SECRET,
            "CHATOPS_GITHUB_API_URL": NOWHERE,
        }
        | added
    )


@contextmanager
def product(
    folder: Path,
    database: str,
    settings: Mapping[str, str] | None = None,
    *,
    role: str = "all",
) -> Iterator[Served]:
    """Serve the product for as long as the block lasts."""
    port = free_port()
    with served(
        [sys.executable, "-m", "chatops", "serve", "--port", str(port), "--role", role],
        port,
        folder / "chatops.log",
        settings_of(folder, database, **(settings or {})),
    ) as running:
        yield running


def opened(folder: Path, database: str, added: Mapping[str, str] = MappingProxyType({})) -> Service:
    """Return the product's rooms in this process, with its database at the newest schema; nothing of it runs.

    Policies and work are not born yet: what a log is filled with must be known to a process that serves it later, and
    not be acted upon.
    """
    settings = read_settings(settings_of(folder, database, **added))
    service = Service(settings, read_configuration(settings.config), role="web")
    upgrade_database(service.database)
    return service


def caught_up(port: int) -> float:
    """Wait until the read models have seen the whole log; return how many seconds that took."""
    began = time.perf_counter()
    while (lag := msgspec.json.decode(get(port, "/readyz")[1]).get("projection_lag")) != 0:
        if time.perf_counter() - began > CATCH_UP_SECONDS:
            raise RuntimeError(f"The read models stay behind the log: {lag}.")
        time.sleep(0.02)
    return time.perf_counter() - began
