from pathlib import Path

from chatops.engine.log import Batch
from chatops.events import Fact
from chatops.names import Repo
from chatops.projections.freshness import heard_by_source, last_change, last_heard
from tests.scene import NOW, REPO, job, scene


def test_hearing_is_dated_by_when_it_was_heard(tmp_path: Path) -> None:
    with scene(tmp_path, [job(1, 10)]) as world, world.knowledge() as knowledge:
        assert last_heard(knowledge.db, [REPO]) == NOW
        assert last_heard(knowledge.db, [Repo("other/place")]) is None


def test_an_imported_file_changes_things_but_is_not_hearing(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        fact = Fact(event=job(1, 10), source="import", correlation_id="import/1")
        world.log.append([Batch(facts=[fact])])
        world.add([])

        with world.knowledge() as knowledge:
            assert last_heard(knowledge.db, [REPO]) is None
            assert last_change(knowledge.db, [REPO]) == NOW


def test_each_road_has_its_own_age(tmp_path: Path) -> None:
    with scene(tmp_path, [job(1, 10)]) as world:
        fact = Fact(event=job(2, 10), source="import", correlation_id="import/1")
        world.log.append([Batch(facts=[fact])])
        world.add([])

        with world.knowledge() as knowledge:
            heard = heard_by_source(knowledge.db, [REPO, Repo("other/place")])

    assert sorted(heard) == [(REPO, "github", NOW), (REPO, "import", NOW)]
