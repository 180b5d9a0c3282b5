import json
import re
from collections.abc import Iterable, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from chatops.config import Community
from chatops.events import Event
from chatops.events.gate import PathRule
from chatops.pages.required import CANDIDATES_SHOWN, CHANGES_SHOWN, render_required, required_json
from tests.builders import FAIL, PASS, night
from tests.pulls import HOSTILE
from tests.rules import (
    AGAIN,
    BROKEN,
    COMMUNITY,
    FLAKY,
    GONE,
    GOOD,
    GOOD_BUT,
    LISTS,
    STEADY,
    ci,
    in_pulls,
    known,
    nights,
    version,
)

EVERY = (LISTS, nights(), in_pulls())


def shown(
    folder: Path,
    *facts: Iterable[Event],
    query: Mapping[str, str] | None = None,
    community: Community = COMMUNITY,
) -> tuple[str, dict[str, Any]]:
    with known(folder, [fact for some in facts for fact in some], community) as made:
        place = (made.knowledge, made.board, made.results, query or {})
        return render_required(*place), json.loads(required_json(*place))


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def names(told: dict[str, Any]) -> list[str]:
    return [one["name"] for one in told["checks"]]


def test_it_says_first_what_has_to_be_looked_at(tmp_path: Path) -> None:
    page, _ = shown(tmp_path, *EVERY)

    assert (
        "5 checks are required; 1 of the 3 in the nightly fails. No run produces 1, "
        "nobody looks after 2, 3 more could be required, 1 has been broken for too long."
    ) in words(page)


def test_without_a_list_it_says_where_one_comes_from(tmp_path: Path) -> None:
    page, told = shown(tmp_path, nights())

    assert told["verdict"] == "Nobody has told what is required here."
    assert "read once an hour" in words(page)


def test_a_list_of_nothing_but_names_is_shown(tmp_path: Path) -> None:
    _, told = shown(tmp_path, [version(1, 1, (STEADY,), always=())])

    assert told["verdict"] == "1 check is required."
    assert told["missing"] == []
    assert told["checks"][0]["state"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [*ci(BROKEN, FLAKY, STEADY, GONE), "Style / style"]),
        ({"s": "list"}, ["Style / style", *ci(STEADY, GONE, FLAKY, BROKEN)]),
        ({"s": "name"}, [*ci(STEADY, GONE, BROKEN, FLAKY), "Style / style"]),
        ({"s": "reruns"}, [*ci(FLAKY, STEADY, GONE, BROKEN), "Style / style"]),
        ({"set": "always"}, ["Style / style"]),
        ({"set": "test", "q": "ENGINE big"}, [*ci(STEADY)]),
        ({"unowned": "1"}, [*ci(FLAKY), "Style / style"]),
        ({"q": "nothing of this"}, []),
        ({"q": "owner:none"}, [*ci(FLAKY), "Style / style"]),
        ({"q": "status:failed"}, [*ci(BROKEN)]),
    ],
)
def test_it_is_filtered_and_sorted_by_what_the_address_says(
    tmp_path: Path, query: dict[str, str], found: list[str]
) -> None:
    page, told = shown(tmp_path, *EVERY, query=query)

    assert names(told) == found
    assert f"{len(found)} of 5" in words(page)


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ({"q": "onwer:odd"}, "did you mean “owner:”?"),
        ({"set": "odd"}, "“odd” is no set of the list"),
        ({"s": "odd"}, "“odd” is no order"),
    ],
)
def test_what_an_address_cannot_mean_is_left_out_and_said(
    tmp_path: Path, query: dict[str, str], note: str
) -> None:
    page, told = shown(tmp_path, *EVERY, query=query)

    assert len(told["checks"]) == 5
    assert note in words(page)


def test_a_check_that_nothing_produces_says_why_we_think_so(tmp_path: Path) -> None:
    page, told = shown(tmp_path, *EVERY)

    assert "4 runs of “CI” on pull requests had no such job. No run that is known ever had it." in (
        words(page)
    )
    assert told["missing"][0]["begin_alike"] == [*ci(STEADY)]


