"""One process at the door and two at work, on one PostgreSQL: each thing is done once, whoever does it or dies."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from chatops.engine.clock import SystemClock, microseconds
from chatops.engine.database import Database, open_database
from chatops.engine.log import EVENTS
from chatops.engine.work import LEASE, WORK
from tests.scenarios.stage import Stage, ask, stage, wait_until
from tests.scenarios.test_outage import deliver

pytestmark = [pytest.mark.timeout(180), pytest.mark.postgres]

PULLS = range(1, 9)
DELIVERIES = 300


@pytest.fixture
def here(fresh_postgres: str, tmp_path: Path) -> Iterator[Stage]:
    """A stage on which no process runs yet, its database made."""
    with stage(fresh_postgres.replace("+psycopg", ""), tmp_path) as built:
        made = built.chatops("db", "upgrade")
        assert made.returncode == 0, made.stderr
        yield built


@pytest.fixture
def database(here: Stage) -> Iterator[Database]:
    opened = open_database(here.environment["CHATOPS_DATABASE_URL"])
    yield opened
    opened.close()


def keys(database: Database) -> list[str]:
    """Return the keys of every event, in order."""
    with database.read() as db:
        return list(db.scalars(select(EVENTS.c.key).order_by(EVENTS.c.position)))


def leased(database: Database, effect: str) -> bool:
    """Return whether somebody is at work on an effect."""
    now = microseconds(SystemClock().now())
    query = select(WORK.c.name).where(
        WORK.c.name == effect, WORK.c.leased_until > now, WORK.c.wanted > WORK.c.done
    )
    with database.read() as db:
        return db.execute(query).first() is not None


def let_a_lease_pass(database: Database) -> None:
    """Let as much time pass for the work under way as a lease lasts."""
    past = LEASE.total_seconds() * 1_000_000
    with database.write(durable=True) as db:
        db.execute(update(WORK).values(leased_until=WORK.c.leased_until - past))


def test_each_command_is_done_once_and_everybody_knows_the_same(
    here: Stage, database: Database
) -> None:
    with ExitStack() as stack:
        web = stack.enter_context(here.process("web"))
        workers = [stack.enter_context(here.process("worker")) for _ in range(2)]
        here.hear_at(web)
        here.failed_pulls(*PULLS)

        for number in PULLS:
            here.say(number, "/retest")
        with httpx.Client(trust_env=False, timeout=20) as client:
            answers = Counter(deliver(client, web)[0] for _ in range(DELIVERIES))
        wait_until(
            lambda: all(here.answered(number, "Running") for number in PULLS), what="replies"
        )
        # The reply comes with the decision; the CI must not be let to its end before GitHub was asked for all of it.
        wait_until(lambda: len(here.reruns()) == len(PULLS), what="reruns")
        here.let_ci_end()
        wait_until(
            lambda: all(here.answered(number, "passed this time") for number in PULLS),
            what="the end",
        )
        wait_until(lambda: not ask(workers[0], "/readyz").json()["work_waiting"])
        verified = here.chatops("rebuild", "--verify", "--json")
        statuses = [process.stop() for process in (web, *workers)]
        said = "".join(process.said() for process in (web, *workers))

    assert answers == {202: DELIVERIES}
    assert statuses == [0, 0, 0]
    assert set(here.reruns().values()) == {1}
    assert len(here.reruns()) == len(PULLS)
    assert [len(here.replies(number)) for number in PULLS] == [1] * len(PULLS)
    assert verified.returncode == 0, verified.stdout
    assert all(one["equal"] for one in json.loads(verified.stdout))
    recorded = keys(database)
    assert len(recorded) == len(set(recorded))
    assert sum(key.endswith("/decided") for key in recorded) == len(PULLS)
    with database.read() as db:
        positions = list(db.scalars(select(EVENTS.c.position).order_by(EVENTS.c.position)))
    assert positions == list(range(1, len(recorded) + 1))
    assert "Traceback" not in said


def test_what_is_heard_while_nobody_works_is_done_when_somebody_does(
    here: Stage, database: Database
) -> None:
    with here.process("web") as web:
        here.hear_at(web)
        here.failed_pulls(1)
        here.say(1, "/retest")
        wait_until(lambda: any("command/" in key for key in keys(database)), what="the command")
        time.sleep(0.5)
        before = (here.replies(1), here.reruns())

        with here.process("worker"):
            wait_until(lambda: here.answered(1, "Running") and here.reruns(), what="the end")

    assert before == ([], Counter())
    assert set(here.reruns().values()) == {1}


def test_the_work_of_one_that_died_is_taken_over_when_its_lease_has_run_out(
    here: Stage, database: Database
) -> None:
    with here.process("web") as web, here.process("worker") as first:
        here.hear_at(web)
        here.failed_pulls(1)
        wait_until(here.arrived)
        # GitHub takes its time over the call, and then does what was asked, whether anybody still listens or not.
        here.hub.fail("delay", method="POST", path="/rerun", seconds=2)
        here.say(1, "/retest")
        wait_until(lambda: leased(database, "rerun"), what="work under way")
        wait_until(lambda: not here.hub.gate.faults, what="the call")
        first.kill()

        with here.process("worker") as second:
            time.sleep(1.5)
            untouched = leased(database, "rerun")
            wait_until(lambda: len(here.reruns()) == 1, what="what GitHub was asked for")
            let_a_lease_pass(database)
            wait_until(lambda: not leased(database, "rerun"), what="somebody else")
            here.let_ci_end()
            wait_until(lambda: here.answered(1, "passed this time"), what="the end")
            assert second.stop() == 0

    assert untouched, "a lease holds until it runs out"
    assert set(here.reruns().values()) == {1}
    assert len(here.replies(1)) == 1
    started = [key for key in keys(database) if key.endswith("/started") and "command/" in key]
    assert len(started) == len(set(started))
