"""Start a peer and stop it again."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.processes import Served, environment, free_port, served


@contextmanager
def peer(
    name: str, folder: Path, database: str, added: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Serve one of the peers for as long as the block lasts."""
    port = free_port()
    command = [sys.executable, "-m", "bench.peers", name, database, str(port)]
    with served(command, port, folder / f"{name}.log", environment(**(added or {}))) as running:
        yield running
