from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from chatops.events import Event
from chatops.events.gate import RequiredChecksChanged, RequiredReported
from chatops.names import RunId
from chatops.projections.required import (
    required_from,
    required_now,
    required_versions,
    required_when,
)
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


def test_only_the_lists_are_read_that_were_in_force_from_a_moment_on(tmp_path: Path) -> None:
    told = RequiredReported(repo=REPO, names=("suite / test",), fingerprint="r")
    facts = [told, *(version(number, f"CI / {number}") for number in range(1, 5))]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:

        def since(days: float | None) -> list[str]:
            moment = None if days is None else NOW + timedelta(days=days)
            return [one.rules.names[0] for one in required_from(knowledge.db, REPO, moment)]

        assert since(9) == ["CI / 4"]
        assert since(4) == ["CI / 4"]
        assert since(2.5) == ["CI / 4", "CI / 3", "CI / 2"]
        assert (
            since(0)
            == since(None)
            == ["CI / 4", "CI / 3", "CI / 2", "CI / 1", "dashboard / suite / test"]
        )


def test_only_the_list_is_read_that_was_in_force_at_a_moment(tmp_path: Path) -> None:
    told = RequiredReported(repo=REPO, names=("suite / test",), fingerprint="r")
    lists = [version(number, f"CI / {number}") for number in range(1, 5)]
    for name, facts, before in (
        ("with-a-file", [told, *lists], ["dashboard / suite / test"]),
        ("without", lists, ["CI / 1"]),
        ("nothing", [], []),
    ):
        folder = tmp_path / name
        folder.mkdir()
        with scene(folder, facts) as world, world.knowledge() as knowledge:

            def at(days: float | None, db: Connection = knowledge.db) -> list[str]:
                moment = None if days is None else NOW + timedelta(days=days)
                return [one.rules.names[0] for one in required_when(db, REPO, moment)]

            assert at(9) == (["CI / 4"] if before else [])
            assert at(2) == at(2.5) == (["CI / 2"] if before else [])
            assert at(0) == at(None) == before


def test_of_the_lists_of_files_the_one_with_the_newer_runs_is_the_newer(tmp_path: Path) -> None:
    told = [
        RequiredReported(repo=REPO, names=(name,), fingerprint=name, first_run=RunId(run))
        for name, run in (("a", 500), ("b", 900), ("c", 100))
    ]
    with scene(tmp_path, told) as world, world.knowledge() as knowledge:
        found = required_versions(knowledge.db, REPO, 9)

    assert [(one.rules.fingerprint, one.first_run) for one in found] == [
        ("b", 900),
        ("a", 500),
        ("c", 100),
    ]
