"""What we stand on goes away and comes back: nothing accepted is lost, nobody is left in the dark, nothing restarts."""

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import Self

import httpx
import pytest
from sqlalchemy import select, update

from chatops.engine.database import BUSY_SECONDS, open_database
from chatops.engine.deliveries import DELIVERIES
from chatops.engine.log import EVENTS
from chatops.engine.work import MOST_TRIES, WORK
from tests import postgres
from tests.scenarios.process import Process
from tests.scenarios.stage import SECRET, Stage, ask, stage, wait_until
from tests.surfaces.doors import GITHUB_PATH, job, signed

pytestmark = pytest.mark.timeout(180)

PIECE = 65_536

numbers = count(1)


class Load:
    """Brings deliveries, one after the other, and remembers what was answered."""

    def __init__(self, process: Process) -> None:
        self.answers: dict[str, int] = {}
        self._process = process
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        self._ending.set()
        self._thread.join(timeout=30)

    @property
    def accepted(self) -> set[str]:
        """Return the ids of what was acknowledged."""
        return {guid for guid, status in self.answers.items() if status == HTTPStatus.ACCEPTED}

    def newest(self, status: int) -> bool:
        """Return whether the newest delivery was answered so."""
        return bool(self.answers) and list(self.answers.values())[-1] == status

    def _run(self) -> None:
        with httpx.Client(trust_env=False, timeout=20) as client:
            while not self._ending.is_set():
                status, guid = deliver(client, self._process)
                self.answers[guid] = status
                time.sleep(0.005)


def deliver(client: httpx.Client, process: Process) -> tuple[int, str]:
    """Bring one new fact; return the answer's status and the delivery's id."""
    number = next(numbers)
    body = job(number)
    headers = {**signed(body, secret=SECRET), "x-github-delivery": f"load-{number}"}
    answer = client.post(f"{process.url}{GITHUB_PATH}", content=body, headers=headers)
    return answer.status_code, f"load-{number}"


def kept(database_url: str) -> tuple[set[str], list[int]]:
    """Return the deliveries there are, and every position."""
    database = open_database(database_url)
    with database.read() as db:
        guids = set(db.scalars(select(DELIVERIES.c.guid)))
        positions = list(db.scalars(select(EVENTS.c.position).order_by(EVENTS.c.position)))
    database.close()
    return guids, positions


def is_ready(process: Process) -> bool:
    return ask(process, "/readyz").status_code == HTTPStatus.OK


# The database


class Server:
    """A PostgreSQL of the test's own, to be stopped and started."""

    def __init__(self, folder: Path, *, auth: str = "trust") -> None:
        self._folder = folder
        self._user = postgres._unprivileged()  # noqa: SLF001 - it knows whom to be
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        password = folder / "password"
        password.write_text("right")
        self._say(
            "initdb",
            "-D",
            "data",
            "-U",
            "chatops",
            "-A",
            auth,
            "--pwfile",
            str(password),
            "--no-sync",
        )
        self.start()

    @classmethod
    @contextmanager
    def opened(cls, *, auth: str = "trust") -> Iterator[Self]:
        """Have one for a while; `auth` is how it asks who somebody is."""
        with tempfile.TemporaryDirectory(prefix="chatops-outage-") as folder:
            made = cls(Path(folder), auth=auth)
            try:
                yield made
            finally:
                made.stop()

    @property
    def url(self) -> str:
        return f"postgresql://chatops@/postgres?host={self._folder}"

    def start(self) -> None:
        """Start it."""
        options = f"-c listen_addresses='' -c fsync=off -k {self._folder}"
        self._say("pg_ctl", "start", "-D", "data", "-l", "log", "-w", "-s", "-o", options)

    def stop(self) -> None:
        """Let it go without a farewell."""
        self._say("pg_ctl", "stop", "-D", "data", "-m", "immediate", "-s")

    def _say(self, program: str, *words: str) -> None:
        subprocess.run(
            [postgres.programs() / program, *words],
            cwd=self._folder,
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
            env={"PATH": os.environ.get("PATH", os.defpath)},
            stdout=subprocess.DEVNULL,
            check=True,
        )


@pytest.fixture
def server() -> Iterator[Server]:
    with Server.opened() as made:
        yield made


