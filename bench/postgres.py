"""A PostgreSQL of the bench's own: in a folder of its own, on a socket, with every flush of the disk left on."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

PACKAGED = Path("/usr/lib/postgresql")
"""Debian keeps the server's programs here, one folder for each version and outside PATH."""
UNPRIVILEGED = ("postgres", "nobody")
"""Who runs the server where the bench runs as root, which PostgreSQL refuses to be."""
MISSING = "PostgreSQL's programs are missing"
START_SECONDS = 30
STOP_SECONDS = 30
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server, by the folder of its socket."""

    folder: Path

    def database(self, name: str) -> str:
        """Return the address of a new, empty database."""
        with psycopg.connect(
            host=str(self.folder), user="chatops", dbname="postgres", autocommit=True
        ) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"postgresql+psycopg://chatops@/{name}?host={self.folder}"


def programs() -> Path | None:
    """Return the folder that holds the server's programs, the newest if there are more."""
    packaged = sorted(
        PACKAGED.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True
    )
    in_path = shutil.which("initdb")
    for folder in [*packaged, *([Path(in_path).resolve().parent] if in_path else [])]:
        if all((folder / name).exists() for name in ("initdb", "postgres")):
            return folder
    return None


@contextmanager
def postgres() -> Iterator[Postgres | None]:
    """Run a server for as long as the block lasts; without its programs there is none."""
    found = programs()
    if found is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="chatops-bench-postgres-"))
    try:
        user = _unprivileged()
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        with _running(found, folder, user):
            yield Postgres(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(found: Path, folder: Path, user: pwd.struct_passwd | None) -> Iterator[None]:
    data, log = folder / "data", folder / "log"
    uid, gid = (user.pw_uid, user.pw_gid) if user else (None, None)
    groups: list[int] | None = [] if user else None
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    with log.open("ab") as output:
        subprocess.run(
            [found / "initdb", "-D", data, "-U", "chatops", "-A", "trust", "-E", "UTF8", "--locale=C"],
            check=True, cwd=folder, env=environment, stdout=output, stderr=output,
            user=uid, group=gid, extra_groups=groups,
        )  # fmt: skip
        with subprocess.Popen(
            [found / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "timezone=UTC"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, env=environment,
            start_new_session=True, user=uid, group=gid, extra_groups=groups,
        ) as server:  # fmt: skip
            try:
                _wait_for(server, folder)
                yield
            finally:
                # PostgreSQL's fast shutdown: open sessions are ended.
                server.send_signal(signal.SIGINT)
                try:
                    server.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    server.kill()


def _wait_for(server: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(folder), user="chatops", dbname="postgres").close()
            return
        except psycopg.OperationalError as problem:
            if server.poll() is not None or time.monotonic() > deadline:
                said = (folder / "log").read_text(errors="replace")[-2_000:]
                raise RuntimeError(f"PostgreSQL did not start: {said}") from problem
            time.sleep(LOOK_SECONDS)


def _unprivileged() -> pwd.struct_passwd | None:
    """Return whom to become, or nothing where this process is not root."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next((known[name] for name in UNPRIVILEGED if name in known), None)
