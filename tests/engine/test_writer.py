import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import event

from chatops.engine.log import Appended, Batch, Log
from chatops.engine.writer import Writer
from chatops.errors import Broken, Unavailable
from tests.engine.logs import batch, fact, opened


@pytest.fixture
def log(database_url: str) -> Iterator[Log]:
    with opened(database_url) as made:
        yield made


def together(log: Log, *batches: Batch) -> list[Appended | BaseException]:
    async def send() -> list[Appended | BaseException]:
        writer = Writer(log)
        writer.start()
        try:
            return await asyncio.gather(
                *(writer.append_soon(one) for one in batches), return_exceptions=True
            )
        finally:
            writer.stop()

    return asyncio.run(send())


def test_requests_that_arrive_together_share_transactions(log: Log) -> None:
    commits: list[object] = []
    event.listen(log.database.durable, "commit", commits.append)

    results = together(log, *(batch(number) for number in range(1, 201)))

    assert sum(len(one.positions) for one in results if isinstance(one, Appended)) == 200
    assert len(commits) < 50


def test_what_is_answered_can_be_seen_by_others(log: Log, database_url: str) -> None:
    writer = Writer(log)
    writer.start()
    appended = writer.append(batch(1))

    with opened(database_url, make=False) as other:
        assert other.head() == appended.positions[0]
    writer.stop()


def test_a_batch_that_cannot_be_written_fails_alone(log: Log) -> None:
    bad = Batch(facts=[fact(2, name="half a pair \ud800")])

    good, failed, also_good = together(log, batch(1), bad, batch(3))

    assert isinstance(good, Appended)
    assert isinstance(failed, Exception)
    assert isinstance(also_good, Appended)
    assert log.head() == 2


def test_more_than_can_wait_are_turned_away_until_there_is_room_again(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatops.engine.writer.MOST_WAITING", 5)

    async def send() -> tuple[list[Appended | BaseException], Appended]:
        writer = Writer(log)
        writer.start()
        try:
            crowd = [writer.append_soon(batch(number)) for number in range(1, 21)]
            results = await asyncio.gather(*crowd, return_exceptions=True)
            return results, await writer.append_soon(batch(30))
        finally:
            writer.stop()

    results, later = asyncio.run(send())

    assert [isinstance(one, Unavailable) for one in results] == [False] * 6 + [True] * 14
    assert later.is_new
    assert log.head() == 7


def test_stopping_writes_what_was_asked_for(log: Log) -> None:
    results = together(log, *(batch(number) for number in range(1, 1_001)))

    assert all(isinstance(one, Appended) for one in results)
    assert log.head() == 1_000


def test_a_writer_that_does_not_run_says_so(log: Log) -> None:
    with pytest.raises(Broken, match="does not run"):
        Writer(log).append(batch(1))