@pytest.mark.postgres
def test_postgresql_goes_and_comes_back_and_nothing_acknowledged_is_lost(
    server: Server, tmp_path: Path
) -> None:
    with stage(server.url, tmp_path) as here, here.process() as process:
        here.hear_at(process)
        here.failed_pulls(7)
        with Load(process) as load:
            wait_until(lambda: len(load.accepted) > 50, what="load")

            server.stop()
            wait_until(lambda: load.newest(503), what="a 503")
            page, alive = ask(process, "/nightly"), ask(process, "/healthz")
            ready, metrics = ask(process, "/readyz"), ask(process, "/metrics")
            here.say(7, "/retest")
            wait_until(lambda: not here.arrived(), what="the refusal of a comment")
            time.sleep(1)

            server.start()
            wait_until(lambda: load.newest(202) and is_ready(process), what="recovery")
            wait_until(lambda: not here.redeliver_what_was_refused(), what="redelivery")
            wait_until(lambda: here.answered(7, "Running"), what="the reply")
            wait_until(here.reruns, what="the rerun")
        said = process.said()
        status = process.stop()

    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert "database" in page.text.lower()
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert alive.status_code == HTTPStatus.OK
    assert ready.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert ready.json()["ready"] is False
    assert ready.json()["database"].endswith(".")
    assert "chatops_database_up 0.0" in metrics.text
    assert status == 0
    assert "projection stopped" not in said
    guids, positions = kept(server.url)
    assert load.accepted <= guids
    assert set(load.answers.values()) == {202, 503}
    assert positions == list(range(1, len(positions) + 1))
    assert set(here.reruns().values()) == {1}
    assert len(here.replies(7)) == 1


