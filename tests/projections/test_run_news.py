from pathlib import Path

from chatops.names import RunId
from chatops.projections.run_news import news_of_runs
from tests.scene import NOW, ended, job, scene

MICROSECONDS = round(NOW.timestamp() * 1_000_000)


def test_a_run_has_news_by_itself_and_by_its_jobs(tmp_path: Path) -> None:
    with scene(tmp_path, [ended(10), job(1, 11)]) as world, world.knowledge() as knowledge:
        found = news_of_runs(knowledge.db, [RunId(11), RunId(10), RunId(12)])

    assert found == ((10, MICROSECONDS), (11, MICROSECONDS))
