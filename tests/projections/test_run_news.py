from datetime import timedelta
from pathlib import Path

from chatops.names import RunId
from chatops.projections.run_news import newer_news, news_of_runs
from tests.engine.logs import HandClock
from tests.scene import NOW, ended, job, scene

MICROSECONDS = round(NOW.timestamp() * 1_000_000)


def test_a_run_has_news_by_itself_and_by_its_jobs(tmp_path: Path) -> None:
    with scene(tmp_path, [ended(10), job(1, 11)]) as world, world.knowledge() as knowledge:
        found = news_of_runs(knowledge.db, [RunId(11), RunId(10), RunId(12)])

    assert found == ((10, MICROSECONDS), (11, MICROSECONDS))


def test_what_is_new_is_told_once_also_where_it_is_recorded_a_little_out_of_order(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    with scene(tmp_path, [ended(10)], clock=clock) as world:
        with world.knowledge() as knowledge:
            first = newer_news(knowledge.db, None)
        clock.moment -= timedelta(seconds=5)
        world.add([ended(11)])
        with world.knowledge() as knowledge:
            second = newer_news(knowledge.db, first)
            third = newer_news(knowledge.db, second)

    assert (first.runs, second.runs, third.runs) == ((), (RunId(11),), ())


def test_who_has_not_looked_yet_may_ask_for_what_is_since_a_moment(tmp_path: Path) -> None:
    clock = HandClock()
    with scene(tmp_path, [ended(10)], clock=clock) as world:
        clock.moment += timedelta(hours=1)
        world.add([ended(11)])
        with world.knowledge() as knowledge:
            every = newer_news(knowledge.db, None, since=clock.moment - timedelta(hours=2))
            late = newer_news(knowledge.db, None, since=clock.moment - timedelta(minutes=1))

    assert (every.runs, late.runs) == ((RunId(10), RunId(11)), (RunId(11),))