def test_the_evidence_is_text_to_copy(tmp_path: Path) -> None:
    _, told = shown(tmp_path, *EVERY)
    by_name = {one["name"]: one["evidence"] for one in told["candidates"]}

    assert by_name[GOOD] == (
        f"**Require `{GOOD}`**\n\n"
        "- Nights: passed at the first attempt in 11 nights in a row, Tue 11 Aug to Sat 22 Aug; "
        "1 night among them without a verdict; the rule asks for 10.\n"
        "- All nights that count: failed in 0 of 11 (truly 0 to 26 %).\n"
        "- Pull requests of the last 30 days: failed in 0 of 4 runs.\n"
        "- Maintainers: `Ground`.\n"
        "- It usually takes 20 min.\n"
        "- Source: https://ci.example/acme/tests/Nightly~~ci--landing--test_(legs)\n\n"
        "As of 22 Aug 2026, 08:00 UTC."
    )
    assert "It was required until 23 Jul 2026." in by_name[AGAIN]
    assert "failed in 4 of 4 runs" in by_name[GOOD_BUT]


def test_a_check_that_is_broken_for_too_long_has_its_evidence(tmp_path: Path) -> None:
    page, told = shown(tmp_path, *EVERY)
    (broken,) = told["broken"]

    assert "by the rule it should have left the list on 20 Aug 2026, 01:30 UTC" in words(page)
    assert broken["evidence"].startswith(f"**Do not require `CI / {BROKEN}`**")
    assert "failed in 4 nights in a row, since Wed 19 Aug" in broken["evidence"]


def test_how_the_list_changed_is_told_newest_first(tmp_path: Path) -> None:
    page, told = shown(tmp_path, *EVERY)

    assert [(one["added"], one["removed"]) for one in told["history"]] == [
        ([*ci(BROKEN)], [*ci(AGAIN)]),
        ([*ci(FLAKY)], []),
        ([], []),
    ]
    assert told["history"][-1]["is_first"]
    assert told["history"][1]["path_rules_added"] == ["^docs/"]
    assert "4 names, seen for the first time" in words(page)


def test_only_some_candidates_are_spread_out_and_all_are_counted(tmp_path: Path) -> None:
    many = {f"suite / test {number}": PASS for number in range(CANDIDATES_SHOWN + 3)}
    facts = [fact for ago in range(10) for fact in night(ago, many)]
    page, told = shown(tmp_path, [version(1, 1, (STEADY,))], facts)

    assert told["could_be_required"] == len(told["candidates"]) == CANDIDATES_SHOWN + 3
    assert "and 3 more" in words(page)


def test_of_many_changes_the_newest_are_spread_out_and_programs_are_told_all(
    tmp_path: Path,
) -> None:
    versions = [version(day, day, (f"check {day}",)) for day in range(1, CHANGES_SHOWN + 3)]
    page, told = shown(tmp_path, versions, [])

    assert len(told["history"]) == CHANGES_SHOWN + 2
    assert "and 2 more" in words(page)


def test_a_page_and_its_twin_show_the_same(tmp_path: Path) -> None:
    page, told = shown(tmp_path, *EVERY)

    assert told["verdict"] in page
    for one in told["checks"]:
        leaf = one["name"].rpartition(" / ")[2]
        assert f"<bdi>{leaf}</bdi>" in page
        if one["recent_counted"]:
            assert f"{one['recent_passed']} of {one['recent_counted']}" in page
    for one in (*told["candidates"], *told["broken"]):
        assert one["evidence"] in unescape(page)
    for one in told["missing"]:
        assert one["name"] in unescape(page)


def test_text_from_outside_stays_text(tmp_path: Path) -> None:
    rules = [
        version(1, 9, HOSTILE),
        version(
            2, 1, HOSTILE[:1], always=HOSTILE[1:], paths=(PathRule(pattern=HOSTILE[0], sets=HOSTILE),),
            origin=HOSTILE[0], patterns=HOSTILE,
        ),
    ]  # fmt: skip
    facts = [
        fact
        for ago in range(11)
        for fact in night(ago, {**dict.fromkeys(HOSTILE, PASS), f"{HOSTILE[4]}`": FAIL})
    ]
    query = {"q": HOSTILE[0], "set": HOSTILE[4], "s": HOSTILE[1]}
    page, _ = shown(tmp_path, rules, facts, in_pulls(), query=query)
    every, told = shown(tmp_path / "every", rules[:1], facts, in_pulls())

    assert "<script>document" not in page + every
    assert "<b>bold" not in page + every
    assert len(told["checks"]) == len(HOSTILE) + 1


def test_several_repositories_are_told_apart(tmp_path: Path) -> None:
    other = structs.replace(version(1, 1, (STEADY,)), repo="acme/pad")
    both = structs.replace(COMMUNITY, repositories=(*COMMUNITY.repositories, "acme/pad"))
    page, told = shown(tmp_path, [*LISTS, other], community=both)

    assert [one["repository"] for one in told["lists"]] == ["acme/rocket", "acme/pad"]
    assert "List of acme/pad" in words(page)
