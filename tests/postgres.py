"""A real PostgreSQL for the tests that ask for one: started in a second, gone afterwards.

Each test process has its own server, in a folder of its own and on a socket in that folder, so
parallel runs share nothing, not even a port. It is started by the first test that needs it.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from tests import needs

PACKAGED = Path("/usr/lib/postgresql")
"""Debian keeps the server's programs here, one folder for each version and outside PATH."""

UNPRIVILEGED = ("postgres", "nobody")
"""Who runs the server where the tests run as root, which PostgreSQL refuses to be."""

# Durability is the one thing these servers do not need: nobody outlives their power cut.
OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    " -c max_connections=200 -c timezone=UTC"
)

# The server lives as long as the script's standard input is open. When the test process ends,
# however it ends, the system closes that pipe, and the server and its folder go.
SCRIPT = """
programs=$1 folder=$2
PATH=$programs:$PATH:/usr/bin:/bin
stop() {
    pg_ctl stop -D "$folder/data" -m immediate -s 2>/dev/null
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM
initdb -D "$folder/data" -U chatops -A trust -E UTF8 --locale=C --no-sync >"$folder/log" 2>&1 &&
    pg_ctl start -D "$folder/data" -l "$folder/log" -w -s -o "$3 -k $folder" >>"$folder/log" 2>&1 ||
    { tail -n 20 "$folder/log"; exit 1; }
echo ready
read -r _
"""

_numbers = count(1)


def programs() -> Path:
    """Return the folder that holds the server's programs, the newest if there are more."""
    packaged = sorted(
        PACKAGED.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True
    )
    in_path = shutil.which("initdb")
    for folder in [*packaged, *([Path(in_path).resolve().parent] if in_path else [])]:
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_ctl")):
            return folder
    return needs.lacking("a PostgreSQL server", "Install the package postgresql.")


def _unprivileged() -> pwd.struct_passwd | None:
    """Return whom to become, or None where this process is not root."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next((known[name] for name in UNPRIVILEGED if name in known), None)


def _address(folder: Path, database: str) -> str:
    return f"postgresql+psycopg://chatops@/{database}?host={folder}"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of this process's server, at its maintenance database."""
    found = programs()
    folder = Path(tempfile.mkdtemp(prefix="chatops-postgres-"))
    user = _unprivileged()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    with subprocess.Popen(
        ["/bin/sh", "-c", SCRIPT, "postgres-for-tests", found, folder, OPTIONS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        # Ctrl-C reaches the tests only; the server must outlive their last statements.
        start_new_session=True,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        first = server.stdout.readline()
        if first != "ready\n":
            pytest.fail(f"PostgreSQL did not start: {first}{server.stdout.read()}", pytrace=False)
        try:
            yield _address(folder, "postgres")
        finally:
            server.stdin.close()
            server.wait(timeout=30)


@pytest.fixture
def fresh_postgres(postgres_url: str) -> Iterator[str]:
    """The address of an empty database that only this test has."""
    folder = Path(str(make_url(postgres_url).query["host"]))
    name = f"test_{next(_numbers)}"
    with psycopg.connect(
        host=str(folder), user="chatops", dbname="postgres", autocommit=True
    ) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield _address(folder, name)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
