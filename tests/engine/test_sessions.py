from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from chatops.app import upgrade_database
from chatops.engine.database import Database, open_database
from chatops.engine.sessions import IDLE, LONGEST, SESSIONS, Sessions
from chatops.names import Login
from chatops.ports import Account
from tests.scene import NOW

MONA = Account(login=Login("mona"), id=7)
A_DAY = timedelta(days=1)


class HandClock:
    """A clock that somebody moves."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    upgrade_database(opened)
    yield opened
    opened.close()


def test_who_holds_the_token_is_known_by_it(database: Database) -> None:
    sessions = Sessions(database, HandClock())
    token = sessions.begin(MONA)

    found = sessions.of(token)

    assert found is not None
    assert (found.login, found.github_id) == ("mona", 7)
    assert sessions.of(f"{token}x") is None
    assert sessions.of("") is None


def test_each_has_a_token_and_a_secret_of_its_own(database: Database) -> None:
    sessions = Sessions(database, HandClock())
    tokens = [sessions.begin(MONA) for _ in range(3)]
    secrets = {one.csrf for token in tokens if (one := sessions.of(token)) is not None}

    assert len(set(tokens)) == len(secrets) == 3


def test_whoever_reads_the_table_is_nobody_by_it(database: Database) -> None:
    sessions = Sessions(database, HandClock())
    token = sessions.begin(MONA)

    with database.read() as db:
        [row] = db.execute(SESSIONS.select()).all()

    assert token not in str(row)
    assert sessions.of(row.digest) is None


def test_being_here_makes_it_good_for_longer_but_not_for_ever(database: Database) -> None:
    clock = HandClock()
    sessions = Sessions(database, clock)
    token = sessions.begin(MONA)

    days = 0
    while sessions.of(token) is not None:
        clock.moment += 10 * A_DAY
        days += 10

    assert IDLE.days < days == LONGEST.days


def test_whoever_stays_away_has_to_sign_in_again(database: Database) -> None:
    clock = HandClock()
    sessions = Sessions(database, clock)
    token = sessions.begin(MONA)
    clock.moment += IDLE

    assert sessions.of(token) is None


def test_one_that_is_ended_is_over_and_no_other(database: Database) -> None:
    sessions = Sessions(database, HandClock())
    mine, other = sessions.begin(MONA), sessions.begin(MONA)

    sessions.end(mine)

    assert sessions.of(mine) is None
    assert sessions.of(other) is not None


def test_only_those_that_are_over_are_forgotten(database: Database) -> None:
    clock = HandClock()
    sessions = Sessions(database, clock)
    sessions.begin(MONA)
    clock.moment += IDLE
    kept = sessions.begin(MONA)

    assert sessions.forget() == 1
    assert sessions.forget() == 0
    assert sessions.of(kept) is not None
