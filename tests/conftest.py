"""What every test stands on: a closed world, seeded randomness, and either database."""

import os
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.postgres", "tests.browser"]

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("laptop", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "laptop")

MARKED_BY_FIXTURE = {"postgres_url": "postgres", "chromium": "browser"}


class LeftTheMachine(RuntimeError):
    """A test tried to reach something that is not on this machine."""


_attempts: list[str] = []


def _is_here(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse whatever would leave the machine, and remember it in case the refusal is swallowed."""
    match (event, arguments):
        case ["socket.getaddrinfo" | "socket.gethostbyname", [host, *_]]:
            pass
        case ["socket.connect" | "socket.sendto", [_, [host, _, *_]]]:
            pass
        case _:
            return
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if not _is_here(name):
        _attempts.append(name)
        raise LeftTheMachine(f"A test tried to reach {name}; only this machine is there.")


# The interpreter reports each connection here, whichever library makes it.
sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def reached_out() -> Iterator[list[str]]:
    """Fail the test that tries to leave the machine, even if its code survives the refusal."""
    _attempts.clear()
    yield _attempts
    assert not _attempts, f"reached out to {', '.join(_attempts)}"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutines under test run on asyncio, as the product does."""
    return "asyncio"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'chatops.db'}"
    address: str = request.getfixturevalue("fresh_postgres")
    return address


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by what its fixtures start, for `make test T="-m 'not browser'"`."""
    for item in items:
        for fixture, mark in MARKED_BY_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)
