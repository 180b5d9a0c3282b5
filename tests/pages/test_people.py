import json
import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any

from msgspec import structs

from chatops.config import Community, Owner, OwnerGroup
from chatops.events import Event
from chatops.pages.people import people_json, render_people
from tests.builders import CANCELLED, FAIL, PASS, RUNNING, SKIPPED, night
from tests.pulls import HOSTILE
from tests.rules import BROKEN, COMMUNITY, FLAKY, LISTS, ci, in_pulls, known, nights, version


def shown(
    folder: Path, *facts: Iterable[Event], community: Community = COMMUNITY
) -> tuple[str, dict[str, Any]]:
    with known(folder, [fact for some in facts for fact in some], community) as made:
        query: dict[str, str] = {}
        place = (made.knowledge, made.board, made.results, query)
        return render_people(*place), json.loads(people_json(*place))


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_it_says_first_how_much_somebody_looks_after(tmp_path: Path) -> None:
    page, _ = shown(tmp_path, LISTS, nights(), in_pulls())

    assert "4 groups look after 6 of 7 tests. Nobody looks after 2 of 5 required checks." in words(
        page
    )
    assert "Newest night: Sat 22 Aug" in words(page)


def test_a_group_leads_to_its_people_and_to_what_fails(tmp_path: Path) -> None:
    page, _ = shown(tmp_path, LISTS, nights(), in_pulls())

    assert '<a href="https://github.com/mona"><bdi>Mona</bdi></a>' in page
    assert f"<bdi>{BROKEN}</bdi></a>" in page
    assert 'href="tests/Nightly~~ci--fuel--test_(tank)"' in page
    assert "ask me" not in page


def test_what_the_mapping_gets_wrong_is_said(tmp_path: Path) -> None:
    page, _ = shown(tmp_path, LISTS, nights(), in_pulls())

    assert "Booster : booster means none of the 9 names that are known here" in words(page)
    assert "Aero : nobody is in it." in words(page)
    assert "Tests of several groups 1" in words(page)


def test_nothing_known_is_said(tmp_path: Path) -> None:
    page, told = shown(tmp_path)
    nobody, _ = shown(tmp_path / "nobody", community=structs.replace(COMMUNITY, maintainers=()))

    assert told["verdict"] == "4 groups are named; no night has been recorded yet."
    assert "Nothing was heard from GitHub yet." in page
    assert "Nobody is named for any test" in nobody


def test_everything_owned_is_said(tmp_path: Path) -> None:
    every = structs.replace(
        COMMUNITY, maintainers=(OwnerGroup(regex=".", group="All", owners=(Owner(github="m"),)),)
    )
    _, told = shown(tmp_path, [version(1, 1, (BROKEN,))], nights(), community=every)

    assert told["verdict"] == "1 group looks after 7 of 7 tests. Every required check has somebody."
    assert told["tests_without_owner"] == []


def test_a_page_and_its_twin_show_the_same(tmp_path: Path) -> None:
    page, told = shown(tmp_path, LISTS, nights(), in_pulls())

    assert told["verdict"] in page
    assert told["required_without_owner"] == ["Style / style", *ci(FLAKY)]
    assert told["matching_nothing"] == [{"group": "Booster", "regex": "booster"}]
    assert told["groups_without_people"] == ["Aero"]
    by_name = {one["group"]: one for one in told["groups"]}
    assert by_name["Propulsion"]["failing"] == [BROKEN]
    assert by_name["Aero"]["tests"] == 2
    for one in told["groups"]:
        assert f"<bdi>{one['group']}</bdi>" in page
        without = one["without_verdict"] + one["running_or_skipped"]
        assert one["passed"] + len(one["failing"]) + without == one["tests"]


def test_the_tests_of_a_group_add_up_while_a_night_runs(tmp_path: Path) -> None:
    tonight = {
        "a": RUNNING,
        "b": RUNNING,
        "c": CANCELLED,
        "d": SKIPPED,
        "e": PASS,
        "f": FAIL,
        "g": CANCELLED,
    }
    before = dict.fromkeys(tonight, PASS) | {"b": FAIL, "c": FAIL}
    every = structs.replace(
        COMMUNITY,
        maintainers=(OwnerGroup(regex=".", group="All of it", owners=(Owner(github="m"),)),),
    )
    page, told = shown(
        tmp_path, night(0, tonight, is_over=False), night(1, before), community=every
    )
    [group] = told["groups"]

    assert group["failing"] == ["b", "c", "f"]
    assert (
        group["tests"],
        group["passed"],
        group["without_verdict"],
        group["running_or_skipped"],
    ) == (7, 1, 1, 2)
    assert (
        'href="nightly?q=owner%3A%22All%20of%20it%22" aria-label="7 tests of All of it, night by night"'
        in page
    )


def test_text_from_outside_stays_text(tmp_path: Path) -> None:
    people = tuple(
        OwnerGroup(
            regex=re.escape(text[:5]), group=text, owners=(Owner(fullname=text, slack=text),)
        )
        for text in HOSTILE
    )
    facts = [
        version(1, 1, HOSTILE),
        *night(0, dict.fromkeys(HOSTILE, FAIL)),
        *night(1, dict.fromkeys(HOSTILE, PASS)),
    ]
    page, _ = shown(tmp_path, facts, community=structs.replace(COMMUNITY, maintainers=people))

    assert "<script>document" not in page
    assert "<b>bold" not in page
