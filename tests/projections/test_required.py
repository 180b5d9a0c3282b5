from datetime import timedelta
from pathlib import Path

from chatops.events import Event
from chatops.events.gate import RequiredChecksChanged, RequiredReported
from chatops.projections.required import required_now, required_versions
from tests.scene import NOW, REPO, scene


def version(number: int, name: str) -> RequiredChecksChanged:
    return RequiredChecksChanged(
        repo=REPO, branch="main", origin="x", fingerprint=name, follows=f"{number}", names=(name,),
        seen_at=NOW + timedelta(days=number),
    )  # fmt: skip


def now(folder: Path, *facts: Event) -> RequiredChecksChanged | None:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        return required_now(knowledge.db, REPO)


def test_the_newest_version_is_todays(tmp_path: Path) -> None:
    found = now(tmp_path, version(2, "CI / b"), version(1, "CI / a"))

    assert found is not None
    assert found.names == ("CI / b",)


def test_what_a_dashboard_told_serves_until_the_list_itself_is_read(tmp_path: Path) -> None:
    told = RequiredReported(repo=REPO, names=("suite / test",), fingerprint="r")

    elsewhere = tmp_path / "x"
    elsewhere.mkdir()
    alone = now(elsewhere, told)
    beside = now(tmp_path, told, version(1, "CI / a"))

    assert alone is not None
    assert alone.names == ("dashboard / suite / test",)
    assert beside is not None
    assert beside.names == ("CI / a",)


def test_nothing_known_is_nothing(tmp_path: Path) -> None:
    assert now(tmp_path) is None


def test_the_versions_of_the_list_are_there_newest_first(tmp_path: Path) -> None:
    told = RequiredReported(repo=REPO, names=("suite / test",), fingerprint="r")
    facts = [version(1, "CI / a"), told, version(2, "CI / b")]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        found = required_versions(knowledge.db, REPO, 9)
        newest = required_versions(knowledge.db, REPO, 1)

    assert [one.rules.names[0] for one in found] == ["CI / b", "CI / a", "dashboard / suite / test"]
    assert [one.seen_at for one in found][1:] == [NOW + timedelta(days=1), None]
    assert len(newest) == 1
