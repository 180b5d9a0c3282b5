from collections.abc import Iterable
from pathlib import Path

from markupsafe import Markup

from chatops.answers.nights import night_board
from chatops.config import Community, OwnerGroup
from chatops.events import Event
from chatops.views.job_filters import facets_of
from chatops.views.night_asked import read_asked
from chatops.views.night_groups import Branch, branches
from chatops.views.night_traits import qualifiers, read_traits
from tests.builders import (
    CANCELLED,
    FAIL,
    MORNING,
    PASS,
    REPO,
    SCHEDULE,
    night,
    nights_database,
    required,
)

ACME = Community(
    key="acme",
    title="Acme",
    repositories=(REPO,),
    maintainers=(OwnerGroup(regex="launch", group="Crew", owners=()),),
    facets={"size": {"large": "big", "little": "small"}},
)
OLD = {"up / launch (big)": PASS, "up / launch (small)": FAIL, "up / land": FAIL, "up / fuel": PASS}
NEW = {"up / launch (big)": FAIL, "up / launch (small)": FAIL, "up / land": PASS, "up / fuel": CANCELLED}  # fmt: skip


def arranged(folder: Path, *facts: Iterable[Event], **query: str) -> list[Branch]:
    with nights_database(folder, [fact for some in facts for fact in some]) as db:
        board = night_board(db, [REPO], [SCHEDULE], now=MORNING)
    asked = read_asked(query, board.asked, qualifiers(ACME, ()), facets_of(ACME).names)
    return branches(board, asked, read_traits(board, ACME), {}, lambda _test: Markup())


def told(found: list[Branch]) -> dict[str, list[str]]:
    return {
        group.title: [row.test.name for part in group.parts for row in part.rows]
        for branch in found
        for group in branch.groups
    }


def test_what_somebody_should_look_at_comes_first(tmp_path: Path) -> None:
    found = told(arranged(tmp_path, night(1, OLD), night(0, NEW)))

    assert found == {
        "Newly failing": ["up / launch (big)"],
        "Still failing": ["up / launch (small)"],
        "No verdict": ["up / fuel"],
        "Fixed": ["up / land"],
    }


def test_what_is_required_comes_first_among_what_fails(tmp_path: Path) -> None:
    names = dict.fromkeys("abc", FAIL)

    found = told(arranged(tmp_path, night(0, names), required("CI / c")))

    assert found == {"Newly failing": ["c", "a", "b"]}


def test_people_and_what_names_tell_make_groups(tmp_path: Path) -> None:
    (tmp_path / "size").mkdir()
    by_people = told(arranged(tmp_path, night(0, OLD), g="owner"))
    by_size = told(arranged(tmp_path / "size", night(0, OLD), g="size", s="name"))

    assert list(by_people) == ["Crew", "Nobody’s"]
    assert by_size == {
        "large": ["up / launch (big)"],
        "little": ["up / launch (small)"],
        "other": ["up / fuel", "up / land"],
    }


def test_in_a_tree_what_names_do_not_tell_comes_last(tmp_path: Path) -> None:
    found = arranged(tmp_path, night(0, OLD), g="tree")

    assert [branch.title for branch in found] == ["little", "large", "other"]
    assert found[0].note == "1 of 1 test failing"


def test_rows_say_what_a_script_cannot_find_out(tmp_path: Path) -> None:
    [branch] = arranged(tmp_path, night(0, OLD), g="none", q="launch status:passed")

    rows = {row.test.name: row for group in branch.groups for row in group.parts[0].rows}
    assert {name for name, row in rows.items() if row.is_shown} == {"up / launch (big)"}
    assert {name for name, row in rows.items() if row.is_out} == {
        "up / launch (small)",
        "up / land",
    }


def test_what_somebody_shut_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    before = arranged(tmp_path, night(1, OLD), night(0, NEW))[0].groups
    key = before[1].key

    after = arranged(tmp_path / "again", night(1, OLD), night(0, NEW), shut=key)[0].groups

    assert [group.title for group in after] == [group.title for group in before]
    assert [group.is_open for group in after] == [True, False, True, True]
