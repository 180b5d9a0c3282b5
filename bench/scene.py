"""What the parts of the bench share: a folder, the two databases, how much is done, and numbers nobody has used."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.postgres import Postgres

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is done: a load's bounds in time and count, rounds of A B A B, the sizes of logs, requests of a page."""

    seconds: float
    count: int
    rounds: int
    events: int
    few_events: int
    peer_events: int
    pages: int
    starts: int


FULL = Scale(
    seconds=2.0, count=24_000, rounds=3, events=1_000_000, few_events=10_000,
    peer_events=20_000, pages=60, starts=5,
)  # fmt: skip
QUICK = Scale(
    seconds=0.5, count=4_000, rounds=1, events=40_000, few_events=10_000,
    peer_events=2_000, pages=20, starts=2,
)  # fmt: skip


@dataclass(slots=True)
class Scene:
    """Where a run of the bench takes place."""

    folder: Path
    scale: Scale
    postgres: Postgres | None
    against: tuple[str, ...] = ()
    """The addresses of other pages, to be measured beside ours."""
    _used: int = 0
    _databases: int = 0
    _kept: dict[str, str] = field(default_factory=dict)

    def numbers(self, count: int) -> int:
        """Return the first of so many numbers of deliveries that nobody has used yet."""
        first = self._used
        self._used += count
        return first

    def database(self, kind: str, name: str) -> str | None:
        """Return the address of a new, empty database, or nothing where there is no PostgreSQL."""
        self._databases += 1
        unique = f"{name}_{self._databases}"
        if kind == SQLITE:
            return f"sqlite:///{self.folder / f'{unique}.db'}"
        return None if self.postgres is None else self.postgres.database(unique)

    def databases(self, name: str) -> Iterator[tuple[str, str | None]]:
        """Yield the name of each kind of database with the address of a new one, if it can be had."""
        for kind in (SQLITE, POSTGRESQL):
            yield kind, self.database(kind, name)

    def once(self, name: str, make: Callable[[], str]) -> str:
        """Return what was made under this name before, or make it: filling a log of a million takes its time."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]


def say(text: str) -> None:
    """Tell whoever waits what is going on, on standard error."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
