from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, String, Table, delete, select

from chatops.engine.log import Log
from chatops.engine.upsert import upsert
from tests.engine.logs import opened

THINGS = Table(
    "things",
    MetaData(),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("place", String, primary_key=True),
    Column("said", String),
    Column("holds", Boolean),
    Column("weight", Integer, nullable=False),
)
ODD = ("", "it's", '"\\\n\t', "{1,2}", "null", "NULL", "ä 🎉", "%s %b ?", ":name")


def thing(number: int, said: str | None, weight: int, *, holds: bool | None) -> dict[str, object]:
    return {"id": number, "place": "here", "said": said, "holds": holds, "weight": weight}


@pytest.fixture
def log(database_url: str) -> Iterator[Log]:
    with opened(database_url) as made:
        yield made


@pytest.fixture
def things(log: Log) -> Callable[[], list[tuple[object, ...]]]:
    with log.database.write(durable=True) as db:
        THINGS.create(db)

    def read() -> list[tuple[object, ...]]:
        with log.database.read() as db:
            return [tuple(row) for row in db.execute(select(THINGS).order_by(THINGS.c.id))]

    return read


@pytest.mark.parametrize("many", [1, 7, 8, 1_000])
def test_rows_come_out_as_they_were_written_however_many_there_are(
    log: Log, things: Callable[[], list[tuple[object, ...]]], many: int
) -> None:
    rows = [
        thing(
            2**62 + number,
            None if number % 10 == 9 else ODD[number % 9],
            -number,
            holds=(True, False, None)[number % 3],
        )
        for number in range(many)
    ]

    with log.database.write(durable=False) as db:
        upsert(db, THINGS, rows)

    assert things() == [tuple(row.values()) for row in rows]


@pytest.mark.parametrize("many", [2, 40])
def test_which_row_wins_does_not_depend_on_how_many_are_written(
    log: Log, things: Callable[[], list[tuple[object, ...]]], many: int
) -> None:
    old = [thing(number, "old", number % 2 * 2, holds=True) for number in range(many)]
    new = [thing(number, None, 1, holds=False) for number in range(many)]

    def after(**how: Any) -> set[tuple[object, ...]]:  # noqa: ANN401 - what `upsert` takes
        with log.database.write(durable=False) as db:
            db.execute(delete(THINGS))
            upsert(db, THINGS, old)
            upsert(db, THINGS, new, **how)
        return {row[2:] for row in things()}

    assert after() == {("old", True, 0), ("old", True, 2)}
    assert after(merge=True) == {("old", False, 1)}
    assert after(newer=lambda new, old: new.weight > old.weight) == {
        (None, False, 1),
        ("old", True, 2),
    }


def test_a_row_that_comes_twice_in_one_call_is_folded_in_its_order(
    log: Log, things: Callable[[], list[tuple[object, ...]]]
) -> None:
    rows = [thing(number % 10, str(number), number, holds=None) for number in range(30)]

    with log.database.write(durable=False) as db:
        upsert(db, THINGS, rows, newer=lambda new, old: new.weight > old.weight)

    assert [row[2] for row in things()] == [str(number) for number in range(20, 30)]