def test_another_process_holds_sqlite_longer_than_anybody_waits(tmp_path: Path) -> None:
    path = tmp_path / "chatops.db"
    with stage(f"sqlite:///{path}", tmp_path) as here, here.process() as process:
        with httpx.Client(trust_env=False, timeout=20) as client:
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            started = time.monotonic()
            refused, guid = deliver(client, process)
            waited = time.monotonic() - started
            page = ask(process, "/nightly")
            time.sleep(BUSY_SECONDS + 1 - waited)
            other.execute("ROLLBACK")
            other.close()

            accepted, _guid = deliver(client, process)
        wait_until(lambda: is_ready(process))
        said = process.said()
        assert process.stop() == 0

    assert refused == HTTPStatus.SERVICE_UNAVAILABLE
    assert waited < 10, "GitHub waits for ten seconds"
    assert page.status_code == HTTPStatus.OK, "who only reads need not wait"
    assert accepted == HTTPStatus.ACCEPTED
    assert "Traceback" not in said
    guids, positions = kept(f"sqlite:///{path}")
    assert guid not in guids
    assert positions == [1]


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Have a disk of four megabytes."""
    disk = folder / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    is_mounted = os.geteuid() == 0 and subprocess.run(mounting, check=False).returncode == 0
    try:
        yield disk
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(disk)], check=True)


@contextmanager
def full(disk: Path, process: Process) -> Iterator[None]:
    """Fill a disk; where it could not be mounted, let a process write no larger files."""
    if os.path.ismount(disk):
        filler = disk / "filler"
        # The process writes at the same time, so how much is free is found by taking it.
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(PIECE))
        yield
        filler.unlink()
        return
    largest = max(file.stat().st_size for file in disk.iterdir())
    before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    yield
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to make a disk full")
def test_the_disk_is_full_and_then_it_is_not(tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        address = f"sqlite:///{disk / 'chatops.db'}"
        with stage(address, tmp_path) as here, here.process() as process:
            with Load(process) as load:
                wait_until(lambda: len(load.accepted) > 20, what="load")
                with full(disk, process):
                    wait_until(lambda: load.newest(503), what="a 503")
                    health, page = ask(process, "/healthz"), ask(process, "/nightly")
                    time.sleep(0.5)
                wait_until(lambda: load.newest(202) and is_ready(process), what="recovery")
                time.sleep(0.2)
            wait_until(lambda: not ask(process, "/readyz").json()["projection_lag"])
            said = process.said()
            status = process.stop()
        guids, positions = kept(address)

    assert (health.status_code, page.status_code, status) == (200, 200, 0)
    assert "The disk of the database" in said
    assert "projection stopped" not in said
    assert load.accepted <= guids
    assert positions == list(range(1, len(positions) + 1))


# GitHub


def effects(here: Stage) -> list[dict[str, object]]:
    """Return what the operator is told is not done."""
    listed: list[dict[str, object]] = json.loads(here.chatops("effects", "list", "--json").stdout)
    return listed


def let_tries_run_out(database_url: str) -> None:
    """Let the next try of everything be the last one, and due now: the rest of an hour in a moment."""
    database = open_database(database_url)
    with database.write(durable=True) as db:
        db.execute(
            update(WORK).where(WORK.c.wanted > WORK.c.done).values(tries=MOST_TRIES - 1, next_at=0)
        )
    database.close()


def test_github_is_away_and_what_was_asked_is_done_when_it_is_back(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'chatops.db'}"
    with stage(address, tmp_path) as here, here.process() as process:
        here.hear_at(process)
        here.failed_pulls(7)
        wait_until(here.arrived)
        here.to_github.cut()
        here.say(7, "/retest")
        wait_until(lambda: any(one["tries"] for one in effects(here)), what="a try")
        waiting = effects(here)
        ready = ask(process, "/readyz")
        meanwhile = here.served.run(here.slack.slash("/acme", "status nightly"))
        wait_until(lambda: meanwhile.messages, what="Slack's answer")
        said_here = here.chatops("run", "/why", "--pr", "7", "--as", "mona")

        here.to_github.mend()
        resumed = here.chatops("effects", "resume")
        wait_until(lambda: here.answered(7, "Running 1 failed job again"), what="the reply")
        wait_until(lambda: not effects(here), what="the end of all work")
        assert process.stop() == 0

    assert ready.status_code == HTTPStatus.OK
    assert ready.json()["ready"] is True
    assert {one["name"] for one in waiting} >= {"decide", "acknowledge"}
    assert {one["problem"] for one in waiting if one["tries"]} == {"GitHub could not be reached."}
    assert said_here.returncode == 1
    assert said_here.stdout.startswith("Not decided yet: GitHub could not be reached.")
    assert resumed.returncode == 0
    assert set(here.reruns().values()) == {1}
    assert len(here.replies(7)) == 1


def test_github_refuses_to_say_and_the_reply_says_so_until_it_is_decided(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'chatops.db'}"
    with stage(address, tmp_path) as here, here.process() as process:
        here.hear_at(process)
        here.failed_pulls(7)
        wait_until(here.arrived)
        here.hub.fail("secondary_403", path="/pulls/7$", times=1, retry_after=120)
        here.hub.fail("503", path="/pulls/7$", times=1_000)
        here.say(7, "/retest")
        wait_until(lambda: here.answered(7, "Not decided yet"), what="a word about the wait")
        [waits] = here.replies(7)

        let_tries_run_out(address)
        wait_until(lambda: here.answered(7, "I could not decide this"), what="giving up")
        [given_up] = here.replies(7)
        parked = [one for one in effects(here) if one["parked"]]
        ready = ask(process, "/readyz").json()

        here.hub.gate.faults.clear()
        here.chatops("effects", "resume", "decide")
        wait_until(lambda: here.answered(7, "Running 1 failed job again"), what="the decision")
        wait_until(here.reruns, what="the rerun")
        assert process.stop() == 0

    assert "Not decided yet: GitHub asks me to slow down. I try again in about 2 min." in waits
    assert "GitHub has trouble of its own (503). Nothing was started." in given_up
    assert [(one["name"], one["tries"]) for one in parked] == [("decide", MOST_TRIES)]
    assert (ready["ready"], ready["work_parked"]) == (True, 1)
    assert len(here.replies(7)) == 1
    assert set(here.reruns().values()) == {1}


# Slack


def test_slack_is_away_and_the_answer_comes_once_when_it_is_back(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'chatops.db'}"
    with stage(address, tmp_path) as here, here.process() as process:
        here.hear_at(process)
        here.to_slack.cut()
        said = here.served.run(here.slack.slash("/acme", "help"))
        wait_until(lambda: any(one["tries"] for one in effects(here)), what="a try")
        waiting = effects(here)
        ready = ask(process, "/readyz")
        nothing = said.messages

        here.to_slack.mend()
        here.chatops("effects", "resume", "reply")
        wait_until(lambda: said.messages, what="the answer")
        wait_until(lambda: not effects(here), what="the end of all work")
        assert process.stop() == 0

    assert (said.error, said.status) == (None, 200)
    assert [(one["name"], one["problem"]) for one in waiting] == [
        ("reply", "Slack could not be reached.")
    ]
    assert ready.json()["ready"] is True
    assert nothing == ()
    assert len(said.messages) == 1


def test_slack_is_away_at_the_start_and_heard_when_it_is_there(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'chatops.db'}"
    with stage(address, tmp_path, slack_mode="socket") as here:
        here.to_slack.cut()
        with here.process() as process:
            here.hear_at(process)
            here.failed_pulls(7)
            here.say(7, "/help")
            wait_until(lambda: here.answered(7, "What you can ask for"), what="GitHub's answer")

            here.to_slack.mend()
            wait_until(lambda: here.slack.sockets.connections, what="a socket")
            said = here.served.run(here.slack.slash("/acme", "help"))
            wait_until(lambda: said.messages, what="Slack's answer")
            assert process.stop() == 0

    assert said.error is None
