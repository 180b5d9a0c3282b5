"""A round is made when it is asked to, and does without a database that is away."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import Connection

from chatops.config import Operators
from chatops.engine.log import Batch
from chatops.engine.round import Outlook, Round, Rounds, of_ours
from chatops.errors import Unavailable
from chatops.events import Fact
from chatops.events.canaries import CanarySent
from tests.scene import NOW, Scene, TickingClock, scene

pytestmark = pytest.mark.anyio

Look = Callable[[Connection], Outlook]


class Noon(Round):
    """Finds that it is noon."""

    name: ClassVar[str] = "noon"
    every: ClassVar[timedelta] = timedelta(minutes=1)

    def find(self, outlook: Outlook) -> Iterator[Fact]:
        if outlook.now.hour == NOW.hour:
            yield of_ours(CanarySent(canary="noon", at=outlook.now), "noon")


def outlook(after: timedelta = timedelta()) -> Look:
    return lambda db: Outlook(
        db=db,
        now=NOW + after,
        communities=(),
        operators=Operators(),
        story=lambda _command: (),
        backlog=lambda: (),
    )


def rounds(world: Scene, look: Look) -> Rounds:
    async def append(batch: Batch) -> None:
        world.log.append([batch])

    return Rounds(world.log.database, [Noon()], outlook=look, append=append, clock=TickingClock())


async def test_what_a_round_finds_is_recorded_once_however_often_it_is_made(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        made = rounds(world, outlook())

        assert await made.make("noon") == 1
        assert await made.make("noon") == 1

        (recorded,) = world.log.read(0)
    assert (recorded.event.kind, recorded.source) == ("canary.sent", "chatops")
    assert recorded.correlation_id == "noon"


async def test_a_round_that_finds_nothing_records_nothing(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        assert await rounds(world, outlook(timedelta(hours=1))).make("noon") == 0
        assert world.log.head() == 0


async def test_while_the_database_is_away_nothing_is_found_and_nothing_fails(
    tmp_path: Path,
) -> None:
    def away(_db: Connection) -> Outlook:
        message = "The database does not answer."
        raise Unavailable(message)

    with scene(tmp_path) as world:
        assert await rounds(world, away).make("noon") == 0
        assert await rounds(world, outlook()).make("noon") == 1


async def test_a_round_that_is_not_made_to_its_end_grows_old(tmp_path: Path) -> None:
    def broken(_db: Connection) -> Outlook:
        message = "The round is wrong."
        raise ValueError(message)

    with scene(tmp_path) as world:
        good, bad = rounds(world, outlook()), rounds(world, broken)
        ages = []
        # The clock is a second later each time it is asked.
        for _ in range(3):
            await good.make("noon")
            with pytest.raises(ValueError, match="wrong"):
                await bad.make("noon")
            ages.append((good.ages()["noon"], bad.ages()["noon"]))

    assert ages == [(1, 1), (1, 2), (1, 3)]
